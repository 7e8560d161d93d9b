import type { Db } from 'mongodb'
import { command } from './command.ts'

/**
 * Resolves when the primary answers.
 * @param timeoutMs how long it may take, in milliseconds
 * @throws {StoreUnavailableError} if it did not answer in time
 */
export const ping = async (db: Db, timeoutMs: number): Promise<void> => {
  await command(db.client, timeoutMs, () => db.command({ ping: 1 }, { readPreference: 'primary' }))
}
