import { randomBytes } from 'node:crypto'
import { link, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError } from '../config.ts'

/** The file of the session secret in the folder of the data. */
export const SESSION_SECRET_FILE = 'session-secret'

const MIN_LENGTH = 32

/**
 * Returns the secret that the folder keeps, and makes a random one if there is none. Processes that start
 * at once get the same one.
 * @throws {ConfigError} if it cannot be read or written, or is damaged
 */
export const keptSessionSecret = (folder: string): Promise<string> =>
  checked(folder, async (path) => (await read(path)) ?? (await create(path)))

/**
 * Returns the secret that the folder keeps, or `undefined`.
 * @throws {ConfigError} if it cannot be read, or is damaged
 */
export const readSessionSecret = (folder: string): Promise<string | undefined> =>
  checked(folder, read)

const checked = async <S extends string | undefined>(
  folder: string,
  find: (path: string) => Promise<S>,
): Promise<S> => {
  const path = join(folder, SESSION_SECRET_FILE)
  try {
    const secret = await find(path)
    if (secret === undefined || secret.length >= MIN_LENGTH) return secret
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    throw new ConfigError([`DATA_DIR: ${path} cannot be used: ${code}`])
  }
  throw new ConfigError([
    `DATA_DIR: ${path} is damaged. Remove it, and a new one signs out all people`,
  ])
}

const read = async (path: string): Promise<string | undefined> => {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}

/** A file gets its name when it is complete, so that a process that is killed leaves no part of a secret. */
const create = async (path: string): Promise<string> => {
  const secret = randomBytes(32).toString('base64url')
  const temporary = `${path}.${randomBytes(6).toString('hex')}`
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${secret}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    // Unlike a rename, a link fails if another process was first.
    await link(temporary, path)
    return secret
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return (await read(path)) ?? ''
  } finally {
    await rm(temporary, { force: true })
  }
}
