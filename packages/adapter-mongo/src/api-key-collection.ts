import type { Collection, Db } from 'mongodb'
import type { ApiKeyDocument } from './api-key-document.ts'

export interface ApiKeyCollection {
  /** The name of the collection. Default `api_keys`. */
  readonly collection?: string | undefined
}

/**
 * The collection, with what correctness needs pinned, whatever the connection string says: a claim
 * must survive a fail-over, and nothing may be decided on what a secondary still believes.
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
