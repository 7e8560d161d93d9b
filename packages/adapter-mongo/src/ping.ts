import type { Db } from 'mongodb'
import { command } from './command.ts'

/**
 * Asks the primary whether it is there.
 * @param timeoutMs how long to wait for its answer
 * @throws {StoreUnavailableError} it is not, or not in time
 */
export const ping = async (db: Db, timeoutMs: number): Promise<void> => {
  await command(db.client, timeoutMs, () => db.command({ ping: 1 }, { readPreference: 'primary' }))
}
