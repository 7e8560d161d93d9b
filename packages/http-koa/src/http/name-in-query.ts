/**
 * The first of these names that the query of a URL has, or `undefined`.
 * @param url a path and a query
 */
export const nameInQuery = (url = '', names: readonly string[]): string | undefined => {
  const at = url.indexOf('?')
  if (at < 0) return undefined
  const query = new URLSearchParams(url.slice(at))
  return names.find((name) => query.has(name))
}
