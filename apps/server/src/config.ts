import { randomBytes } from 'node:crypto'
import { createPolicy, DEFAULT_POLICY, type Policy, PolicyError } from '@device-grant/core'
import {
  addressSet,
  type ForwardedGroups,
  isHttpsOrLoopback,
  isLoopback,
  parsePublicUrl,
  parseVerificationUri,
} from '@device-grant/http-koa'
import { readWebhook, type WebhookSettings } from './audit/webhook-settings.ts'
import { type BrandSettings, readBrand } from './brand/brand-settings.ts'
import { KNOWN_VARIABLES, LOG_LEVELS } from './config-variables.ts'
import { Environment, type Variables } from './environment.ts'
import { keyLifetimeVariables, readKeyLifetimes } from './key-lifetimes.ts'
import { isAboutEmail, type OidcAllow, readOidcAllow } from './oidc-allow.ts'
import { checkProduction } from './production.ts'
import { resourceProblem } from './resource-problem.ts'
import { readSafeguards, type SafeguardSettings } from './safeguard-settings.ts'
import { isScopeName } from './scope-name.ts'
import { readSecretFiles } from './secret-files.ts'
import { weaknessOf } from './weak-secret.ts'

/** The checked settings of the server. */
export interface Settings {
  readonly port: number
  readonly host: string
  /** The base of every URL, without a trailing slash. */
  readonly publicUrl: string
  /** What devices show to people. Absent: the verification page. */
  readonly verificationUri?: string | undefined
  /** The folder of everything that Redis and MongoDB do not keep. Absent: that is kept in memory. */
  readonly dataDir?: string | undefined
  /** Absent: grants, user codes and code attempts are kept in the folder or in memory. */
  readonly redisUrl?: string | undefined
  /** Absent: API keys are kept in the folder or in memory. */
  readonly mongodbUri?: string | undefined
  readonly signIn: SignInSettings
  /** Whom people ask for access. */
  readonly contact?: string | undefined
  readonly brand: BrandSettings
  /** Addresses and CIDR ranges. */
  readonly trustedProxies: readonly string[]
  readonly frontEndOrigins: readonly string[]
  /** The first one signs. What the others have signed stays valid. */
  readonly sessionSecrets: readonly [string, ...string[]]
  /** True if no secret was configured. The folder then keeps one, or sessions end with this process. */
  readonly sessionSecretIsRandom: boolean
  readonly policy: Policy
  /** What makes approvals safer against phishing. */
  readonly safeguards: SafeguardSettings
  /** The file of the clients. Absent: every client may ask for codes. */
  readonly clientsFile?: string | undefined
  /** The file of the scopes, unless they are beside the clients. */
  readonly scopesFile?: string | undefined
  /** The scopes that the metadata name if neither file has scopes. */
  readonly scopesSupported: readonly string[]
  /** The resources that keys may be for, as URIs. Absent: requests for resources are ignored. */
  readonly resources?: readonly string[] | undefined
  /** The file of the admin tokens. Absent: there are no routes for operators. */
  readonly adminTokensFile?: string | undefined
  /** Whether GitHub may report leaked keys. */
  readonly githubSecretScanning: boolean
  /** New codes per minute and address. 0 means no limit. */
  readonly authorizeLimit: number
  /** Addresses and CIDR ranges without the limit of one address. */
  readonly authorizeLimitExempt: readonly string[]
  /** How long an idle connection stays open, in milliseconds. */
  readonly keepAliveMs: number
  /** Open connections. Further ones are closed at once. */
  readonly maxConnections: number
  /** The port of the metrics. Absent: there are none. */
  readonly metricsPort?: number | undefined
  /** How long the server still takes requests after the signal to stop, in milliseconds. */
  readonly shutdownDelayMs: number
  /** Absent: events are only logged. */
  readonly webhook?: WebhookSettings | undefined
  readonly logLevel: (typeof LOG_LEVELS)[number]
}

