/** The servers and the credentials that a Redis URL names. */
export type RedisTarget = {
  readonly tls: boolean
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** The family of addresses that a host name is resolved to: IPv4, IPv6, or 0 for both. */
  readonly family?: 0 | 4 | 6 | undefined
} & (
  | { readonly topology: 'single'; readonly node: RedisNode; readonly db: number }
  | { readonly topology: 'cluster'; readonly nodes: readonly RedisNode[] }
  | { readonly topology: 'sentinel'; readonly nodes: readonly RedisNode[]; readonly name: string }
)

/** One server of a topology. */
export interface RedisNode {
  /** A host name or an address. An IPv6 address has no brackets. */
  readonly host: string
  /** From 1 to 65 535. */
  readonly port: number
}

/** Thrown when a Redis URL is invalid. The message says what is wrong and never shows the URL. */
export class RedisUrlError extends Error {
  override readonly name = 'RedisUrlError'
}

const FORMS =
  'redis://host:6379/0, redis+cluster://host:6379,host:6379 or redis+sentinel://host:26379,host:26379/master-name ' +
  '(rediss for TLS, valkey like redis, user:password@ before the hosts, ?family=0, 4 or 6 at the end)'

const refuse = (problem: string): never => {
  throw new RedisUrlError(`The Redis URL ${problem}. It looks like ${FORMS}`)
}

/**
 * Parses `redis://`, `redis+cluster://` and `redis+sentinel://` URLs, each also with `rediss`, `valkey`
 * and `valkeys`.
 * @throws {RedisUrlError} if the URL is invalid
 */
export const parseRedisUrl = (url: string): RedisTarget => {
  const [, scheme, rest = ''] = /^([a-z+]+):\/\/(.*)$/s.exec(url) ?? []
  const [, secure, topology = 'single'] =
    /^(?:redis|valkey)(s?)(?:\+(cluster|sentinel))?$/.exec(scheme ?? '') ?? []
  if (secure === undefined) return refuse('has an unknown scheme')
  const [, authority = '', path = '', extra = ''] =
    /^([^/?#]*)(?:\/([^?#]*))?(.*)$/s.exec(rest) ?? []
  const at = authority.lastIndexOf('@')
  const access = {
    tls: secure === 's',
    ...parseUser(at < 0 ? undefined : authority.slice(0, at)),
    ...parseQuery(extra),
  }
  const port = topology === 'sentinel' ? 26_379 : 6_379
  const nodes = authority
    .slice(at + 1)
    .split(',')
    .map((text) => parseNode(text, port))
  const [node] = nodes
  if (!node) return refuse('names no host')
  switch (topology) {
    case 'cluster':
      if (path !== '') return refuse('has a path, but a Cluster has one database only')
      return { ...access, topology, nodes }
    case 'sentinel': {
      const name = decode(path, 'master name')
      if (name === '' || name.includes('/')) return refuse('needs /master-name at its end')
      return { ...access, topology, nodes, name }
    }
    default:
      if (nodes.length > 1) return refuse('names several hosts, but not +cluster or +sentinel')
      if (!/^\d{0,5}$/.test(path)) return refuse('has a database that is not a number')
      return { ...access, topology: 'single', node, db: Number(path) }
  }
}

const parseUser = (text: string | undefined): { username?: string; password?: string } => {
  if (text === undefined) return {}
  // A connection begins as the user `default`, so without a password there is nothing to send.
  if (text === 'default' || text === 'default:') return {}
  const colon = text.indexOf(':')
  if (colon < 0) return refuse('has a user without a password (a password alone is :password@)')
  const username = decode(text.slice(0, colon), 'user')
  const password = decode(text.slice(colon + 1), 'password')
  if (password === '') return refuse('has an empty password')
  return username === '' ? { password } : { username, password }
}

const parseQuery = (text: string): { family?: 0 | 4 | 6 } => {
  if (text === '') return {}
  // Behind a ? in a password comes the @ before the hosts.
  if (!/^\?[\w.=&-]*$/.test(text)) {
    return refuse('has a fragment, or a ? or # that is not percent-encoded')
  }
  const { family, ...others } = Object.fromEntries(new URLSearchParams(text))
  const [unknown] = Object.keys(others)
  if (unknown !== undefined) return refuse(`has the unknown query parameter ${unknown}`)
  switch (family) {
    case undefined:
      return {}
    case '0':
      return { family: 0 }
    case '4':
      return { family: 4 }
    case '6':
      return { family: 6 }
    default:
      return refuse('has a family that is not 0, 4 or 6')
  }
}

const parseNode = (text: string, defaultPort: number): RedisNode => {
  const [, ipv6, name, digits] =
    /^(?:\[([\da-fA-F:.]+)\]|([^\s:@[\]]+))(?::(\d+))?$/.exec(text) ?? []
  const host = ipv6 ?? name
  if (host === undefined) return refuse('has a host that is missing or malformed')
  const port = digits === undefined ? defaultPort : Number(digits)
  if (port < 1 || port > 65_535) return refuse('has a port that is not from 1 to 65535')
  return { host, port }
}

const decode = (text: string, what: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return refuse(`has a ${what} whose percent-encoding is broken`)
  }
}
