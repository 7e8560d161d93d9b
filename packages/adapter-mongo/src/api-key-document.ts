import type { ApiKey, Versioned } from '@device-grant/core'

/** Every number of an API key is a time, and a document keeps times as dates. */
type Dated<K> = { [M in keyof K]: K[M] extends number | undefined ? Date : K[M] }

/** An API key as the collection keeps it. Its hash of the secret opens nothing. */
export type ApiKeyDocument = Dated<ApiKey> & {
  readonly _id: string
  /** The random version of the write that stored it. */
  readonly version: string
}

/** Makes the document of a key. */
export const toDocument = (id: string, { version, state }: Versioned<ApiKey>): ApiKeyDocument => {
  const members = Object.entries(state).map(([name, value]) => [
    name,
    typeof value === 'number' ? new Date(value) : value,
  ])
  return { _id: id, version, ...(Object.fromEntries(members) as Dated<ApiKey>) }
}

/** Makes the key of a document, with its version. */
export const toApiKey = ({ _id, version, ...document }: ApiKeyDocument): Versioned<ApiKey> => {
  const members = Object.entries(document).map(([name, value]) => [
    name,
    value instanceof Date ? value.getTime() : value,
  ])
  return { version, state: Object.fromEntries(members) as ApiKey }
}
