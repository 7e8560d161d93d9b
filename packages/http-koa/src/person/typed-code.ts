import type { Paths } from '../paths.ts'

const MAX_TYPED = 64

/**
 * The user code that a person typed, or `undefined` if there is none. It is cut to 65 characters, one
 * more than any code has, and made fit for a URL.
 */
export const typedCode = (typed: unknown): string | undefined =>
  typeof typed === 'string' && typed !== ''
    ? typed.slice(0, MAX_TYPED + 1).replace(/\p{Surrogate}/gu, '\ufffd')
    : undefined

/** The path of the verification page, with the code that a person typed. */
export const verifyPath = (links: Paths, typed: string | undefined): string =>
  typed === undefined ? links.verify : `${links.verify}?user_code=${encodeURIComponent(typed)}`
