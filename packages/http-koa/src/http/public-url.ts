/**
 * The base of every URL handed out, without a slash at its end. Its path is part of routes and of links
 * that people type, so it has plain characters only.
 * @throws {TypeError} it is no such URL
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
