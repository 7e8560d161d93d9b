import type { Collection, Db } from 'mongodb'
import type { ApiKeyDocument } from './api-key-document.ts'

/** Which collection keeps the API keys. */
export interface ApiKeyCollection {
  /**
   * The name of the collection.
   * @default 'api_keys'
   */
  readonly collection?: string | undefined
}

/**
 * Returns the collection with the options that correctness needs, whatever the connection string
 * says. A claim must survive a fail-over, and a decision must not come from a secondary that lags.
 */
export const apiKeyCollection = (
  db: Db,
  { collection = 'api_keys' }: ApiKeyCollection,
): Collection<ApiKeyDocument> =>
  db.collection<ApiKeyDocument>(collection, {
    readPreference: 'primary',
    readConcern: { level: 'local' },
    writeConcern: { w: 'majority' },
    ignoreUndefined: true,
  })