export type SignInSettings =
  | { readonly kind: 'demo' }
  | {
      readonly kind: 'forwarded'
      readonly header: string
      /** Absent: every person of the proxy may sign in. */
      readonly groups?: ForwardedGroups | undefined
    }
  | {
      readonly kind: 'oidc'
      readonly issuer: string
      readonly clientId: string
      readonly clientSecret: string
      /** Separated by spaces. */
      readonly scope: string
      /** Absent: every account of the provider may sign in. */
      readonly allow?: OidcAllow | undefined
    }

/** Thrown when settings are invalid. `errors` has a text for each of them. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly errors: readonly string[]
  constructor(errors: readonly string[]) {
    super(`The configuration has ${errors.length} error${errors.length === 1 ? '' : 's'}`)
    this.errors = errors
  }

  /** The message, and a line for each error. */
  get report(): string {
    return `${this.message}:\n${this.errors.map((text) => `- ${text}\n`).join('')}See --help.`
  }
}

/** Returns what is wrong with the URL of a store, without the URL, or `undefined`. */
type CheckUrl = (url: string) => string | undefined

/** The checks of the store URLs beyond their scheme, by the adapters that will connect. */
export interface StoreUrlChecks {
  readonly checkRedisUrl?: CheckUrl | undefined
  readonly checkMongoUri?: CheckUrl | undefined
}

/**
 * Reads the settings from environment variables.
 * @param now epoch milliseconds
 * @throws {ConfigError} if a variable is invalid. It names all that are invalid.
 */
export const readConfig = (
  variables: Variables,
  checks: StoreUrlChecks = {},
  now: number = Date.now(),
): Settings => {
  const { settings, errors } = examineConfig(variables, checks, now)
  if (errors.length > 0) throw new ConfigError(errors)
  return settings
}

/** Settings, and what is wrong with them. */
interface ExaminedConfig {
  /** With an error, they are good for nothing but the search for further errors. */
  readonly settings: Settings
  readonly errors: readonly string[]
}

/**
 * Reads the settings from environment variables, and names all that are invalid.
 * @param now epoch milliseconds
 */
export const examineConfig = (
  variables: Variables,
  checks: StoreUrlChecks = {},
  now: number = Date.now(),
): ExaminedConfig => {
  const { secrets, errors } = readSecretFiles(variables)
  const environment = new Environment(variables, secrets)
  environment.errors.push(...errors)
  const port = environment.wholeNumber('PORT', { byDefault: 3000, min: 1, max: 65_535 })
  const host = (environment.text('HOST') ?? '127.0.0.1').replace(/^\[(.*)\]$/, '$1')
  const publicUrl = readPublicUrl(environment, port)
  const redisUrl = readStoreUrl(environment, 'REDIS_URL', REDIS_SCHEMES, checks.checkRedisUrl)
  const mongodbUri = readStoreUrl(environment, 'MONGODB_URI', MONGODB_SCHEMES, checks.checkMongoUri)
  const trustedProxies = readAddresses(environment, 'TRUSTED_PROXIES')
  const signIn = readSignIn(environment, trustedProxies)
  const safeguards = readSafeguards(environment, signIn.kind)
  if (signIn.kind === 'demo') refuseUnsafeDemo(environment, host, publicUrl)
  const givenSecrets = readSessionSecrets(environment, redisUrl)
  if (!isLocalDemo(signIn, publicUrl)) {
    for (const secret of givenSecrets) refuseWeakSecret(environment, secret)
  }
  const [firstSecret = randomBytes(32).toString('base64url'), ...olderSecrets] = givenSecrets
  const settings: Settings = {
    port,
    host,
    publicUrl,
    verificationUri: readVerificationUri(environment),
    dataDir: readDataDir(environment, { redisUrl, mongodbUri }),
    redisUrl,
    mongodbUri,
    signIn,
    contact: readContact(environment),
    brand: readBrand(environment),
    trustedProxies,
    frontEndOrigins: readFrontEndOrigins(environment),
    sessionSecrets: [firstSecret, ...olderSecrets],
    sessionSecretIsRandom: givenSecrets.length === 0,
    policy: readPolicy(environment, now),
    safeguards,
    clientsFile: environment.text('CLIENTS_FILE'),
    scopesFile: environment.text('SCOPES_FILE'),
    scopesSupported: readScopesSupported(environment),
    resources: readResources(environment),
    adminTokensFile: environment.text('ADMIN_TOKENS_FILE'),
    githubSecretScanning:
      environment.oneOf('GITHUB_SECRET_SCANNING', ['true', 'false'], 'false') === 'true',
    authorizeLimit: environment.wholeNumber('AUTHORIZE_LIMIT', {
      byDefault: 60,
      min: 0,
      max: 1_000_000,
    }),
    authorizeLimitExempt: readAddresses(environment, 'AUTHORIZE_LIMIT_EXEMPT'),
    keepAliveMs:
      environment.wholeNumber('KEEP_ALIVE_TIMEOUT', { byDefault: 75, min: 1, max: 3600 }) * 1000,
    maxConnections: environment.wholeNumber('MAX_CONNECTIONS', {
      byDefault: 10_000,
      min: 1,
      max: 1_000_000,
    }),
    metricsPort: readMetricsPort(environment, port),
    shutdownDelayMs:
      environment.wholeNumber('SHUTDOWN_DELAY', { byDefault: 0, min: 0, max: 300 }) * 1000,
    webhook: readWebhook(environment),
    logLevel: environment.oneOf('LOG_LEVEL', LOG_LEVELS, 'info'),
  }
  if (environment.text('NODE_ENV') === 'production') {
    checkProduction(environment, settings, variables, KNOWN_VARIABLES)
  }
  return { settings, errors: environment.errors }
}

