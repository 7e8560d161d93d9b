import { randomUUID } from 'node:crypto'
import { appendFile, open, readFile, rename, writeFile } from 'node:fs/promises'
import {
  type Retained,
  StoreUnavailableError,
  type SwapResult,
  type Versioned,
  type VersionedDriver,
} from '@device-grant/core'

/** One attempt to write. It counts only if the cell has the version `expected` at this place of the file. */
interface Attempt<S> {
  readonly mark: string
  readonly id: string
  readonly expected?: string
  readonly next?: Versioned<S>
}

/**
 * VersionedDriver in one file, shared by any number of processes of one machine. Every attempt to write is
 * appended, and the order in the file decides which of them count: that is the compare and swap.
 */
export class FileDriver<S extends Retained> implements VersionedDriver<S> {
  readonly #path: string
  readonly #cells = new Map<string, Versioned<S>>()
  /** Our attempts whose place in the file is not read yet, and whether they count. */
  readonly #own = new Map<string, boolean>()
  #offset = 0
  #file = 0
  #reading: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  async read(id: string): Promise<Versioned<S> | undefined> {
    await this.#catchUp()
    return this.#cells.get(id)
  }

  /** Every cell of the file, with its id. */
  async all(): Promise<readonly (readonly [string, Versioned<S>])[]> {
    await this.#catchUp()
    return [...this.#cells]
  }

  async swap(
    id: string,
    expected: string | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    const attempt: Attempt<S> = {
      mark: randomUUID(),
      id,
      ...(expected === undefined ? {} : { expected }),
      ...(next === undefined ? {} : { next }),
    }
    // The line break comes first too: it ends a line that a crash has cut off.
    this.#own.set(attempt.mark, false)
    try {
      await available(appendFile(this.#path, `\n${JSON.stringify(attempt)}\n`))
      await this.#catchUp()
      return this.#own.get(attempt.mark)
        ? { written: true }
        : { written: false, found: this.#cells.get(id) }
    } finally {
      this.#own.delete(attempt.mark)
    }
  }

  /** Reads what was appended since the last time, one reader after the other. */
  #catchUp(): Promise<void> {
    const done = this.#reading.then(() => available(this.#readOn()))
    this.#reading = done.catch(() => {})
    return done
  }

  async #readOn(): Promise<void> {
    const file = await open(this.#path, 'a+')
    try {
      const { ino, size } = await file.stat()
      if (ino !== this.#file || size < this.#offset) this.#startAnew(ino)
      const { buffer } = await file.read(Buffer.alloc(size - this.#offset), {
        position: this.#offset,
      })
      const whole = buffer.subarray(0, buffer.lastIndexOf('\n') + 1)
      this.#offset += whole.length
      for (const line of whole.toString('utf8').split('\n')) this.#apply(parse<S>(line))
    } finally {
      await file.close()
    }
  }

  /** Another file has taken the place of the one that was read: it was compacted. */
  #startAnew(ino: number): void {
    this.#file = ino
    this.#offset = 0
    this.#cells.clear()
  }

  #apply(attempt: Attempt<S> | undefined): void {
    if (!attempt || this.#cells.get(attempt.id)?.version !== attempt.expected) return
    if (attempt.next) this.#cells.set(attempt.id, attempt.next)
    else this.#cells.delete(attempt.id)
    if (this.#own.has(attempt.mark)) this.#own.set(attempt.mark, true)
  }
}

const parse = <S>(line: string): Attempt<S> | undefined => {
  try {
    return line === '' ? undefined : (JSON.parse(line) as Attempt<S>)
  } catch {
    return undefined
  }
}

/** Every fault of the disk is the one that the use cases know. */
const available = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work
  } catch (cause) {
    throw new StoreUnavailableError('The file cannot be used', { cause })
  }
}

/**
 * Forgets what may be forgotten: a file with only the cells that are to be kept takes the old one's
 * place. While no process uses it: what is written in between is lost.
 */
export const compact = async (path: string, now: number): Promise<void> => {
  const cells = new Map<string, Versioned<Retained>>()
  for (const line of (await readFile(path, 'utf8')).split('\n')) {
    const attempt = parse<Retained>(line)
    if (!attempt || cells.get(attempt.id)?.version !== attempt.expected) continue
    if (attempt.next) cells.set(attempt.id, attempt.next)
    else cells.delete(attempt.id)
  }
  const kept = [...cells].filter(([, { state }]) => state.keepUntil > now)
  const lines = kept.map(([id, next]) => JSON.stringify({ mark: randomUUID(), id, next }))
  await writeFile(`${path}.new`, `${lines.join('\n')}\n`)
  await rename(`${path}.new`, path)
}
