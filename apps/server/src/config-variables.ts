import { SECRET_VARIABLES } from './secret-files.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

type Row = readonly [name: string, byDefault: string, meaning: string]

/** Every variable that the server reads, with its default and its meaning. */
export const VARIABLES: readonly Row[] = [
  ['PORT', '3000', 'port to listen on'],
  ['HOST', '127.0.0.1', 'address to listen on'],
  [
    'PUBLIC_URL',
    'http://localhost:PORT',
    'issuer, and base of every URL; https unless its host is loopback',
  ],
  [
    'VERIFICATION_URI',
    'the verification page',
    'URL that devices show to people, for example PUBLIC_URL/device or a page of your own',
  ],
  ['ALLOW_HTTP', 'false', 'true: PUBLIC_URL may be http on any host'],
  [
    'DATA_DIR',
    './data',
    'folder, on a local disk of this machine, of the data that REDIS_URL and MONGODB_URI do not move elsewhere',
  ],
  [
    'REDIS_URL',
    'in DATA_DIR',
    'redis://, rediss://, redis+cluster://h:p,h:p or redis+sentinel://h:p,h:p/name; or valkey',
  ],
  ['MONGODB_URI', 'in DATA_DIR', 'any MongoDB connection string'],
  ['STORES', 'none', 'memory: DATA_DIR is not used, and its data is lost when the server ends'],
  [
    'SIGN_IN',
    'demo',
    'demo (any name, no password), forwarded (by a reverse proxy) or oidc (OpenID Connect)',
  ],
  ['FORWARDED_USER_HEADER', 'x-forwarded-user', 'for forwarded: header with the id of the person'],
  [
    'FORWARDED_GROUPS_HEADER',
    'none',
    'for forwarded: header with the groups of the person, separated by commas',
  ],
  [
    'FORWARDED_ALLOW_GROUPS',
    'all people',
    'for forwarded: groups, separated by commas, whose people may sign in',
  ],
  [
    'TRUSTED_PROXIES',
    'none',
    'addresses or CIDR ranges, separated by commas, that may send X-Forwarded-For and both headers',
  ],
  ['OIDC_ISSUER', 'none', 'for oidc: URL of the OpenID provider'],
  ['OIDC_CLIENT_ID', 'none', 'for oidc: client id at the provider'],
  ['OIDC_CLIENT_SECRET', 'none', 'for oidc: client secret at the provider'],
  [
    'OIDC_SCOPE',
    'openid profile',
    'for oidc: scopes of the sign-in; with email if OIDC_ALLOW asks about e-mail',
  ],
  [
    'OIDC_ALLOW',
    'all people',
    'for oidc: claims of people who may sign in, such as groups=a,b;email_domain=x.example',
  ],
  [
    'SUPPORT_CONTACT',
    'none',
    'e-mail address, https URL or text for people who may not connect devices',
  ],
  ['PRODUCT_NAME', 'Device sign-in', 'name of the service on all pages'],
  [
    'ACCENT_COLOR',
    '#0b57b5,#8ab8f8',
    'color of links and buttons, such as #7a1fa2; with a comma another one for the dark scheme',
  ],
  ['LOGO_FILE', 'none', 'SVG or PNG file of the logo of all pages, which is their icon too'],
  ['SUPPORT_URL', 'none', 'https URL of the help that all pages link to'],
  ['PRIVACY_URL', 'none', 'https URL of the privacy notice that all pages link to'],
  ['IMPRINT_URL', 'none', 'https URL of the imprint that all pages link to'],
  [
    'TEXTS_FILE',
    'none',
    'JSON file of texts by language, which replace those of the pages or add a language',
  ],
  [
    'FRONT_END_ORIGINS',
    'none',
    'origins, separated by commas, whose pages may approve and deny codes',
  ],
  [
    'SESSION_SECRET',
    'kept in DATA_DIR',
    'signs cookies and forms, 32 characters or more (openssl rand -base64 32); required with REDIS_URL; ' +
      'older secrets may follow, separated by commas',
  ],
  ['DEVICE_CODE_TTL', '600', 'lifetime of a code, in seconds'],
  ['POLL_INTERVAL', '5', 'time between two polls, in seconds'],
  [
    'API_KEY_LIFETIMES',
    '86400,2592000,7776000',
    'lifetimes of an API key that people choose from, in seconds; the first is preselected',
  ],
  ['API_KEY_TTL', 'none', 'the only lifetime, in seconds, instead of API_KEY_LIFETIMES'],
  [
    'API_KEY_MAX_TTL',
    'the longest',
    'longest lifetime of an API key, in seconds, also for CLIENTS_FILE',
  ],
  [
    'API_KEY_IDLE',
    '0',
    'seconds, 3600 or more, after which an unused API key has expired; 0: no limit',
  ],
  [
    'KEEP_ENDED_KEYS',
    '2592000',
    'seconds for which people see the keys that have ended, and what ended them',
  ],
  ['API_KEY_PREFIX', 'dg_', 'first characters of every API key'],
  [
    'CLIENTS_FILE',
    'any client',
    'JSON file of the clients that may ask for codes, and of the scopes',
  ],
  ['SCOPES_FILE', 'any scope', 'JSON file of the scopes alone'],
  [
    'SCOPES_SUPPORTED',
    'api',
    'scopes, separated by commas, that the metadata name if no file has scopes',
  ],
  [
    'RESOURCES',
    'none',
    'URIs, separated by commas, of the resources that keys may be for (RFC 8707)',
  ],
  [
    'PROXIMITY',
    'warn',
    'if a device is not known to be near the person: warn, confirm (they say why) or block',
  ],
  [
    'VERIFICATION_URI_COMPLETE',
    'on',
    'confirm: people who come by a link with a code type its end; off: there are no such links',
  ],
  ['CONTESTED_LIMIT', '0', '2 to 10: so many accounts that enter a code end it; 0: no limit'],
  ['LOGIN_HINT', 'off', 'on: login_hint of a request says whose account alone may approve it'],
  [
    'REQUIRE_KNOWN_PERSON',
    'false',
    'true: a request for a code needs an API key, or a client that authenticates',
  ],
  [
    'FRESH_SIGN_IN',
    '0',
    'seconds since the sign-in after which people sign in again to approve; 0: no limit',
  ],
  [
    'SENSITIVE_SCOPES',
    'a warning',
    'never, or what they need: near, code_ending, known_person, fresh_sign_in, by commas',
  ],
  ['AUTHORIZE_LIMIT', '60', 'new codes per minute and address; 0: no limit'],
  [
    'AUTHORIZE_LIMIT_EXEMPT',
    'none',
    'addresses or CIDR ranges, separated by commas, without that limit',
  ],
  ['KEYS_NOT_BEFORE', 'none', 'keys approved before this time (ISO 8601, UTC) do not work'],
  ['KEEP_ALIVE_TIMEOUT', '75', 'seconds for which an idle connection stays open'],
  ['MAX_CONNECTIONS', '10000', 'open connections; further ones are closed at once'],
  ['METRICS_PORT', 'none', 'port of the metrics for Prometheus, on HOST, at /metrics'],
  [
    'SHUTDOWN_DELAY',
    '0',
    'seconds after SIGTERM during which /readyz is 503 and requests are still answered',
  ],
  [
    'WRONG_CODE_CEILING',
    'see the log',
    'wrong codes of all people in 10 minutes; beyond it each person has one attempt',
  ],
  ['ADMIN_TOKENS_FILE', 'off', 'JSON file of the hashes of tokens that may use /admin'],
  ['GITHUB_SECRET_SCANNING', 'false', 'true: GitHub may report leaked keys, which are revoked'],
  [
    'WEBHOOK_URL',
    'none',
    'receives events as Standard Webhooks; https unless its host is loopback',
  ],
  ['WEBHOOK_SECRET', 'none', 'signs them: whsec_ and 24 to 64 bytes in base64'],
  [
    'WEBHOOK_EVENTS',
    'see docs/audit.md',
    'types of events to send, separated by commas, such as key_claimed,key_revoked',
  ],
  ['LOG_LEVEL', 'info', LOG_LEVELS.join(', ')],
]

/** The names of all variables. Secrets may be in files too. */
export const KNOWN_VARIABLES: readonly string[] = [
  ...VARIABLES.map(([name]) => name),
  ...SECRET_VARIABLES.map((name) => `${name}_FILE`),
]

/** The text of `--help`. */
export const configHelp = (): string => {
  const width = (column: 0 | 1): number => Math.max(...VARIABLES.map((row) => row[column].length))
  const rows = VARIABLES.map(
    ([name, byDefault, meaning]) =>
      `  ${name.padEnd(width(0))}  ${byDefault.padEnd(width(1))}  ${meaning}`,
  )
  return `The device-grant server. Environment variables configure it:

${rows.join('\n')}

  device-grant --print-config
      prints the settings in force as JSON, with secrets masked
  device-grant --version
      prints the version
`
}
