import { randomBytes } from 'node:crypto'
import { createPolicy, DEFAULT_POLICY, type Policy, PolicyError } from '@device-grant/core'
import { addressSet, isHttpsOrLoopback, isLoopback, parsePublicUrl } from '@device-grant/http-koa'

/** How the reference server is to run, checked. */
export interface Settings {
  readonly port: number
  readonly host: string
  /** Without a trailing slash. */
  readonly publicUrl: string
  readonly redisUrl?: string | undefined
  readonly mongodbUri?: string | undefined
  readonly signIn: SignInSettings
  readonly trustedProxies: readonly string[]
  readonly frontEndOrigins: readonly string[]
  readonly sessionSecret: string
  /** True when nobody gave a secret: sessions end with this process. */
  readonly sessionSecretIsRandom: boolean
  readonly policy: Policy
  readonly authorizeLimit: number
  readonly logLevel: (typeof LOG_LEVELS)[number]
}

export type SignInSettings =
  | { readonly kind: 'demo' }
  | { readonly kind: 'forwarded'; readonly header: string }
  | {
      readonly kind: 'oidc'
      readonly issuer: string
      readonly clientId: string
      readonly clientSecret: string
    }

/** Settings that cannot be; `faults` names every one of them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`The configuration has ${faults.length} fault${faults.length === 1 ? '' : 's'}`)
    this.faults = faults
  }
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

/** Every variable that the server reads: its name, its default as told to people, and what it means. */
export const VARIABLES: readonly (readonly [name: string, byDefault: string, meaning: string])[] = [
  ['PORT', '3000', 'port to listen on'],
  ['HOST', '127.0.0.1', 'address to listen on'],
  [
    'PUBLIC_URL',
    'http://localhost:PORT',
    'issuer, and what every URL handed out begins with; http beyond loopback needs ALLOW_HTTP',
  ],
  ['ALLOW_HTTP', 'false', 'true: a PUBLIC_URL beyond loopback may be http'],
  [
    'REDIS_URL',
    'in memory',
    'redis://, rediss://, redis+cluster://h:p,h:p or redis+sentinel://h:p,h:p/name',
  ],
  ['MONGODB_URI', 'in memory', 'any MongoDB connection string'],
  [
    'SIGN_IN',
    'demo',
    'demo (asks only for a name), forwarded (a reverse proxy signs people in) or oidc',
  ],
  ['FORWARDED_USER_HEADER', 'x-forwarded-user', 'for forwarded: the header that says who it is'],
  [
    'TRUSTED_PROXIES',
    'none',
    'addresses or CIDR ranges, by commas, whose X-Forwarded-For and user header are believed',
  ],
  ['OIDC_ISSUER', 'none', 'for oidc: the OpenID provider'],
  ['OIDC_CLIENT_ID', 'none', 'for oidc'],
  ['OIDC_CLIENT_SECRET', 'none', 'for oidc'],
  ['FRONT_END_ORIGINS', 'none', 'origins, by commas, whose pages may answer for people'],
  ['SESSION_SECRET', 'random', 'signs cookies, 32 characters at least; required with REDIS_URL'],
  ['DEVICE_CODE_TTL', '600', 'seconds that a code lives'],
  ['POLL_INTERVAL', '5', 'seconds between polls'],
  ['API_KEY_TTL', '86400', 'seconds that a key works'],
  ['API_KEY_PREFIX', 'dg_', 'what keys begin with'],
  ['AUTHORIZE_LIMIT', '60', 'new codes a minute for one address; 0: no limit'],
  ['LOG_LEVEL', 'info', LOG_LEVELS.join(', ')],
]

/** Says what is wrong with the URL of a store, without repeating it; `undefined` when nothing is. */
export type CheckStoreUrl = (name: 'REDIS_URL' | 'MONGODB_URI', url: string) => string | undefined

/**
 * Reads the settings from the environment.
 * @param checkStoreUrl asks whoever will connect; without it only a URL's scheme is checked
 * @throws {ConfigError} naming every fault at once
 */
