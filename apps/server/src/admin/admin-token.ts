import { randomBytes } from 'node:crypto'
import { type Command, EXIT } from '../commands/command.ts'
import { readFlags } from '../commands/read-flags.ts'
import { adminTokenHash } from './read-admin-tokens.ts'

/** Makes a token of 256 random bits for `ADMIN_TOKENS_FILE`. */
export const adminToken: Command = {
  name: 'admin-token',
  flags: '',
  meaning: 'makes a token for ADMIN_TOKENS_FILE, and prints it with its hash',
  run: async (args, io) => {
    readFlags(args, {})
    const token = `dga_${randomBytes(32).toString('base64url')}`
    io.out(`\
${token}
sha256:${adminTokenHash(token)}
Give the first line to the operator, and put the second into ADMIN_TOKENS_FILE:
{"tokens": [{"name": "support", "hash": "sha256:${adminTokenHash(token)}"}]}
`)
    return EXIT.done
  },
}
