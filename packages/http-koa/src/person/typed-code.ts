import type { Context } from 'koa'
import { MAX_TYPED } from '../http/max-typed.ts'
import { sentField } from '../http/sent-field.ts'
import type { Paths } from '../paths.ts'
import { TYPED_FIELD } from './typed-by-hand.ts'

/**
 * The text that a person typed for a user code, or `undefined` if there is none. It is cut to 512
 * characters, and half of a surrogate pair becomes U+FFFD, which a URL can hold.
 */
export const typedCode = (typed: unknown): string | undefined =>
  typeof typed === 'string' && typed !== ''
    ? typed.slice(0, MAX_TYPED).replace(/\p{Surrogate}/gu, '\ufffd')
    : undefined

/**
 * The path back to the request that a page or form is about: the verification page, with the code that a
 * person typed. The field `typed` goes along while the session lasts, so that the code does not count as one
 * of a link.
 */
export const requestPath = (ctx: Context, links: Paths): string => {
  const typed = typedCode(sentField(ctx, 'user_code'))
  if (typed === undefined) return links.verify
  const mark = ctx.state['person'] === undefined ? undefined : sentField(ctx, TYPED_FIELD)
  const query = `user_code=${encodeURIComponent(typed)}`
  const isMark = typeof mark === 'string' && /^[\w-]{1,64}$/.test(mark)
  return `${links.verify}?${query}${isMark ? `&${TYPED_FIELD}=${mark}` : ''}`
}
