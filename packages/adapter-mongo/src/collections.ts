import type { Collection, Db } from 'mongodb'
import type { StateDocument } from './document.ts'

/** Which collections keep the data. */
export interface MongoCollections {
  /**
   * The collection of the API keys.
   * @default 'api_keys'
   */
  readonly apiKeys?: string | undefined
  /**
   * The collection of the cut-offs.
   * @default 'cut_offs'
   */
  readonly cutOffs?: string | undefined
}

/**
 * Returns a collection with the options that correctness needs, whatever the connection string
 * says. A claim must survive a fail-over, and a decision must not come from a secondary that lags.
 */
const pinned = (db: Db, name: string): Collection<StateDocument> =>
  db.collection<StateDocument>(name, {
    readPreference: 'primary',
    readConcern: { level: 'local' },
    writeConcern: { w: 'majority' },
    ignoreUndefined: true,
  })

/** The collection of the API keys. */
export const apiKeyCollection = (
  db: Db,
  { apiKeys = 'api_keys' }: MongoCollections,
): Collection<StateDocument> => pinned(db, apiKeys)

/** The collection of the cut-offs. */
export const cutOffCollection = (
  db: Db,
  { cutOffs = 'cut_offs' }: MongoCollections,
): Collection<StateDocument> => pinned(db, cutOffs)
