import { parseCursor } from '@device-grant/core'
import type { Context } from 'koa'
import { type KeysQuery, keysPath } from '../pages/keys-query.ts'
import type { Paths } from '../paths.ts'

/** More characters than the names of a device have. */
const MAX_SEARCH = 200

/** Reads the query of the list, or the same members of a form. `undefined` if one is malformed. */
export const readKeysQuery = (
  members: Readonly<Record<string, unknown>>,
): KeysQuery | undefined => {
  const { q, unused, after, from } = members
  if (![q, unused, after, from].every(isTextOrAbsent)) return undefined
  if (![after, from].every(isCursorOrAbsent)) return undefined
  if (isFilled(unused) && !/^\d{1,4}$/.test(unused)) return undefined
  return {
    search: isFilled(q) ? q.slice(0, MAX_SEARCH).replace(/\p{Surrogate}/gu, '\ufffd') : undefined,
    unusedDays: isFilled(unused) ? Number(unused) : undefined,
    after: isFilled(after) ? after : undefined,
    from: isFilled(from) ? from : undefined,
  }
}

/** The part of the list that a form was sent from, by its hidden fields. */
export const backPath = (ctx: Context, links: Paths): string => {
  const { body } = ctx.request
  const query = typeof body === 'object' && body !== null ? readKeysQuery({ ...body }) : undefined
  return keysPath(links, query ?? {})
}

const isTextOrAbsent = (value: unknown): boolean => value === undefined || typeof value === 'string'

const isCursorOrAbsent = (value: unknown): boolean =>
  value === undefined || (typeof value === 'string' && parseCursor(value) !== undefined)

const isFilled = (value: unknown): value is string => typeof value === 'string' && value !== ''
