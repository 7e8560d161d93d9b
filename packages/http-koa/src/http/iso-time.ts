/**
 * A time as ISO 8601 in UTC, or `undefined` if there is none.
 * @param at epoch milliseconds
 */
export const isoTime = (at: number | undefined): string | undefined =>
  at === undefined ? undefined : new Date(at).toISOString()
