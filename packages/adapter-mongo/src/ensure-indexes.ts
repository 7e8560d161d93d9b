import { StoreUnavailableError } from '@device-grant/core'
import type { Collection, Db, IndexDescription } from 'mongodb'
import { apiKeyCollection, cutOffCollection, type MongoCollections } from './collections.ts'
import { command } from './command.ts'
import type { StateDocument } from './document.ts'

/** Which collections get the indexes, and how long that may take. */
export interface EnsureIndexesOptions extends MongoCollections {
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

const FORGET: IndexDescription = {
  key: { keepUntil: 1 },
  name: 'keepUntil_1',
  expireAfterSeconds: 0,
}

/** A person's keys in the order of their list. */
const BY_OWNER: IndexDescription = {
  key: { owner: 1, approvedAt: -1, _id: -1 },
  name: 'owner_1_approvedAt_-1__id_-1',
}

/** A client's keys in the same order, for operators. */
const BY_CLIENT: IndexDescription = {
  key: { 'request.clientId': 1, approvedAt: -1, _id: -1 },
  name: 'request.clientId_1_approvedAt_-1__id_-1',
}

/** All keys in the same order, for operators. */
const BY_APPROVAL: IndexDescription = {
  key: { approvedAt: -1, _id: -1 },
  name: 'approvedAt_-1__id_-1',
}

/**
 * Creates the missing indexes: the keys of an owner, of a client and all keys in their order, and removal
 * after `keepUntil`. It
 * may be repeated, and several processes may run it at once.
 * @throws {IndexConflictError} if a person must resolve a conflict
 * @throws {StoreUnavailableError} if the server cannot be reached
 */
export const ensureIndexes = async (db: Db, options: EnsureIndexesOptions = {}): Promise<void> => {
  const timeoutMs = options.timeoutMs ?? 30_000
  await ensure(apiKeyCollection(db, options), [BY_OWNER, BY_CLIENT, BY_APPROVAL, FORGET], timeoutMs)
  await ensure(cutOffCollection(db, options), [FORGET], timeoutMs)
}

const ensure = async (
  documents: Collection<StateDocument>,
  indexes: IndexDescription[],
  timeoutMs: number,
): Promise<void> => {
  try {
    await command(documents.db.client, timeoutMs, () => documents.createIndexes(indexes))
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
