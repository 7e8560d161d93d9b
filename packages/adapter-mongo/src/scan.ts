import type { Retained, StoredState } from '@device-grant/core'
import type { Collection } from 'mongodb'
import { command } from './command.ts'
import { type StateDocument, toVersioned } from './document.ts'

const BATCH = 200

/**
 * Reads all states in the order of their ids. Each batch is a command of its own, so that a scan has no
 * cursor that a server could lose.
 */
export async function* scan<S extends Retained>(
  documents: Collection<StateDocument>,
  timeoutMs: number,
): AsyncGenerator<StoredState<S>> {
  let after: string | undefined
  do {
    const filter = after === undefined ? {} : { _id: { $gt: after } }
    const batch = await command(documents.db.client, timeoutMs, () =>
      documents.find(filter).sort({ _id: 1 }).limit(BATCH).toArray(),
    )
    for (const document of batch) {
      yield { id: document._id, state: toVersioned<S>(document).state }
    }
    after = batch.length < BATCH ? undefined : batch.at(-1)?._id
  } while (after !== undefined)
}
