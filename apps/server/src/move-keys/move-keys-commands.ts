import {
  exportKeys,
  importMovedState,
  type MovedState,
  type MovedStateImport,
} from '@device-grant/core'
import { type Command, EXIT } from '../commands/command.ts'
import { readFlags } from '../commands/read-flags.ts'
import { readPath } from '../commands/read-path.ts'
import { withKeyStores } from '../commands/with-key-stores.ts'
import { readKeysFile, writeKeysFile } from './keys-file.ts'

/** Writes the keys of a store into a file. */
export const keysExport: Command = {
  name: 'keys export',
  flags: 'FILE [--json]',
  meaning: 'writes used and revoked API keys into a new file, to import them into another store',
  run: async (args, io) => {
    const { path, json } = readFileFlags(args)
    const { keys, cutOffs, left } = await withKeyStores(io, (stores) =>
      writeKeysFile(path, (write) => exportKeys({ ...stores, clock: { now: Date.now } }, write)),
    )
    if (json) {
      io.out(`${JSON.stringify({ exported: { ...keys, cut_offs: cutOffs }, left })}\n`)
      return EXIT.done
    }
    io.out(`Exported keys: ${listOf(keys)}. Cut-offs: ${cutOffs}\n`)
    if (Object.keys(left).length > 0) {
      io.err(`Left behind: ${listOf(left)}. Their devices must log in again\n`)
    }
    return EXIT.done
  },
}

/** Reads the keys of a file into a store. */
export const keysImport: Command = {
  name: 'keys import',
  flags: 'FILE [--json]',
  meaning: 'adds the API keys of such a file; of a key that is there, only a revocation counts',
  run: async (args, io) => {
    const { path, json } = readFileFlags(args)
    const counts: Record<MovedStateImport, number> = {
      imported: 0,
      ended: 0,
      kept: 0,
      forgotten: 0,
    }
    const importAll = (batches: AsyncIterable<readonly MovedState[]>): Promise<string> =>
      withKeyStores(
        io,
        async (stores, place) => {
          const ports = { ...stores, clock: { now: Date.now } }
          for await (const states of batches) {
            const imports = states.map((moved) => importMovedState(ports, moved))
            for (const result of await Promise.all(imports)) counts[result] += 1
          }
          return place
        },
        'new',
      )
    const place = await readKeysFile(path, importAll)
    io.out(json ? `${JSON.stringify(counts)}\n` : `Keys and cut-offs: ${listOf(counts)}\n`)
    io.err(`Imported into ${place}\n`)
    return EXIT.done
  },
}

const listOf = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')

const readFileFlags = (args: readonly string[]) => {
  const { path, rest } = readPath(args, 'file')
  return { path, ...readFlags(rest, { json: 'switch' }) }
}
