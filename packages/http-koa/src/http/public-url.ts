/**
 * Parses the base of all URLs of the router. Its path becomes part of routes and of links that people
 * type, so it may have plain characters only.
 * @returns the URL without a trailing slash
 * @throws {TypeError} if `text` is not such a URL
 */
export const parsePublicUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const base = url ? (url.origin + url.pathname).replace(/\/+$/, '') : ''
  const plain = /^https?:\/\/[^/]+(\/[\w.~%-]+)*$/.test(base) && !/[?#]/.test(text)
  if (!url || !plain || url.username !== '' || url.password !== '') {
    throw new TypeError(
      'must be an http or https URL without user, query and fragment, with a path of letters, digits and -._~% only',
    )
  }
  return base
}
