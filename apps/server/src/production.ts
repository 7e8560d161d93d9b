import { isIPv4 } from 'node:net'
import { addressSet } from '@device-grant/http-koa'
import type { Environment, Variables } from './environment.ts'

/** What production needs beyond valid settings. */
export interface ProductionSettings {
  readonly dataDir?: string | undefined
  readonly mongodbUri?: string | undefined
  readonly redisUrl?: string | undefined
  readonly sessionSecretIsRandom: boolean
  readonly trustedProxies: readonly string[]
}

/** Names that people use for other software, and the variable that they mean. */
const LIKELY_MISTAKES: Readonly<Record<string, string>> = {
  REDIS_URI: 'REDIS_URL',
  MONGO_URI: 'MONGODB_URI',
  MONGO_URL: 'MONGODB_URI',
  MONGODB_URL: 'MONGODB_URI',
  ISSUER: 'PUBLIC_URL',
}

/** The shortest prefixes: that of `10.0.0.0/8`, and less than any provider has of public IPv6 addresses. */
const MIN_PREFIX = { ipv4: 8, ipv6: 16 }
/** The IPv6 addresses of own networks and links, which may all be trusted. */
const OWN_IPV6 = { ranges: ['fc00::/7', 'fe80::/10'], bits: 7 }

/** The IPv6 addresses that stand for IPv4 ones. */
const IPV4_MAPPED = { range: '::ffff:0:0/96', first: '::ffff:0:0', bits: 96 }

/**
 * Reports what is unsafe in production (`NODE_ENV=production`): a default that is only good for a look
 * around, or a variable that is likely misspelt.
 * @param known the names of all variables
 */
export const checkProduction = (
  environment: Environment,
  { dataDir, mongodbUri, redisUrl, sessionSecretIsRandom, trustedProxies }: ProductionSettings,
  variables: Variables,
  known: readonly string[],
): void => {
  const { errors } = environment
  if (environment.text('PUBLIC_URL') === undefined) {
    errors.push('PUBLIC_URL is required with NODE_ENV=production')
  }
  if (dataDir !== undefined && environment.text('DATA_DIR') === undefined) {
    errors.push(
      'DATA_DIR is required with NODE_ENV=production, or REDIS_URL and MONGODB_URI, because the default ' +
        'is below the current folder (STORES=memory keeps nothing)',
    )
  }
  // With REDIS_URL it is required anyway.
  const keepsKeys = mongodbUri !== undefined && redisUrl === undefined
  if (sessionSecretIsRandom && keepsKeys && dataDir === undefined) {
    errors.push('SESSION_SECRET is required with NODE_ENV=production and a store')
  }
  if (trustsTooMany(trustedProxies)) {
    errors.push(
      'TRUSTED_PROXIES trusts too many addresses, so anyone can send any address or person: ' +
        `a prefix must be ${MIN_PREFIX.ipv4} or longer, and for IPv6 ${MIN_PREFIX.ipv6} or longer outside ${OWN_IPV6.ranges.join(' and ')}`,
    )
  }
  errors.push(...mistakes(environment, variables, known))
}

const trustsTooMany = (proxies: readonly string[]): boolean => {
  try {
    addressSet(proxies)
    return proxies.some(isTooWide)
  } catch (error) {
    // What is no address is an error of its own.
    if (error instanceof RangeError) return false
    throw error
  }
}

const isTooWide = (range: string): boolean => {
  const [address = '', bits] = range.split('/')
  // One address is no range.
  if (bits === undefined) return false
  const prefix = Number(bits)
  if (isIPv4(address)) return prefix < MIN_PREFIX.ipv4
  const holdsIPv4 =
    addressSet([IPV4_MAPPED.range]).has(address) || addressSet([range]).has(IPV4_MAPPED.first)
  if (holdsIPv4) return prefix < IPV4_MAPPED.bits + MIN_PREFIX.ipv4
  const isOwn = addressSet(OWN_IPV6.ranges).has(address)
  return prefix < (isOwn ? OWN_IPV6.bits : MIN_PREFIX.ipv6)
}

const mistakes = (
  environment: Environment,
  variables: Variables,
  known: readonly string[],
): string[] => {
  const names = new Set(known)
  const longestFirst = known.toSorted((a, b) => b.length - a.length)
  return Object.keys(variables).flatMap((name) => {
    if (names.has(name)) return []
    const other = LIKELY_MISTAKES[name]
    // Beside the right variable, the name is one of other software.
    if (other !== undefined && environment.text(other) !== undefined) return []
    const meant = other ?? longestFirst.find((each) => isLikely(name, each))
    return meant === undefined ? [] : [`${name} is no setting: did you mean ${meant}?`]
  })
}

/** A short name such as HOST begins names of other software too, for example HOSTNAME. */
const isLikely = (name: string, known: string): boolean =>
  known.includes('_') && name.startsWith(known)
