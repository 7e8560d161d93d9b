import type { Paths } from '../paths.ts'

/** Which part of the list of connected devices a page shows. */
export interface KeysQuery {
  /** The words to find. */
  readonly search?: string | undefined
  /** Only devices that were not used for so many days. */
  readonly unusedDays?: number | undefined
  /** Where the page starts. */
  readonly after?: string | undefined
  /** Where a list of older approvals starts. */
  readonly from?: string | undefined
}

/** The parameters of a query, as names and values. */
export const keysFields = ({
  search,
  unusedDays,
  after,
  from,
}: KeysQuery): readonly (readonly [string, string])[] =>
  Object.entries({ q: search, unused: unusedDays, from, after }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, `${value}`] as const],
  )

/** The path of this part of the list. */
export const keysPath = (paths: Paths, query: KeysQuery): string => {
  const text = new URLSearchParams(keysFields(query).map(([...pair]) => pair)).toString()
  return text === '' ? paths.keys : `${paths.keys}?${text}`
}

/** The id of the element of a key in the list. */
export const keyAnchor = (keyId: string): string => `key-${encodeURIComponent(keyId)}`