export const readConfig = (
  env: Readonly<Record<string, string | undefined>>,
  checkStoreUrl: CheckStoreUrl = () => undefined,
): Settings => {
  const faults: string[] = []
  const text = (name: string): string | undefined => env[name]?.trim() || undefined
  const wholeNumber = (name: string, byDefault: number, least: number, most: number): number => {
    const given = text(name)
    if (given === undefined) return byDefault
    const value = /^\d{1,12}$/.test(given) ? Number(given) : Number.NaN
    if (value >= least && value <= most) return value
    faults.push(`${name} must be a whole number from ${least} to ${most}, not ${quote(given)}`)
    return byDefault
  }
  const oneOf = <T extends string>(name: string, values: readonly T[], byDefault: T): T => {
    const given = text(name)
    const found = values.find((value) => value === (given ?? byDefault))
    if (found === undefined)
      faults.push(`${name} must be one of ${values.join(', ')}, not ${quote(given ?? '')}`)
    return found ?? byDefault
  }
  const list = (name: string): string[] =>
    (text(name) ?? '')
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean)

  const port = wholeNumber('PORT', 3000, 1, 65_535)
  const host = (text('HOST') ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1')
  const allowHttp = oneOf('ALLOW_HTTP', ['true', 'false'], 'false') === 'true'
  const publicUrl = readPublicUrl(
    text('PUBLIC_URL') ?? `http://localhost:${port}`,
    allowHttp,
    faults,
  )
  const storeUrl = (
    name: 'REDIS_URL' | 'MONGODB_URI',
    schemes: readonly string[],
  ): string | undefined => {
    const given = text(name)
    if (given === undefined) return undefined
    if (!hasScheme(given, schemes)) {
      faults.push(`${name} must begin with ${schemes.map((scheme) => `${scheme}//`).join(', ')}`)
    } else {
      const fault = checkStoreUrl(name, given)
      if (fault !== undefined) faults.push(`${name}: ${fault}`)
    }
    return given
  }
  const redisUrl = storeUrl('REDIS_URL', REDIS_SCHEMES)
  const mongodbUri = storeUrl('MONGODB_URI', MONGODB_SCHEMES)

  const signInKind = oneOf('SIGN_IN', ['demo', 'forwarded', 'oidc'], 'demo')
  const required = (name: string): string => {
    const given = text(name)
    if (given === undefined) faults.push(`${name} is required for SIGN_IN=${signInKind}`)
    return given ?? ''
  }
  const trustedProxies = list('TRUSTED_PROXIES')
  try {
    addressSet(trustedProxies)
  } catch (fault) {
    if (!(fault instanceof RangeError)) throw fault
    faults.push(`TRUSTED_PROXIES: ${fault.message}`)
  }
  const signIn = ((): SignInSettings => {
    switch (signInKind) {
      case 'demo':
        faults.push(...demoFaults(env['NODE_ENV'], text('SIGN_IN') === 'demo', host, publicUrl))
        return { kind: 'demo' }
      case 'forwarded': {
        if (trustedProxies.length === 0)
          faults.push('TRUSTED_PROXIES is required for SIGN_IN=forwarded')
        const header = (text('FORWARDED_USER_HEADER') ?? 'x-forwarded-user').toLowerCase()
        if (!/^[a-z0-9-]+$/.test(header)) faults.push('FORWARDED_USER_HEADER must be a header name')
        return { kind: 'forwarded', header }
      }
      case 'oidc': {
        const issuer = required('OIDC_ISSUER')
        if (issuer !== '' && !isHttpsOrLoopback(issuer))
          faults.push('OIDC_ISSUER must be an https URL, or an http URL on loopback')
        const clientId = required('OIDC_CLIENT_ID')
        return { kind: 'oidc', issuer, clientId, clientSecret: required('OIDC_CLIENT_SECRET') }
      }
    }
  })()

  const givenSecret = text('SESSION_SECRET')
  if (givenSecret === undefined && redisUrl !== undefined) {
    faults.push('SESSION_SECRET is required with REDIS_URL: every server has to sign alike')
  }
  if (givenSecret !== undefined && givenSecret.length < 32) {
    faults.push('SESSION_SECRET needs 32 characters at least')
  }
  const frontEndOrigins = list('FRONT_END_ORIGINS')
  for (const [i, origin] of frontEndOrigins.entries()) {
    if (!isOrigin(origin))
      faults.push(`FRONT_END_ORIGINS: entry ${i + 1} is no origin, such as https://app.example.com`)
  }

  const seconds = (name: string, byDefaultMs: number): number =>
    wholeNumber(name, byDefaultMs / 1000, 1, 1_000_000_000) * 1000
  const policy = readPolicy(
    {
      codeLifetimeMs: seconds('DEVICE_CODE_TTL', DEFAULT_POLICY.codeLifetimeMs),
      intervalMs: seconds('POLL_INTERVAL', DEFAULT_POLICY.intervalMs),
      keyLifetimeMs: seconds('API_KEY_TTL', DEFAULT_POLICY.keyLifetimeMs),
      keyPrefix: text('API_KEY_PREFIX') ?? DEFAULT_POLICY.keyPrefix,
    },
    faults,
  )
  const authorizeLimit = wholeNumber('AUTHORIZE_LIMIT', 60, 0, 1_000_000)
  const logLevel = oneOf('LOG_LEVEL', LOG_LEVELS, 'info')
  if (faults.length > 0) throw new ConfigError(faults)
  return {
    port,
    host,
    publicUrl,
    ...(redisUrl === undefined ? {} : { redisUrl }),
    ...(mongodbUri === undefined ? {} : { mongodbUri }),
    signIn,
    trustedProxies,
    frontEndOrigins,
    sessionSecret: givenSecret ?? randomBytes(32).toString('base64url'),
    sessionSecretIsRandom: givenSecret === undefined,
    policy,
    authorizeLimit,
    logLevel,
  }
}

const REDIS_SCHEMES = [
  'redis:',
  'rediss:',
  'redis+cluster:',
  'rediss+cluster:',
  'redis+sentinel:',
  'rediss+sentinel:',
]
const MONGODB_SCHEMES = ['mongodb:', 'mongodb+srv:']

const quote = (value: string): string => JSON.stringify(value.slice(0, 60))

const hasScheme = (url: string, schemes: readonly string[]): boolean =>
  schemes.some((scheme) => url.startsWith(`${scheme}//`) && url.length > scheme.length + 2)

const readPublicUrl = (given: string, allowHttp: boolean, faults: string[]): string => {
  let publicUrl: string
  try {
    publicUrl = parsePublicUrl(given)
  } catch (fault) {
    if (!(fault instanceof TypeError)) throw fault
    faults.push(`PUBLIC_URL ${fault.message}`)
    return 'http://localhost'
  }
  const { protocol, hostname } = new URL(publicUrl)
  if (protocol === 'http:' && !isLoopback(hostname) && !allowHttp) {
    faults.push('PUBLIC_URL must be https beyond loopback (ALLOW_HTTP=true to do without)')
  }
  return publicUrl
}

const demoFaults = (
  nodeEnv: string | undefined,
  named: boolean,
  host: string,
  publicUrl: string,
): string[] => {
  if (nodeEnv === 'production')
    return ['SIGN_IN=demo believes any name, so it is refused with NODE_ENV=production']
  const beyond = !isLoopback(host) || !isLoopback(new URL(publicUrl).hostname)
  return beyond && !named
    ? ['SIGN_IN must be named when HOST or PUBLIC_URL is beyond loopback: demo believes any name']
    : []
}

const isOrigin = (text: string): boolean =>
  URL.canParse(text) && /^https?:[^*]+$/.test(text) && new URL(text).origin === text

const readPolicy = (changes: Partial<Policy>, faults: string[]): Policy => {
  try {
    return createPolicy(changes)
  } catch (fault) {
    if (!(fault instanceof PolicyError)) throw fault
    const names: Readonly<Record<string, string>> = {
      codeLifetimeMs: 'DEVICE_CODE_TTL',
      intervalMs: 'POLL_INTERVAL',
      keyLifetimeMs: 'API_KEY_TTL',
      keyPrefix: 'API_KEY_PREFIX',
    }
    const named = fault.errors.flatMap((one) => {
      const [what = ''] = one.split(' ', 1)
      const name = names[what]
      return name ? [`${name}: ${one}${what.endsWith('Ms') ? ' (milliseconds)' : ''}`] : []
    })
    // Any other value is a default, which is at fault only because of one of these.
    faults.push(...(named.length > 0 ? named : fault.errors))
    return DEFAULT_POLICY
  }
}

/** The table of all variables, for `--help`. */
export const configHelp = (): string => {
  const width = (column: 0 | 1): number => Math.max(...VARIABLES.map((row) => row[column].length))
  const rows = VARIABLES.map(
    ([name, byDefault, meaning]) =>
      `  ${name.padEnd(width(0))}  ${byDefault.padEnd(width(1))}  ${meaning}`,
  )
  return `The device-grant reference server. It is configured by its environment:\n\n${rows.join('\n')}\n`
}