const readMetricsPort = (environment: Environment, port: number): number | undefined => {
  const limits = { byDefault: undefined, min: 1, max: 65_535 }
  const metricsPort = environment.wholeNumber('METRICS_PORT', limits)
  if (metricsPort === port) environment.errors.push('METRICS_PORT must differ from PORT')
  return metricsPort
}

const readPublicUrl = (environment: Environment, port: number): string => {
  const allowHttp = environment.oneOf('ALLOW_HTTP', ['true', 'false'], 'false') === 'true'
  let publicUrl: string
  try {
    publicUrl = parsePublicUrl(environment.text('PUBLIC_URL') ?? `http://localhost:${port}`)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    environment.errors.push(`PUBLIC_URL ${error.message}`)
    return 'http://localhost'
  }
  const { protocol, hostname } = new URL(publicUrl)
  if (protocol === 'http:' && !isLoopback(hostname) && !allowHttp) {
    environment.errors.push(
      'PUBLIC_URL must be https unless its host is loopback (ALLOW_HTTP=true allows http)',
    )
  }
  return publicUrl
}

const readVerificationUri = (environment: Environment): string | undefined => {
  const text = environment.text('VERIFICATION_URI')
  try {
    return text === undefined ? undefined : parseVerificationUri(text)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    environment.errors.push(`VERIFICATION_URI ${error.message}`)
    return undefined
  }
}

const DEFAULT_DATA_DIR = './data'

const readDataDir = (
  environment: Environment,
  { redisUrl, mongodbUri }: Pick<Settings, 'redisUrl' | 'mongodbUri'>,
): string | undefined => {
  const stores = environment.text('STORES')
  if (stores !== undefined) {
    if (stores !== 'memory') environment.errors.push('STORES must be memory, if it is set')
    // The images set DATA_DIR, so it is no contradiction.
    return undefined
  }
  const isNeeded = redisUrl === undefined || mongodbUri === undefined
  return isNeeded ? (environment.text('DATA_DIR') ?? DEFAULT_DATA_DIR) : undefined
}

const REDIS_SCHEMES = ['redis', 'valkey'].flatMap((name) =>
  ['', '+cluster', '+sentinel'].flatMap((topology) => [
    `${name}${topology}://`,
    `${name}s${topology}://`,
  ]),
)
const MONGODB_SCHEMES = ['mongodb://', 'mongodb+srv://']

