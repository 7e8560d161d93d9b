import { createHash } from 'node:crypto'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { isCutOffState, isMovableKey, type MovedState } from '@device-grant/core'

/** The version of the files that this program writes and reads. */
const VERSION = 1
const FORMAT = 'device-grant keys'

/** Thrown when a file of keys cannot be written or read. It names the line, and quotes nothing of it. */
export class KeysFileError extends Error {
  override readonly name = 'KeysFileError'
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code)

/** Characters that are written at once. */
const CHUNK = 65_536

/**
 * Creates a file of keys that only its owner may read. Each line is a JSON object: a head with the version,
 * then the states, then an end with their number and the SHA-256 of all lines before it.
 * @param fill writes every state
 * @throws {KeysFileError} if there is such a file, or it cannot be written; a part of it does not stay
 */
export const writeKeysFile = async <R>(
  path: string,
  fill: (write: (moved: MovedState) => Promise<void>) => Promise<R>,
): Promise<R> => {
  const file = await create(path)
  try {
    const lines = new LineWriter(file)
    await lines.write({ format: FORMAT, version: VERSION })
    const result = await fill(({ type, id, state }) => lines.write({ [type]: id, state }))
    await lines.end()
    await file.sync()
    return result
  } catch (error) {
    await rm(path, { force: true })
    throw isFileError(error)
      ? new KeysFileError(`The file cannot be written: ${codeOf(error)}`)
      : error
  } finally {
    await file.close()
  }
}

const create = async (path: string): Promise<FileHandle> => {
  try {
    return await open(path, 'wx', 0o600)
  } catch (error) {
    const code = codeOf(error)
    throw new KeysFileError(
      code === 'EEXIST' ? 'The file exists already' : `The file cannot be created: ${code}`,
    )
  }
}

/** An error of the file system. Stores have errors of their own. */
const isFileError = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && 'code' in error

class LineWriter {
  readonly #file: FileHandle
  readonly #hash = createHash('sha256')
  #text = ''
  #states = -1

  constructor(file: FileHandle) {
    this.#file = file
  }

  async write(line: object): Promise<void> {
    this.#text += `${JSON.stringify(line)}\n`
    this.#states += 1
    if (this.#text.length >= CHUNK) await this.#flush()
  }

  async end(): Promise<void> {
    await this.#flush()
    const end = { states: this.#states, sha256: this.#hash.copy().digest('base64url') }
    await this.write({ end })
    await this.#flush()
  }

  async #flush(): Promise<void> {
    this.#hash.update(this.#text)
    await this.#file.writeFile(this.#text)
    this.#text = ''
  }
}

/**
 * Reads a file of keys, after it has read the whole file once and found no mistake in it.
 * @param use gets some states at a time; it is called once the file is checked
 * @throws {KeysFileError} if the file is damaged, incomplete or of a newer version; `use` was not called
 */
export const readKeysFile = async <R>(
  path: string,
  use: (batches: AsyncIterable<readonly MovedState[]>) => Promise<R>,
): Promise<R> => {
  const file = await openRegular(path)
  try {
    for await (const _ of statesIn(file));
    return await use(batchesIn(file))
  } finally {
    await file.close()
  }
}

const BATCH = 100

async function* batchesIn(file: FileHandle): AsyncGenerator<readonly MovedState[]> {
  let batch: MovedState[] = []
  for await (const moved of statesIn(file)) {
    batch.push(moved)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  yield batch
}

const openRegular = async (path: string): Promise<FileHandle> => {
  const file = await open(path, 'r').catch((error: unknown) => {
    throw new KeysFileError(`The file cannot be read: ${codeOf(error)}`)
  })
  if ((await file.stat()).isFile()) return file
  await file.close()
  // It is read twice.
  throw new KeysFileError('The file is no regular file')
}

/** The states of a file, which is at its end by then. */
async function* statesIn(file: FileHandle): AsyncGenerator<MovedState> {
  const hash = createHash('sha256')
  let number = 0
  let isEnded = false
  for await (const line of linesOf(file)) {
    number += 1
    const refuse = (what: string): never => {
      throw new KeysFileError(`Line ${number}: ${what}`)
    }
    if (isEnded) refuse('the file goes on after its end')
    const members = membersIn(line) ?? refuse('this is no JSON object')
    if (number === 1) checkHead(members, refuse)
    else if ('end' in members) {
      const expected = { states: number - 2, sha256: hash.copy().digest('base64url') }
      const { states, sha256 } = Object(members['end'])
      if (states !== expected.states || sha256 !== expected.sha256) {
        refuse('the checksum is another one, so the file was changed or damaged')
      }
      isEnded = true
    } else yield stateIn(members) ?? refuse('this is no state that can be imported')
    hash.update(line).update('\n')
  }
  if (!isEnded) {
    throw new KeysFileError(`Line ${number + 1}: the file ends too early, so it is incomplete`)
  }
}

/** Bytes, because a decoder would repair damaged text. */
async function* linesOf(file: FileHandle): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0)
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false })) {
    let text = Buffer.concat([rest, chunk as Buffer])
    for (let end = text.indexOf(10); end >= 0; end = text.indexOf(10)) {
      yield text.subarray(0, end)
      text = text.subarray(end + 1)
    }
    rest = text
  }
  if (rest.length > 0) yield rest
}

type Members = Readonly<Record<string, unknown>>

const membersIn = (line: Buffer): Members | undefined => {
  try {
    const value: unknown = JSON.parse(line.toString())
    return value instanceof Object && !Array.isArray(value) ? (value as Members) : undefined
  } catch {
    // Without the message of the parser, which quotes the line.
    return undefined
  }
}

const checkHead = ({ format, version }: Members, refuse: (what: string) => never): void => {
  if (format !== FORMAT) refuse('this is no file of keys')
  if (version !== VERSION) {
    refuse(`the version is not ${VERSION}, so a newer version of this program must read the file`)
  }
}

const KEY_ID = /^[0-9A-Za-z]{22}$/
const CUT_OFF_ID = /^[\w-]{43}$/

const stateIn = ({ key, cut_off: cutOff, state }: Members): MovedState | undefined => {
  if (typeof key === 'string' && KEY_ID.test(key) && isMovableKey(state)) {
    return { type: 'key', id: key, state }
  }
  if (typeof cutOff === 'string' && CUT_OFF_ID.test(cutOff) && isCutOffState(state)) {
    return { type: 'cut_off', id: cutOff, state }
  }
  return undefined
}
