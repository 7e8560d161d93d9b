import { MAX_TYPED } from '../http/max-typed.ts'
import type { Paths } from '../paths.ts'

/**
 * The text that a person typed for a user code, or `undefined` if there is none. It is cut to 512
 * characters, and half of a surrogate pair becomes U+FFFD, which a URL can hold.
 */
export const typedCode = (typed: unknown): string | undefined =>
  typeof typed === 'string' && typed !== ''
    ? typed.slice(0, MAX_TYPED).replace(/\p{Surrogate}/gu, '\ufffd')
    : undefined

/** The path of the verification page, with the code that a person typed. */
export const verifyPath = (links: Paths, typed: string | undefined): string =>
  typed === undefined ? links.verify : `${links.verify}?user_code=${encodeURIComponent(typed)}`
