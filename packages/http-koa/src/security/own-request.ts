import type { IncomingMessage } from 'node:http'

/**
 * Whether a request comes from an allowed origin, or from a program that is no browser. A browser sends
 * its cookies with the requests that other sites make, so those must change nothing.
 */
export const isOwnRequest = (request: IncomingMessage, origins: ReadonlySet<string>): boolean => {
  const site = request.headers['sec-fetch-site']
  // First, because forms of pages with `no-referrer` send `Origin: null`.
  if (site === 'same-origin') return true
  const { origin } = request.headers
  if (origin !== undefined) return origins.has(origin)
  return site === undefined
}

/**
 * Whether a browser hid the origin of a form. Only the CSRF token protects it then. Browsers send no
 * `Sec-Fetch-Site` over plain http beyond loopback, and Safari before 16.4 never does.
 */
export const isOriginHidden = ({ headers }: IncomingMessage): boolean =>
  headers['sec-fetch-site'] === undefined && headers.origin === 'null'
