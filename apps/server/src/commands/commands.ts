import { adminToken } from '../admin/admin-token.ts'
import { clientSecret } from '../clients/client-secret-command.ts'
import { backup } from '../data-folder/backup.ts'
import { keysExport, keysImport } from '../move-keys/move-keys-commands.ts'
import { secretPattern } from '../secret-scanning/secret-pattern.ts'
import { check } from './check.ts'
import type { Command } from './command.ts'
import { keysErase, keysList, keysRevoke, keysShow } from './keys.ts'

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
]

/** The part of `--help` about commands. */
export const commandsHelp = (): string => {
  const rows = COMMANDS.map(
    ({ name, flags, meaning }) => `  device-grant ${`${name} ${flags}`.trim()}\n      ${meaning}\n`,
  )
  return `
Commands use the same variables, and start no server:

${rows.join('')}
--key reads a whole API key from standard input, and never prints it. --json prints JSON.

Exit status: 0 done, 1 a store or another server failed, 2 wrong flags or settings, 3 no such key.
`
}
