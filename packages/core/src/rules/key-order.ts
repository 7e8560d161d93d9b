import type { ApiKey } from './api-key.ts'

/** The place of a key in a person's list, which has the newest approval first. */
export interface KeyPlace {
  /** Epoch milliseconds. */
  readonly approvedAt: number
  readonly id: string
}

/** The place of a stored key. An erased key has none, because it has no owner. */
export const placeOf = ({ id, key }: { readonly id: string; readonly key: ApiKey }): KeyPlace => ({
  id,
  approvedAt: approvedAtOf(key),
})

const approvedAtOf = (key: ApiKey): number => (key.status === 'erased' ? 0 : (key.approvedAt ?? 0))

/** Sorts the newest approval first, and of keys with the same time the greater id first. */
export const comparePlaces = (a: KeyPlace, b: KeyPlace): number =>
  b.approvedAt - a.approvedAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0)

/** Writes a place as the cursor of a page. */
export const formatCursor = ({ approvedAt, id }: KeyPlace): string => `${approvedAt}~${id}`

/**
 * Reads the cursor of a page.
 * @returns `undefined` if the text is no cursor
 */
export const parseCursor = (cursor: string): KeyPlace | undefined => {
  const [, approvedAt, id] = /^(\d{1,16}(?:\.\d{1,16})?)~([0-9A-Za-z_-]{1,64})$/.exec(cursor) ?? []
  return approvedAt === undefined || id === undefined
    ? undefined
    : { approvedAt: Number(approvedAt), id }
}