const readStoreUrl = (
  environment: Environment,
  name: string,
  schemes: readonly string[],
  check: CheckUrl = () => undefined,
): string | undefined => {
  const url = environment.text(name)
  if (url === undefined) return undefined
  if (!schemes.some((scheme) => url.startsWith(scheme) && url.length > scheme.length)) {
    environment.errors.push(`${name} must begin with ${schemes.join(', ')}`)
    return url
  }
  const error = check(url)
  if (error !== undefined) environment.errors.push(`${name}: ${error}`)
  return url
}

const readAddresses = (environment: Environment, name: string): readonly string[] => {
  const addresses = environment.list(name)
  try {
    addressSet(addresses)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    environment.errors.push(`${name}: ${error.message}`)
  }
  return addresses
}

const readKeysNotBefore = (environment: Environment, now: number): number => {
  const text = environment.text('KEYS_NOT_BEFORE')
  if (text === undefined) return 0
  const at = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text) ? Date.parse(text) : Number.NaN
  if (at > 0 && at <= now) return at
  environment.errors.push(
    at > now
      ? 'KEYS_NOT_BEFORE must not be in the future, because no key works before it'
      : 'KEYS_NOT_BEFORE must be a time like 2026-01-31T12:00:00Z',
  )
  return 0
}

const readSignIn = (
  environment: Environment,
  trustedProxies: readonly string[],
): SignInSettings => {
  const kind = environment.oneOf('SIGN_IN', ['demo', 'forwarded', 'oidc'], 'demo')
  const setting = `SIGN_IN=${kind}`
  refuseUnusedRules(environment, kind)
  switch (kind) {
    case 'demo':
      return { kind }
    case 'forwarded': {
      if (trustedProxies.length === 0) {
        environment.errors.push(`TRUSTED_PROXIES is required for ${setting}`)
      }
      const header = readHeaderName(environment, 'FORWARDED_USER_HEADER') ?? 'x-forwarded-user'
      return { kind, header, groups: readForwardedGroups(environment) }
    }
    case 'oidc': {
      const issuer = environment.required('OIDC_ISSUER', setting)
      if (issuer !== '' && !isHttpsOrLoopback(issuer)) {
        environment.errors.push('OIDC_ISSUER must be an https URL, or an http URL on loopback')
      }
      const clientId = environment.required('OIDC_CLIENT_ID', setting)
      const clientSecret = environment.required('OIDC_CLIENT_SECRET', setting)
      const allow = readAllow(environment)
      const scope = readScope(environment, allow)
      return { kind, issuer, clientId, clientSecret, scope, allow }
    }
  }
}

/** A rule that no sign-in reads would let everyone in. */
const refuseUnusedRules = (environment: Environment, kind: SignInSettings['kind']): void => {
  for (const [name, needed] of [
    ['OIDC_ALLOW', 'oidc'],
    ['FORWARDED_ALLOW_GROUPS', 'forwarded'],
  ] as const) {
    if (kind !== needed && environment.text(name) !== undefined) {
      environment.errors.push(`${name} needs SIGN_IN=${needed}`)
    }
  }
}

const readHeaderName = (environment: Environment, name: string): string | undefined => {
  const header = environment.text(name)?.toLowerCase()
  if (header !== undefined && !/^[a-z0-9-]+$/.test(header)) {
    environment.errors.push(`${name} must be a header name`)
  }
  return header
}

const readForwardedGroups = (environment: Environment): ForwardedGroups | undefined => {
  const header = readHeaderName(environment, 'FORWARDED_GROUPS_HEADER')
  const allowed = environment.list('FORWARDED_ALLOW_GROUPS')
  const isRule = environment.text('FORWARDED_ALLOW_GROUPS') !== undefined
  if (header === undefined && !isRule) return undefined
  if (header === undefined) {
    environment.errors.push('FORWARDED_GROUPS_HEADER is required for FORWARDED_ALLOW_GROUPS')
  } else if (allowed.length === 0) {
    environment.errors.push('FORWARDED_ALLOW_GROUPS must name a group for FORWARDED_GROUPS_HEADER')
  }
  return { header: header ?? '', allowed }
}

