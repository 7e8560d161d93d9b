import { StoreUnavailableError } from '@device-grant/core'
import type { Db, IndexDescription } from 'mongodb'
import { type ApiKeyCollection, apiKeyCollection } from './api-key-collection.ts'
import { command } from './command.ts'

export interface EnsureIndexesOptions extends ApiKeyCollection {
  /** How long it may take, milliseconds. Default 30 000. */
  readonly timeoutMs?: number | undefined
}

/** An index or a document that is there already is in the way of an index that the store needs. */
export class IndexConflictError extends Error {
  override readonly name = 'IndexConflictError'
}

const INDEXES: IndexDescription[] = [
  {
    key: { secretHash: 1 },
    name: 'secretHash_1',
    unique: true,
    // A key has no secret before it is picked up. `$exists` lets a look-up use the index.
    partialFilterExpression: { secretHash: { $exists: true } },
  },
  { key: { owner: 1 }, name: 'owner_1' },
  { key: { keepUntil: 1 }, name: 'keepUntil_1', expireAfterSeconds: 0 },
]

/**
 * Makes the indexes of the API keys, where they are missing: one key per secret, a person's keys, and
 * the forgetting of what is past its `keepUntil`. Harmless when repeated, and when several processes start at once.
 * @throws {IndexConflictError} what is there has to be looked at by a person
 * @throws {StoreUnavailableError} the server cannot be reached
 */
export const ensureIndexes = async (db: Db, options: EnsureIndexesOptions = {}): Promise<void> => {
  const documents = apiKeyCollection(db, options)
  try {
    await command(db.client, options.timeoutMs ?? 30_000, () => documents.createIndexes(INDEXES))
  } catch (fault) {
    const conflict = conflictOf(fault)
    if (conflict === undefined) throw fault
    const where = `${documents.dbName}.${documents.collectionName}`
    throw new IndexConflictError(
      `The indexes of ${where} cannot be made: ${conflict}. Drop what is in the way, then start again`,
      { cause: fault },
    )
  }
}

/** IndexOptionsConflict, IndexKeySpecsConflict and DuplicateKey: trying again does not help. */
const CONFLICTS = [85, 86, 11_000]

const conflictOf = (fault: unknown): string | undefined => {
  if (!(fault instanceof StoreUnavailableError && fault.cause instanceof Error)) return undefined
  return CONFLICTS.includes(Reflect.get(fault.cause, 'code')) ? fault.cause.message : undefined
}
