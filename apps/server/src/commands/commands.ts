import { adminToken } from '../admin/admin-token.ts'
import { clientSecret } from '../clients/client-secret-command.ts'
import { backup } from '../data-folder/backup.ts'
import { keysExport, keysImport } from '../move-keys/move-keys-commands.ts'
import { secretPattern } from '../secret-scanning/secret-pattern.ts'
import { check } from './check.ts'
import type { Command } from './command.ts'
import { keysErase, keysList, keysRevoke, keysShow } from './keys.ts'
import { login, logout, whoami } from './login.ts'

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [
  keysList,
  keysShow,
  keysRevoke,
  keysErase,
  keysExport,
  keysImport,
  backup,
  check,
  clientSecret,
  adminToken,
  secretPattern,
  login,
  whoami,
  logout,
]

/** The part of `--help` about commands. */
export const commandsHelp = (): string => {
  const rows = COMMANDS.map(
    ({ name, flags, meaning }) => `  device-grant ${`${name} ${flags}`.trim()}\n      ${meaning}\n`,
  )
  return `
Commands start no server. They use the same variables, except login, whoami and logout:

${rows.join('')}
--key reads a whole API key from standard input, and never prints it. --json prints JSON.
login, whoami and logout use BASE_URL instead of URL, KEY_FOLDER for the key, and REQUEST_TIMEOUT.

Exit status: 0 done, 1 a store or another server failed, 2 wrong flags or settings, 3 no such key.
`
}
