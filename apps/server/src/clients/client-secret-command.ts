import { type Command, EXIT } from '../commands/command.ts'
import { readFlags } from '../commands/read-flags.ts'
import { newClientSecret } from './client-secret.ts'

/** Makes a secret for a client of `CLIENTS_FILE`. */
export const clientSecret: Command = {
  name: 'client-secret',
  flags: '',
  meaning: 'makes a secret for a client in CLIENTS_FILE, and prints it with its hash',
  run: async (args, io) => {
    readFlags(args, {})
    io.out(newClientSecret())
    return EXIT.done
  },
}
