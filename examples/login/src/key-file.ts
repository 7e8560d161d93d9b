import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

/** Where the keys are kept: `KEY_FILE`, else a file in the person's configuration folder. */
export const KEY_FILE: string =
  process.env['KEY_FILE'] ??
  join(
    process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'),
    'device-grant-example',
    'keys.json',
  )

/** The API keys by the base URL of their server. */
type Keys = Readonly<Record<string, string>>

const readKeys = async (): Promise<Keys> => {
  try {
    return JSON.parse(await readFile(KEY_FILE, 'utf8')) as Keys
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

const writeKeys = async (keys: Keys): Promise<void> => {
  if (Object.keys(keys).length === 0) return rm(KEY_FILE, { force: true })
  await mkdir(dirname(KEY_FILE), { recursive: true, mode: 0o700 })
  // Other people on this machine must not read it.
  await writeFile(KEY_FILE, JSON.stringify(keys), { mode: 0o600 })
}

/** The key of a server, if this machine is logged in there. */
export const readKey = async (base: URL): Promise<string | undefined> =>
  (await readKeys())[base.href]

/** Keeps the key of a server. */
export const keepKey = async (base: URL, apiKey: string): Promise<void> =>
  writeKeys({ ...(await readKeys()), [base.href]: apiKey })

/** Forgets the key of a server. */
export const forgetKey = async (base: URL): Promise<void> => {
  const { [base.href]: _, ...others } = await readKeys()
  await writeKeys(others)
}
