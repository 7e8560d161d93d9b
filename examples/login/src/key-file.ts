import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where the keys are kept: `KEY_FOLDER`, else a folder in the person's configuration folder. */
export const KEY_FOLDER: string =
  process.env['KEY_FOLDER'] ??
  join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'device-grant-example')

/** Each server has a file of its own, so that logins at several servers do not meet. */
const fileOf = (base: URL): string =>
  join(KEY_FOLDER, `${createHash('sha256').update(base.href).digest('hex')}.key`)

/** The key of a server, if this machine is logged in there. */
export const readKey = async (base: URL): Promise<string | undefined> => {
  try {
    return await readFile(fileOf(base), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Keeps the key of a server. A new file is renamed, so that no reader gets half a key, and the mode of
 * an older file does not matter.
 */
export const keepKey = async (base: URL, apiKey: string): Promise<void> => {
  await mkdir(KEY_FOLDER, { recursive: true, mode: 0o700 })
  const file = fileOf(base)
  const temporary = `${file}.${randomUUID()}`
  try {
    // Other people on this machine must not read it.
    await writeFile(temporary, apiKey, { mode: 0o600, flag: 'wx' })
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Forgets the key of a server. */
export const forgetKey = (base: URL): Promise<void> => rm(fileOf(base), { force: true })
