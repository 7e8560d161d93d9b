import { isHttpsOrLoopback } from './loopback.ts'

/**
 * Parses the URL that devices show to people (RFC 8628 section 3.2). `verification_uri_complete` is made
 * from it with a query, so it has none.
 * @throws {TypeError} if `text` is not https, or http on loopback, or has a user, query or fragment
 */
export const parseVerificationUri = (text: string): string => {
  const url = isHttpsOrLoopback(text) ? new URL(text) : undefined
  if (!url || /[?#]/.test(text) || url.username !== '' || url.password !== '') {
    throw new TypeError(
      'must be an https URL, or an http URL on loopback, without user, query and fragment',
    )
  }
  return url.href
}
