import type { IncomingMessage } from 'node:http'
import { printable } from './device-info.ts'

const MAX_ORIGIN = 200

/**
 * The origin of the web page that sent a request, `null` if the page hides it, or `undefined` if no web
 * page sent it. Pages cannot change or omit these headers, and no command-line program sends them. The
 * exception is `Sec-Fetch-Mode`, which Node's `fetch` sends alone.
 */
export const webOriginOf = ({ headers }: IncomingMessage): string | undefined => {
  if (headers.origin !== undefined) return printable(headers.origin, MAX_ORIGIN) || 'null'
  const isWebPage = Object.keys(headers).some(
    (name) => name.startsWith('sec-fetch-') && name !== 'sec-fetch-mode',
  )
  return isWebPage ? 'null' : undefined
}
