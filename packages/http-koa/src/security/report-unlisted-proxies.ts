import type { IncomingMessage } from 'node:http'
import { type AddressSet, unlistedProxyOf } from './client-address.ts'

/** Every client can pretend to be a proxy, so the number of reports is limited. */
const MAX_REPORTS = 100

/**
 * Makes a function that looks at each request, and reports the address of a peer that sends forwarding
 * headers without being trusted. It reports each address once, and 100 addresses at most.
 */
export const reportUnlistedProxies = (
  trusted: AddressSet,
  report: (address: string) => void,
): ((request: IncomingMessage) => void) => {
  const reported = new Set<string>()
  return (request) => {
    if (reported.size >= MAX_REPORTS) return
    const address = unlistedProxyOf(request, trusted)
    if (address === undefined || reported.has(address)) return
    reported.add(address)
    report(address)
  }
}
