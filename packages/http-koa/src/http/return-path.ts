const ORIGIN = 'http://own.invalid'

/**
 * Longer paths are refused, because up to four cookies of sign-ins hold one each, and a header has
 * 16 KiB at most. A pasted text of 512 characters fits, unless most of it is percent-encoded.
 */
const MAX_LENGTH = 1_024

/**
 * Returns `returnTo` if it is a path below `base`, else `fallback`. It refuses other origins,
 * `//evil`, `/\evil` and paths that lead out of `base`, so that a sign-in is no open redirect.
 */
export const returnPath = (returnTo: unknown, base: string, fallback: string): string => {
  if (typeof returnTo !== 'string' || returnTo.length > MAX_LENGTH) return fallback
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(returnTo) || returnTo.includes('\\')) return fallback
  // Resolved as a browser does, so that dots and encodings cannot lead elsewhere.
  const url = new URL(returnTo, ORIGIN)
  const isBelowBase = url.origin === ORIGIN && url.pathname.startsWith(`${base}/`)
  return isBelowBase ? url.pathname + url.search : fallback
}
