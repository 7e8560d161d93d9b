import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'

/** The number of cached results. BlockList.check allocates, and the same few proxies ask often. */
const MAX_RESULTS = 1_000

/** A set of IP addresses. */
export interface AddressSet {
  /** Whether an address is in the set. */
  has(address: string): boolean
}

/**
 * Makes a set of addresses and CIDR ranges, such as `10.0.0.0/8` or `::1`.
 * @throws {RangeError} if an entry is neither; the message names it
 */
export const addressSet = (entries: readonly string[]): AddressSet => {
  const networks = entries.map((entry) => {
    const network = parseNetwork(entry)
    if (!network) throw new RangeError(`${entry} is no address and no CIDR range`)
    return network
  })
  let list: BlockList | undefined
  const results = new Map<string, boolean>()
  return {
    has: (address) => {
      let result = results.get(address)
      if (result === undefined) {
        // A registry may have thousands of sets, and most of them are never used.
        list ??= blockListOf(networks)
        result = isIP(address) !== 0 && list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6')
        if (results.size >= MAX_RESULTS) results.clear()
        results.set(address, result)
      }
      return result
    },
  }
}

interface Network {
  readonly address: string
  readonly prefix: number
  readonly family: 'ipv4' | 'ipv6'
}

const parseNetwork = (entry: string): Network | undefined => {
  const [address = '', bits, ...rest] = entry.split('/')
  const family = isIPv4(address) ? 'ipv4' : isIPv6(address) ? 'ipv6' : undefined
  const most = family === 'ipv4' ? 32 : 128
  const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN
  return family && rest.length === 0 && prefix >= 0 && prefix <= most
    ? { address, prefix, family }
    : undefined
}

const blockListOf = (networks: readonly Network[]): BlockList => {
  const list = new BlockList()
  for (const { address, prefix, family } of networks) list.addSubnet(address, prefix, family)
  return list
}

/** The usual form of an address: IPv4-mapped IPv6 as IPv4, without a zone. */
export const plainAddress = (address: string): string => {
  const withoutZone = address.split('%', 1)[0] ?? ''
  const [, dotted, high, low] =
    /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([\da-f]{1,4}):([\da-f]{1,4}))$/i.exec(withoutZone) ?? []
  if (high !== undefined && low !== undefined) {
    return [high, low].flatMap((group) => bytesOf(Number.parseInt(group, 16))).join('.')
  }
  return dotted ?? withoutZone
}

const bytesOf = (group: number): readonly number[] => [group >> 8, group & 0xff]

/** The address at the other end of the connection. */
export const peerAddress = (request: IncomingMessage): string | undefined => {
  const address = request.socket.remoteAddress
  return address === undefined ? undefined : plainAddress(address)
}

/**
 * The address of the peer, if it sends `X-Forwarded-For` or `Forwarded` and is not trusted, so that the
 * header was ignored. It may be a proxy that an operator forgot to list, or a client that pretends.
 */
export const unlistedProxyOf = (
  request: IncomingMessage,
  trusted: AddressSet,
): string | undefined => {
  const { headers } = request
  if (headers['x-forwarded-for'] === undefined && headers.forwarded === undefined) return undefined
  const peer = peerAddress(request)
  return peer === undefined || trusted.has(peer) ? undefined : peer
}

/**
 * The address that a request came from: the peer, or behind trusted proxies the last address of
 * `X-Forwarded-For` that is not one of them. The header of any other peer is ignored.
 * @returns `undefined` if the connection has ended
 */
export const clientAddress = (
  request: IncomingMessage,
  trusted: AddressSet,
): string | undefined => {
  const peer = peerAddress(request)
  if (peer === undefined || !trusted.has(peer)) return peer
  const header = request.headers['x-forwarded-for']
  const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',')
  let address = peer
  for (const hop of hops.reverse()) {
    const next = plainAddress(hop.trim().replace(/^\[(.*)\](?::\d+)?$|^([\d.]+):\d+$/, '$1$2'))
    if (isIP(next) === 0) break
    address = next
    if (!trusted.has(address)) break
  }
  return address
}
