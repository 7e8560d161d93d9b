import type { IncomingMessage } from 'node:http'

/**
 * Whether a request that changes something may count: it comes from one of our own pages, from an
 * allowed origin, or from no browser at all. Whatever carries the person's sign-in, a browser sends
 * it along with requests that other sites make.
 */
export const isOwnRequest = (request: IncomingMessage, origins: ReadonlySet<string>): boolean => {
  const site = request.headers['sec-fetch-site']
  // First, because our own form sends `Origin: null` under `no-referrer`.
  if (site === 'same-origin') return true
  const { origin } = request.headers
  if (origin !== undefined) return origins.has(origin)
  return site === undefined
}

/**
 * Whether only a CSRF token can tell that a posted form is our own. Over plain http beyond loopback
 * browsers send no `Sec-Fetch-Site` (before 16.4 Safari never does), and `no-referrer` leaves no origin.
 */
export const isOriginHidden = ({ headers }: IncomingMessage): boolean =>
  headers['sec-fetch-site'] === undefined && headers.origin === 'null'
