import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { Variables } from './terminal.ts'

/** Where the keys are kept: `KEY_FOLDER`, else a folder of that name in the person's configuration folder. */
export const keyFolder = (
  { KEY_FOLDER, XDG_CONFIG_HOME = '', APPDATA }: Variables,
  name: string,
  platform: NodeJS.Platform = process.platform,
): string => {
  if (KEY_FOLDER) return KEY_FOLDER
  // The specification says that a relative path is ignored.
  if (isAbsolute(XDG_CONFIG_HOME)) return join(XDG_CONFIG_HOME, name)
  if (platform === 'win32') return join(APPDATA ?? join(homedir(), 'AppData/Roaming'), name)
  return join(homedir(), platform === 'darwin' ? 'Library/Application Support' : '.config', name)
}

/** The key of this machine at one issuer. */
export interface KeyFile {
  /** The key, if this machine is logged in there. */
  read(): Promise<string | undefined>
  /** Keeps a key. A new file is renamed, so that no reader gets half a key or the mode of an older file. */
  keep(apiKey: string): Promise<void>
  forget(): Promise<void>
}

/** Each issuer has a file of its own in the folder, so that logins at several issuers do not meet. */
export const openKeyFile = (folder: string, issuer: URL): KeyFile => {
  const name = createHash('sha256').update(issuer.href).digest('hex')
  const file = join(folder, `${name}.json`)
  return {
    read: async () => {
      try {
        return JSON.parse(await readFile(file, 'utf8')).api_key
      } catch (error) {
        const { code = 'it is not JSON' } = error as NodeJS.ErrnoException
        if (code === 'ENOENT') return undefined
        // The error of JSON.parse has the first characters of the text, so it is not the cause.
        throw new Error(`The key in ${file} cannot be read: ${code}`)
      }
    },
    keep: async (apiKey) => {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const temporary = `${file}.${randomUUID()}`
      const text = JSON.stringify({ issuer: issuer.href, api_key: apiKey })
      try {
        // Other people on this machine must not read it.
        await writeFile(temporary, text, { mode: 0o600, flag: 'wx' })
        await rename(temporary, file)
      } catch (error) {
        await rm(temporary, { force: true })
        throw error
      }
    },
    forget: () => rm(file, { force: true }),
  }
}
