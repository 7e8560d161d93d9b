import type { Retained, Versioned } from '@device-grant/core'

/** The version of the documents that this package writes. */
const SCHEMA = 1

/** A state as a collection keeps it. Its times are dates. */
export interface StateDocument {
  readonly _id: string
  /** The random version of the write that stored it. */
  readonly version: string
  /** The version of its layout. */
  readonly schema: number
  readonly keepUntil: Date
  readonly status?: string
  readonly owner?: string
  readonly approvedAt?: Date
}

/** The members that are times. Every other member is kept as it is, also one of a newer layout. */
const TIMES: ReadonlySet<string> = new Set([
  'keepUntil',
  'approvedAt',
  'expiresAt',
  'firstIssuedAt',
  'issuedAt',
  'lastUsedAt',
  'revokedAt',
  'at',
])

/** Makes the document of a state. */
export const toDocument = <S extends Retained>(
  id: string,
  { version, state }: Versioned<S>,
): StateDocument => {
  const members = Object.entries(state).map(([name, value]) => [
    name,
    TIMES.has(name) && typeof value === 'number' ? new Date(value) : value,
  ])
  // The schema of a newer document is among the members, and stays.
  return { schema: SCHEMA, ...Object.fromEntries(members), _id: id, version }
}

/** Makes the state of a document, with its version. */
export const toVersioned = <S extends Retained>({
  _id,
  version,
  schema,
  ...document
}: StateDocument): Versioned<S> => {
  const members = Object.entries(document).map(([name, value]) => [
    name,
    TIMES.has(name) && value instanceof Date ? value.getTime() : value,
  ])
  const state: unknown = Object.fromEntries(
    schema === SCHEMA ? members : [...members, ['schema', schema]],
  )
  return { version, state: state as S }
}