const readAllow = (environment: Environment): OidcAllow | undefined => {
  const text = environment.text('OIDC_ALLOW')
  if (text === undefined) return undefined
  const { allow, errors } = readOidcAllow(text)
  environment.errors.push(...errors.map((error) => `OIDC_ALLOW: ${error}`))
  return allow
}

const readScope = (environment: Environment, allow: OidcAllow | undefined): string => {
  const isEmailNeeded = (allow && isAboutEmail(allow)) || environment.text('LOGIN_HINT') === 'on'
  const byDefault = isEmailNeeded ? 'openid profile email' : 'openid profile'
  const names = (environment.text('OIDC_SCOPE') ?? byDefault).split(/ +/)
  if (!names.includes('openid') || !names.every(isScopeName)) {
    environment.errors.push(
      'OIDC_SCOPE must be scopes, separated by spaces, and one of them openid',
    )
  }
  return names.join(' ')
}

/** Pages show no more, in characters. */
const MAX_CONTACT = 120

const readContact = (environment: Environment): string | undefined => {
  const contact = environment.text('SUPPORT_CONTACT')
  if (contact !== undefined && contact.length > MAX_CONTACT) {
    environment.errors.push(`SUPPORT_CONTACT must have ${MAX_CONTACT} characters at most`)
  }
  return contact
}

/** The demo sign-in has no passwords, so it must not reach other machines by accident. */
const refuseUnsafeDemo = (environment: Environment, host: string, publicUrl: string): void => {
  if (environment.text('NODE_ENV') === 'production') {
    environment.errors.push(
      'SIGN_IN=demo accepts any name without a password, so NODE_ENV=production refuses it',
    )
    return
  }
  const isReachable = !isLoopback(host) || !isLoopback(new URL(publicUrl).hostname)
  if (isReachable && environment.text('SIGN_IN') !== 'demo') {
    environment.errors.push(
      'SIGN_IN must be set if HOST or PUBLIC_URL is not loopback, because the default, demo, ' +
        'accepts any name without a password',
    )
  }
}

const readSessionSecrets = (
  environment: Environment,
  redisUrl: string | undefined,
): readonly string[] => {
  const secrets = environment.list('SESSION_SECRET')
  if (secrets.length === 0 && redisUrl !== undefined) {
    environment.errors.push(
      'SESSION_SECRET is required with REDIS_URL, because all servers need the same one',
    )
  }
  if (secrets.some(({ length }) => length < 32)) {
    environment.errors.push('SESSION_SECRET needs at least 32 characters; commas separate secrets')
  }
  return secrets
}

/** Whether sessions prove nothing anyway, because anyone on this machine may sign in as anyone. */
const isLocalDemo = ({ kind }: SignInSettings, publicUrl: string): boolean =>
  kind === 'demo' && isLoopback(new URL(publicUrl).hostname)

/** Anyone who knows the secret can forge a session of any person. */
const refuseWeakSecret = (environment: Environment, secret: string): void => {
  const weakness = weaknessOf(secret)
  if (weakness === undefined || secret.length < 32) return
  environment.errors.push(`SESSION_SECRET ${weakness}: make one with openssl rand -base64 32`)
}

const readFrontEndOrigins = (environment: Environment): readonly string[] => {
  const origins = environment.list('FRONT_END_ORIGINS')
  for (const [i, origin] of origins.entries()) {
    if (!isOrigin(origin)) {
      environment.errors.push(
        `FRONT_END_ORIGINS: entry ${i + 1} is not an origin such as https://app.example.com`,
      )
    }
  }
  return origins
}

const isOrigin = (text: string): boolean =>
  URL.canParse(text) && /^https?:[^*]+$/.test(text) && new URL(text).origin === text

