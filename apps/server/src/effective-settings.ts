import type { Settings, SignInSettings } from './config.ts'
import { VARIABLES } from './config-variables.ts'
import type { SafeguardSettings } from './safeguard-settings.ts'

/** What stands for a secret. */
const SECRET = '(secret)'

/** A URL of a server: scheme, perhaps credentials, and then hosts, path and query. */
const SERVER_URL = /^([a-z][a-z\d+.-]*:\/\/)(?:[^?#]*@)?([^@?#]*)(?:[?#][^@]*)?$/i

/**
 * The settings in force, by variable and in its unit, with the defaults of variables that are not set.
 * Secrets are masked, so the log and a terminal may show them.
 */
export const effectiveSettings = (settings: Settings): Readonly<Record<string, unknown>> => {
  const { policy, webhook } = settings
  const values: Readonly<Record<string, unknown>> = {
    PORT: settings.port,
    HOST: settings.host,
    PUBLIC_URL: settings.publicUrl,
    VERIFICATION_URI: settings.verificationUri,
    ...storeValues(settings),
    ...signInValues(settings.signIn),
    TRUSTED_PROXIES: textOf(settings.trustedProxies),
    SUPPORT_CONTACT: settings.contact,
    FRONT_END_ORIGINS: textOf(settings.frontEndOrigins),
    PRODUCT_NAME: settings.brand.product,
    ACCENT_COLOR: settings.brand.accentColor,
    LOGO_FILE: settings.brand.logoFile,
    SUPPORT_URL: settings.brand.supportUrl,
    PRIVACY_URL: settings.brand.privacyUrl,
    IMPRINT_URL: settings.brand.imprintUrl,
    TEXTS_FILE: settings.brand.textsFile,
    SESSION_SECRET: sessionSecretOf(settings),
    DEVICE_CODE_TTL: policy.codeLifetimeMs / 1000,
    POLL_INTERVAL: policy.intervalMs / 1000,
    API_KEY_LIFETIMES: textOf(policy.keyLifetimesMs.map((ms) => ms / 1000)),
    API_KEY_MAX_TTL: policy.maxKeyLifetimeMs / 1000,
    API_KEY_IDLE: policy.keyIdleMs / 1000,
    KEEP_ENDED_KEYS: policy.keepEndedKeysMs / 1000,
    API_KEY_PREFIX: policy.keyPrefix,
    CLIENTS_FILE: settings.clientsFile,
    SCOPES_FILE: settings.scopesFile,
    SCOPES_SUPPORTED: textOf(settings.scopesSupported),
    RESOURCES: textOf(settings.resources ?? []),
    AUTHORIZE_LIMIT: settings.authorizeLimit,
    AUTHORIZE_LIMIT_EXEMPT: textOf(settings.authorizeLimitExempt),
    KEYS_NOT_BEFORE:
      policy.keysNotBefore > 0 ? new Date(policy.keysNotBefore).toISOString() : undefined,
    KEEP_ALIVE_TIMEOUT: settings.keepAliveMs / 1000,
    MAX_CONNECTIONS: settings.maxConnections,
    METRICS_PORT: settings.metricsPort,
    SHUTDOWN_DELAY: settings.shutdownDelayMs / 1000,
    CONTESTED_LIMIT: policy.contestedLimit,
    ...safeguardValues(settings.safeguards),
    WRONG_CODE_CEILING: policy.wrongCodesOfEveryone,
    ADMIN_TOKENS_FILE: settings.adminTokensFile,
    GITHUB_SECRET_SCANNING: settings.githubSecretScanning,
    WEBHOOK_URL: webhook && hostOf(webhook.url),
    WEBHOOK_SECRET: webhook && SECRET,
    WEBHOOK_EVENTS: webhook ? textOf(webhook.events) : 'none',
    LOG_LEVEL: settings.logLevel,
  }
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value ?? defaultOf(name)]),
  )
}

const storeValues = ({
  dataDir,
  redisUrl,
  mongodbUri,
}: Settings): Readonly<Record<string, unknown>> => {
  const isInMemory = dataDir === undefined && !(redisUrl && mongodbUri)
  const otherwise = isInMemory ? 'in memory' : undefined
  return {
    DATA_DIR: dataDir ?? 'none',
    REDIS_URL: redisUrl ? withoutSecrets(redisUrl) : otherwise,
    MONGODB_URI: mongodbUri ? withoutSecrets(mongodbUri) : otherwise,
    STORES: isInMemory ? 'memory' : 'none',
  }
}

const sessionSecretOf = ({ sessionSecretIsRandom, dataDir }: Settings): string => {
  if (!sessionSecretIsRandom) return SECRET
  return dataDir === undefined ? 'random' : 'kept in DATA_DIR'
}

const safeguardValues = (safeguards: SafeguardSettings): Readonly<Record<string, unknown>> => ({
  PROXIMITY: safeguards.proximity,
  VERIFICATION_URI_COMPLETE: safeguards.completeUri,
  LOGIN_HINT: safeguards.usesLoginHint ? 'on' : 'off',
  REQUIRE_KNOWN_PERSON: safeguards.requiresKnownPerson,
  FRESH_SIGN_IN: safeguards.freshSignIn,
  SENSITIVE_SCOPES: textOf(safeguards.sensitiveScopes),
})

const signInValues = (signIn: SignInSettings): Readonly<Record<string, unknown>> => {
  switch (signIn.kind) {
    case 'demo':
      return { SIGN_IN: signIn.kind }
    case 'forwarded':
      return {
        SIGN_IN: signIn.kind,
        FORWARDED_USER_HEADER: signIn.header,
        FORWARDED_GROUPS_HEADER: signIn.groups?.header,
        FORWARDED_ALLOW_GROUPS: textOf(signIn.groups?.allowed ?? []),
      }
    case 'oidc':
      return {
        SIGN_IN: signIn.kind,
        OIDC_ISSUER: withoutSecrets(signIn.issuer),
        OIDC_CLIENT_ID: signIn.clientId,
        OIDC_CLIENT_SECRET: SECRET,
        OIDC_SCOPE: signIn.scope,
        OIDC_ALLOW: signIn.allow
          ?.map(({ name, values }) => `${name}=${values.join(',')}`)
          .join(';'),
      }
  }
}

/** The entries of a list as its variable has them. */
const textOf = (entries: readonly unknown[]): string | undefined => entries.join(',') || undefined

const defaultOf = (name: string): string | undefined =>
  VARIABLES.find(([variable]) => variable === name)?.[1]

/**
 * The hosts and the path of a URL. Its credentials and its query, which may hold a password of MongoDB,
 * are cut.
 */
const withoutSecrets = (url: string): string => {
  const [, scheme, rest] = SERVER_URL.exec(url) ?? []
  if (scheme === undefined) return SECRET
  return `${scheme}${rest}`
}

/** The origin of a URL whose path or query may hold a token. */
const hostOf = (url: string): string => `${new URL(url).origin}/${SECRET}`
