import { randomUUID } from 'node:crypto'
import { appendFile, open } from 'node:fs/promises'
import {
  type Retained,
  StoreUnavailableError,
  type SwapResult,
  type Versioned,
  type VersionedDriver,
} from '@device-grant/core'
import { applyAttempt, parseAttempt, type WriteAttempt } from './write-attempt.ts'

/**
 * Keeps states in one file, which any number of processes of one machine may share. Every attempt to
 * write is appended. The order in the file decides which attempts count, and so compares and swaps.
 */
export class FileDriver<S extends Retained> implements VersionedDriver<S> {
  readonly #path: string
  readonly #states = new Map<string, Versioned<S>>()
  /** Attempts of this driver that it has not read back yet, and whether they count. */
  readonly #pending = new Map<string, boolean>()
  #offset = 0
  #file = 0
  #reading: Promise<void> = Promise.resolve()

  constructor(path: string) {
    this.#path = path
  }

  async read(id: string): Promise<Versioned<S> | undefined> {
    await this.#catchUp()
    return this.#states.get(id)
  }

  /** Returns every state of the file with its id. */
  async all(): Promise<readonly (readonly [string, Versioned<S>])[]> {
    await this.#catchUp()
    return [...this.#states]
  }

  async swap(
    id: string,
    expected: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    const attempt: WriteAttempt<S> = { mark: randomUUID(), id, expected: expected?.version, next }
    this.#pending.set(attempt.mark, false)
    try {
      // The line break at the start ends a line that a crash cut off.
      await available(appendFile(this.#path, `\n${JSON.stringify(attempt)}\n`))
      await this.#catchUp()
      return this.#pending.get(attempt.mark)
        ? { written: true }
        : { written: false, found: this.#states.get(id) }
    } finally {
      this.#pending.delete(attempt.mark)
    }
  }

  /** Reads what was appended since the last time. Readers take turns. */
  #catchUp(): Promise<void> {
    const done = this.#reading.then(() => available(this.#readOn()))
    this.#reading = done.catch(() => {})
    return done
  }

  async #readOn(): Promise<void> {
    const file = await open(this.#path, 'a+')
    try {
      const { ino, size } = await file.stat()
      if (ino !== this.#file || size < this.#offset) this.#startAgain(ino)
      const { buffer } = await file.read(Buffer.alloc(size - this.#offset), {
        position: this.#offset,
      })
      const whole = buffer.subarray(0, buffer.lastIndexOf('\n') + 1)
      this.#offset += whole.length
      for (const line of whole.toString('utf8').split('\n')) {
        const attempt = parseAttempt<S>(line)
        if (!attempt || !applyAttempt(this.#states, attempt)) continue
        if (this.#pending.has(attempt.mark)) this.#pending.set(attempt.mark, true)
      }
    } finally {
      await file.close()
    }
  }

  /** The file was replaced by another one, because it was compacted. */
  #startAgain(ino: number): void {
    this.#file = ino
    this.#offset = 0
    this.#states.clear()
  }
}

/** Makes every error of the disk the one that the use cases know. */
const available = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work
  } catch (cause) {
    throw new StoreUnavailableError('The file cannot be used', { cause })
  }
}