const readScopesSupported = (environment: Environment): readonly string[] => {
  const names = environment.list('SCOPES_SUPPORTED')
  for (const [i, name] of names.entries()) {
    if (!isScopeName(name)) {
      environment.errors.push(`SCOPES_SUPPORTED: entry ${i + 1} is no name of a scope`)
    }
  }
  return names.length > 0 ? names : ['api']
}

const readResources = (environment: Environment): readonly string[] | undefined => {
  const resources = environment.list('RESOURCES')
  for (const [i, resource] of resources.entries()) {
    const problem = resourceProblem(resource)
    if (problem !== undefined) environment.errors.push(`RESOURCES: entry ${i + 1} ${problem}`)
  }
  return resources.length > 0 ? resources : undefined
}

const POLICY_VARIABLES: Readonly<Record<string, string>> = {
  codeLifetimeMs: 'DEVICE_CODE_TTL',
  intervalMs: 'POLL_INTERVAL',
  keyPrefix: 'API_KEY_PREFIX',
  wrongCodesOfEveryone: 'WRONG_CODE_CEILING',
  keepEndedKeysMs: 'KEEP_ENDED_KEYS',
  contestedLimit: 'CONTESTED_LIMIT',
}

const KEEP_ENDED_KEYS = {
  byDefault: DEFAULT_POLICY.keepEndedKeysMs / 1000,
  min: 0,
  max: 366 * 86_400,
}

/** A policy with an error limits no lifetime, so that CLIENTS_FILE gets no error because of it. */
const readPolicy = (environment: Environment, now: number): Policy => {
  const before = environment.errors.length
  const policy = readValidPolicy(environment, now)
  if (environment.errors.length === before) return policy
  return { ...policy, maxKeyLifetimeMs: Number.POSITIVE_INFINITY }
}

/** The policy of the variables, or the default one if they have an error. */
const readValidPolicy = (environment: Environment, now: number): Policy => {
  const milliseconds = (name: string, defaultMs: number): number => {
    const limits = { byDefault: defaultMs / 1000, min: 1, max: 1_000_000_000 }
    return environment.wholeNumber(name, limits) * 1000
  }
  const wrongCodesOfEveryone = environment.wholeNumber('WRONG_CODE_CEILING', {
    byDefault: undefined,
    min: 1,
    max: 1_000_000,
  })
  const keyLifetimes = readKeyLifetimes(environment)
  try {
    return createPolicy({
      codeLifetimeMs: milliseconds('DEVICE_CODE_TTL', DEFAULT_POLICY.codeLifetimeMs),
      intervalMs: milliseconds('POLL_INTERVAL', DEFAULT_POLICY.intervalMs),
      keysNotBefore: readKeysNotBefore(environment, now),
      keyPrefix: environment.text('API_KEY_PREFIX') ?? DEFAULT_POLICY.keyPrefix,
      keepEndedKeysMs: environment.wholeNumber('KEEP_ENDED_KEYS', KEEP_ENDED_KEYS) * 1000,
      contestedLimit: environment.wholeNumber('CONTESTED_LIMIT', { byDefault: 0, min: 0, max: 10 }),
      ...keyLifetimes,
      ...(wrongCodesOfEveryone === undefined ? {} : { wrongCodesOfEveryone }),
    })
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    environment.errors.push(
      ...policyErrors(error, { ...POLICY_VARIABLES, ...keyLifetimeVariables(environment) }),
    )
    return DEFAULT_POLICY
  }
}

/**
 * Names the variables in the errors of a policy. Errors of other members are left out, because their
 * defaults are only wrong together with one of these variables.
 */
const policyErrors = (
  { errors }: PolicyError,
  variables: Readonly<Record<string, string>>,
): readonly string[] => {
  const named = errors.flatMap((error) => {
    const member = error.match(/\w+/g)?.find((word) => Object.hasOwn(variables, word))
    if (member === undefined) return []
    const unit = member.endsWith('Ms') ? ' (milliseconds)' : ''
    return [`${variables[member]}: ${error}${unit}`]
  })
  return named.length > 0 ? named : errors
}
