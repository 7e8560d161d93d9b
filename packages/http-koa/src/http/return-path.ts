/**
 * A path of our own to go back to after signing in, or `fallback` for anything else: another origin,
 * `//evil`, `/\evil`, a path outside `base`.
 */
export const returnPath = (returnTo: unknown, base: string, fallback: string): string => {
  if (typeof returnTo !== 'string' || returnTo.length > 512) return fallback
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(returnTo) || returnTo.includes('\\')) return fallback
  // Resolved as a browser would, so that dots and encodings cannot lead elsewhere.
  const url = new URL(returnTo, 'http://own.invalid')
  const inside = url.origin === 'http://own.invalid' && url.pathname.startsWith(`${base}/`)
  return inside ? url.pathname + url.search : fallback
}
