import { StoreUnavailableError } from '@device-grant/core'
import type { Db, IndexDescription } from 'mongodb'
import { type ApiKeyCollection, apiKeyCollection } from './api-key-collection.ts'
import { command } from './command.ts'

/** Which collection gets the indexes, and how long that may take. */
export interface EnsureIndexesOptions extends ApiKeyCollection {
  /**
   * How long it may take, in milliseconds, above 0.
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined
}

/** Thrown when an existing index or document conflicts with an index that the store needs. */
export class IndexConflictError extends Error {
  override readonly name = 'IndexConflictError'
}

const INDEXES: IndexDescription[] = [
  {
    key: { secretHash: 1 },
    name: 'secretHash_1',
    unique: true,
    // A reserved key has no secret yet. `$exists` lets a look-up use the index.
    partialFilterExpression: { secretHash: { $exists: true } },
  },
  { key: { owner: 1 }, name: 'owner_1' },
  { key: { keepUntil: 1 }, name: 'keepUntil_1', expireAfterSeconds: 0 },
]

/**
 * Creates the missing indexes of the API keys: one key per secret, look-ups by owner, and removal
 * after `keepUntil`. It may be repeated, and several processes may run it at once.
 * @throws {IndexConflictError} if a person must resolve a conflict
 * @throws {StoreUnavailableError} if the server cannot be reached
 */
export const ensureIndexes = async (db: Db, options: EnsureIndexesOptions = {}): Promise<void> => {
  const documents = apiKeyCollection(db, options)
  try {
    await command(db.client, options.timeoutMs ?? 30_000, () => documents.createIndexes(INDEXES))
  } catch (error) {
    const conflict = conflictIn(error)
    if (conflict === undefined) throw error
    const collection = `${documents.dbName}.${documents.collectionName}`
    throw new IndexConflictError(
      `The indexes of ${collection} cannot be created: ${conflict}. Drop what conflicts, then start again`,
      { cause: error },
    )
  }
}

/** IndexOptionsConflict, IndexKeySpecsConflict and DuplicateKey, where a retry does not help. */
const CONFLICTS = [85, 86, 11_000]

const conflictIn = (error: unknown): string | undefined => {
  if (!(error instanceof StoreUnavailableError && error.cause instanceof Error)) return undefined
  return CONFLICTS.includes(Reflect.get(error.cause, 'code')) ? error.cause.message : undefined
}
