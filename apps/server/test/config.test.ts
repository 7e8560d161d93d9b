import { createPolicy, type Policy } from '@device-grant/core'
import test from 'ava'
import { readConfig, type Settings } from '#src/config.js'
import { configHelp, VARIABLES } from '#src/config-variables.js'
import { SECRET_VARIABLES } from '#src/secret-files.js'
import { configErrorsOf } from './config-errors.ts'

type Env = Readonly<Record<string, string | undefined>>

const SECRET = 'a secret of thirty-two characters'
const PROXIED = { SIGN_IN: 'forwarded', TRUSTED_PROXIES: '10.0.0.0/8, ::1' }
const OIDC = {
  SIGN_IN: 'oidc',
  OIDC_ISSUER: 'https://id.example',
  OIDC_CLIENT_ID: 'device-grant',
  OIDC_CLIENT_SECRET: 'hush',
}

test('every variable has a default', (t) => {
  const { sessionSecrets, policy, ...rest } = readConfig({})
  t.deepEqual(rest, {
    port: 3000,
    dataDir: './data',
    host: '127.0.0.1',
    publicUrl: 'http://localhost:3000',
    verificationUri: undefined,
    redisUrl: undefined,
    mongodbUri: undefined,
    signIn: { kind: 'demo' },
    contact: undefined,
    brand: {
      product: undefined,
      accentColor: undefined,
      logoFile: undefined,
      supportUrl: undefined,
      privacyUrl: undefined,
      imprintUrl: undefined,
      textsFile: undefined,
    },
    trustedProxies: [],
    frontEndOrigins: [],
    sessionSecretIsRandom: true,
    clientsFile: undefined,
    resources: undefined,
    scopesFile: undefined,
    scopesSupported: ['api'],
    adminTokensFile: undefined,
    githubSecretScanning: false,
    authorizeLimit: 60,
    authorizeLimitExempt: [],
    keepAliveMs: 75_000,
    maxConnections: 10_000,
    metricsPort: undefined,
    shutdownDelayMs: 0,
    webhook: undefined,
    logLevel: 'info',
    safeguards: {
      proximity: 'warn',
      completeUri: 'on',
      usesLoginHint: false,
      requiresKnownPerson: false,
      freshSignIn: 0,
      sensitiveScopes: [],
    },
  })
  t.true(sessionSecrets[0].length >= 32)
  t.not(readConfig({}).sessionSecrets[0], sessionSecrets[0])
  t.is(policy.codeLifetimeMs, 600_000)
  t.is(policy.intervalMs, 5_000)
  t.deepEqual(policy.keyLifetimesMs, [86_400_000, 2_592_000_000, 7_776_000_000])
  t.is(policy.maxKeyLifetimeMs, 7_776_000_000)
  t.is(policy.keyIdleMs, 0)
  t.is(policy.keyPrefix, 'dg_')
})

test('an empty or blank variable gets its default', (t) => {
  const env = Object.fromEntries(VARIABLES.map(([name], i) => [name, i % 2 ? '' : '  ']))
  const { sessionSecrets: _, ...settings } = readConfig(env)
  const { sessionSecrets: __, ...byDefault } = readConfig({})
  t.deepEqual(settings, byDefault)
})

const GOOD: readonly (readonly [env: Env, expected: Partial<Settings>])[] = [
  [{ PORT: '65535' }, { port: 65_535, publicUrl: 'http://localhost:65535' }],
  [{ HOST: '::1' }, { host: '::1' }],
  [{ METRICS_PORT: '9464' }, { metricsPort: 9464 }],
  [{ HOST: '[::1]' }, { host: '::1' }],
  [{ HOST: '0.0.0.0', SIGN_IN: 'demo' }, { host: '0.0.0.0' }],
  [{ ...PROXIED, PUBLIC_URL: 'https://login.example/' }, { publicUrl: 'https://login.example' }],
  [
    { ...PROXIED, PUBLIC_URL: 'https://login.example/a/b//' },
    { publicUrl: 'https://login.example/a/b' },
  ],
  [
    { ...PROXIED, PUBLIC_URL: 'http://login.example', ALLOW_HTTP: 'true' },
    { publicUrl: 'http://login.example' },
  ],
  [{ PUBLIC_URL: 'http://127.0.0.1:8080' }, { publicUrl: 'http://127.0.0.1:8080' }],
  [{ PUBLIC_URL: 'http://[::1]:8080' }, { publicUrl: 'http://[::1]:8080' }],
  [{ PUBLIC_URL: 'http://login.localhost:8080' }, { publicUrl: 'http://login.localhost:8080' }],
  [
    { VERIFICATION_URI: 'https://example.com/device' },
    { verificationUri: 'https://example.com/device' },
  ],
  [{ VERIFICATION_URI: 'http://localhost:5173' }, { verificationUri: 'http://localhost:5173/' }],
  [
    { REDIS_URL: 'redis+cluster://a:1,b:2', SESSION_SECRET: SECRET },
    { redisUrl: 'redis+cluster://a:1,b:2', sessionSecrets: [SECRET], sessionSecretIsRandom: false },
  ],
  [
    { REDIS_URL: 'valkeys://default@h?family=0', SESSION_SECRET: SECRET },
    { redisUrl: 'valkeys://default@h?family=0' },
  ],
  [{ MONGODB_URI: 'mongodb+srv://h/db' }, { mongodbUri: 'mongodb+srv://h/db' }],
  [
    PROXIED,
    {
      signIn: { kind: 'forwarded', header: 'x-forwarded-user' },
      trustedProxies: ['10.0.0.0/8', '::1'],
    },
  ],
  [
    { ...PROXIED, FORWARDED_USER_HEADER: 'Remote-User' },
    { signIn: { kind: 'forwarded', header: 'remote-user' } },
  ],
  [
    OIDC,
    {
      signIn: {
        kind: 'oidc',
        issuer: 'https://id.example',
        clientId: 'device-grant',
        clientSecret: 'hush',
        scope: 'openid profile',
      },
    },
  ],
  [
    { ...OIDC, OIDC_ALLOW: ' groups = a, b c ; https://x.example/role=d ' },
    {
      signIn: {
        kind: 'oidc',
        issuer: 'https://id.example',
        clientId: 'device-grant',
        clientSecret: 'hush',
        scope: 'openid profile',
        allow: [
          { name: 'groups', values: ['a', 'b c'] },
          { name: 'https://x.example/role', values: ['d'] },
        ],
      },
    },
  ],
  [
    {
      ...PROXIED,
      FORWARDED_GROUPS_HEADER: 'X-Forwarded-Groups',
      FORWARDED_ALLOW_GROUPS: 'a, b c,',
    },
    {
      signIn: {
        kind: 'forwarded',
        header: 'x-forwarded-user',
        groups: { header: 'x-forwarded-groups', allowed: ['a', 'b c'] },
      },
    },
  ],
  [{ SUPPORT_CONTACT: ' help@x.example ' }, { contact: 'help@x.example' }],
  [
    { FRONT_END_ORIGINS: 'https://a.example, http://localhost:5173' },
    { frontEndOrigins: ['https://a.example', 'http://localhost:5173'] },
  ],
  [
    { CLIENTS_FILE: './clients.json', SCOPES_FILE: '/etc/scopes.json' },
    { clientsFile: './clients.json', scopesFile: '/etc/scopes.json' },
  ],
  [{ SCOPES_SUPPORTED: 'read, write' }, { scopesSupported: ['read', 'write'] }],
  [{ AUTHORIZE_LIMIT: '0' }, { authorizeLimit: 0 }],
  [{ LOG_LEVEL: 'silent' }, { logLevel: 'silent' }],
]

for (const [env, expected] of GOOD) {
  test(`accepted: ${JSON.stringify(env)}`, (t) => t.like(readConfig(env), expected))
}

test('the sign-in asks for the address if the rule needs it', (t) => {
  const scopeOf = (env: Env): string | undefined => {
    const { signIn } = readConfig({ ...OIDC, ...env })
    return signIn.kind === 'oidc' ? signIn.scope : undefined
  }
  t.is(scopeOf({}), 'openid profile')
  t.is(scopeOf({ OIDC_ALLOW: 'groups=email' }), 'openid profile')
  t.is(scopeOf({ OIDC_ALLOW: 'groups=a;email_domain=x.example' }), 'openid profile email')
  t.is(scopeOf({ OIDC_ALLOW: 'email=ann@x.example' }), 'openid profile email')
  t.is(scopeOf({ OIDC_ALLOW: 'email_domain=x.example', OIDC_SCOPE: 'openid' }), 'openid')
  t.is(scopeOf({ OIDC_SCOPE: 'groups  openid' }), 'groups openid')
})

test('times of the policy are given in seconds', (t) => {
  const { policy } = readConfig({
    DEVICE_CODE_TTL: '900',
    POLL_INTERVAL: '1',
    API_KEY_TTL: '60',
    API_KEY_PREFIX: 'acme_',
  })
  t.like(policy, {
    codeLifetimeMs: 900_000,
    intervalMs: 1_000,
    keyLifetimesMs: [60_000],
    keyPrefix: 'acme_',
  })
})

const LIFETIMES: readonly (readonly [env: Env, policy: Partial<Policy>])[] = [
  [
    { API_KEY_LIFETIMES: '3600, 60,86400' },
    { keyLifetimesMs: [3_600_000, 60_000, 86_400_000], maxKeyLifetimeMs: 86_400_000 },
  ],
  [{ API_KEY_TTL: '60' }, { keyLifetimesMs: [60_000], maxKeyLifetimeMs: 60_000 }],
  [
    { API_KEY_LIFETIMES: '60', API_KEY_MAX_TTL: '3600' },
    { keyLifetimesMs: [60_000], maxKeyLifetimeMs: 3_600_000 },
  ],
  [
    { API_KEY_MAX_TTL: '8000000' },
    {
      keyLifetimesMs: [86_400_000, 2_592_000_000, 7_776_000_000],
      maxKeyLifetimeMs: 8_000_000_000,
    },
  ],
  [{ API_KEY_IDLE: '3600' }, { keyIdleMs: 3_600_000 }],
  [{ API_KEY_IDLE: '0' }, { keyIdleMs: 0 }],
  [{ KEEP_ENDED_KEYS: '86400' }, { keepEndedKeysMs: 86_400_000 }],
]
for (const [env, expected] of LIFETIMES) {
  test(`lifetimes of keys: ${JSON.stringify(env)}`, (t) => t.like(readConfig(env).policy, expected))
}

test('the ceiling of wrong codes is passed on, and else the policy chooses it', (t) => {
  const { policy } = readConfig({ WRONG_CODE_CEILING: '250' })
  t.is(policy.wrongCodesOfEveryone, 250)
  t.is(readConfig({}).policy.wrongCodesOfEveryone, createPolicy().wrongCodesOfEveryone)
})

test('a ceiling of wrong codes that makes guessing too easy is named beside other errors', (t) => {
  const errors = configErrorsOf({ WRONG_CODE_CEILING: '1000000', API_KEY_PREFIX: '-' })
  const names = new Set(errors.map((error) => error.split(':')[0]))
  t.deepEqual([...names].toSorted(), ['API_KEY_PREFIX', 'WRONG_CODE_CEILING'])
})

const BAD: readonly (readonly [env: Env, ...names: RegExp[]])[] = [
  ...['0', '65536', '-1', '80.5', '1e3', 'http', '0x50', '٣٠٠٠'].map(
    (PORT) => [{ PORT }, /^PORT /] as const,
  ),
  [{ PUBLIC_URL: 'http://login.example', SIGN_IN: 'demo' }, /^PUBLIC_URL must be https/],
  ...[
    'http://example.com/device',
    'https://example.com/device?',
    'https://example.com/device?user_code=',
    'https://example.com/device#code',
    'https://maria@example.com/device',
    'https://:hush@example.com/device',
    'example.com/device',
    '/device',
    'ftp://example.com/device',
  ].map(
    (VERIFICATION_URI) => [{ VERIFICATION_URI }, /^VERIFICATION_URI must be an https URL/] as const,
  ),
  [{ PUBLIC_URL: 'http://localhost.evil.example', SIGN_IN: 'demo' }, /^PUBLIC_URL must be https/],
  [{ PUBLIC_URL: 'http://127.0.0.1.evil.example', SIGN_IN: 'demo' }, /^PUBLIC_URL must be https/],
  ...[
    'login.example',
    '/auth',
    'ftp://login.example',
    'https://login.example?a=b',
    'https://login.example#a',
    'https://login.example/?',
    'https://user@login.example',
    'https://:pw@login.example',
    'https://login.example/a(b',
    'https://login.example/a/*',
    'https://login.example/:tenant',
  ].map((PUBLIC_URL) => [{ PUBLIC_URL }, /^PUBLIC_URL must be an http or https URL/] as const),
  [{ ALLOW_HTTP: 'yes' }, /^ALLOW_HTTP /],
  [{ REDIS_URL: 'localhost:6379', SESSION_SECRET: SECRET }, /^REDIS_URL /],
  [{ REDIS_URL: 'http://localhost', SESSION_SECRET: SECRET }, /^REDIS_URL /],
  [{ REDIS_URL: 'redis://localhost' }, /^SESSION_SECRET is required with REDIS_URL/],
  [{ MONGODB_URI: 'mongo://localhost' }, /^MONGODB_URI /],
  [{ MONGODB_URI: 'mongodb://' }, /^MONGODB_URI /],
  [{ SIGN_IN: 'none' }, /^SIGN_IN /],
  [{ SIGN_IN: 'Demo' }, /^SIGN_IN /],
  [{ SIGN_IN: 'forwarded' }, /^TRUSTED_PROXIES is required/],
  [{ SIGN_IN: 'forwarded', TRUSTED_PROXIES: ' , ' }, /^TRUSTED_PROXIES is required/],
  [{ SIGN_IN: 'forwarded', TRUSTED_PROXIES: 'proxy.example' }, /^TRUSTED_PROXIES: proxy.example/],
  [{ TRUSTED_PROXIES: '10.0.0.0/99' }, /^TRUSTED_PROXIES: 10.0.0.0\/99/],
  [{ ...PROXIED, FORWARDED_USER_HEADER: 'remote user' }, /^FORWARDED_USER_HEADER /],
  [{ SIGN_IN: 'oidc' }, /^OIDC_ISSUER is/, /^OIDC_CLIENT_ID is/, /^OIDC_CLIENT_SECRET is/],
  [{ ...OIDC, OIDC_ISSUER: 'id.example' }, /^OIDC_ISSUER must/],
  ...['groups', '=a', 'groups=a;', ';groups=a', 'two words=a', 'a,b=c', 'groups:a'].map(
    (OIDC_ALLOW) => [{ ...OIDC, OIDC_ALLOW }, /^OIDC_ALLOW: part [12] must be a claim/] as const,
  ),
  ...['groups=', 'groups=a,,b', 'groups=a,'].map(
    (OIDC_ALLOW) => [{ ...OIDC, OIDC_ALLOW }, /^OIDC_ALLOW: part 1 has an empty value/] as const,
  ),
  ...['@x.example', 'x', 'x.example, *.example', 'ann@x.example', 'bücher.example'].map(
    (domain) =>
      [
        { ...OIDC, OIDC_ALLOW: `email_domain=${domain}` },
        /^OIDC_ALLOW: part 1 must have domains/,
      ] as const,
  ),
  [
    { ...OIDC, OIDC_ALLOW: 'groups=a;groups=b;x' },
    /^OIDC_ALLOW: part 2 names groups again/,
    /^OIDC_ALLOW: part 3 must/,
  ],
  [{ ...PROXIED, OIDC_ALLOW: 'groups=a' }, /^OIDC_ALLOW needs SIGN_IN=oidc/],
  [{ OIDC_ALLOW: 'groups=a' }, /^OIDC_ALLOW needs SIGN_IN=oidc/],
  [{ ...OIDC, OIDC_SCOPE: 'profile' }, /^OIDC_SCOPE must/],
  [{ ...OIDC, OIDC_SCOPE: 'openid "a"' }, /^OIDC_SCOPE must/],
  [{ ...OIDC, FORWARDED_ALLOW_GROUPS: 'a' }, /^FORWARDED_ALLOW_GROUPS needs SIGN_IN=forwarded/],
  [{ ...PROXIED, FORWARDED_ALLOW_GROUPS: 'a' }, /^FORWARDED_GROUPS_HEADER is required/],
  [{ ...PROXIED, FORWARDED_GROUPS_HEADER: 'groups' }, /^FORWARDED_ALLOW_GROUPS must name a group/],
  [
    { ...PROXIED, FORWARDED_GROUPS_HEADER: 'groups', FORWARDED_ALLOW_GROUPS: ',' },
    /^FORWARDED_ALLOW_GROUPS must name a group/,
  ],
  [
    { ...PROXIED, FORWARDED_GROUPS_HEADER: 'the groups', FORWARDED_ALLOW_GROUPS: 'a' },
    /^FORWARDED_GROUPS_HEADER must be a header name/,
  ],
  [{ SUPPORT_CONTACT: 'x'.repeat(121) }, /^SUPPORT_CONTACT must/],
  [{ SESSION_SECRET: 'short' }, /^SESSION_SECRET needs at least 32/],
  ...[
    'https://app.example/',
    'https://app.example:443',
    'app.example',
    'null',
    '*',
    'https://*.example',
    'HTTPS://app.example',
    'https://u:p@app.example',
    'ftp://app.example',
  ].map(
    (origin) =>
      [
        { FRONT_END_ORIGINS: `https://a.example,${origin}` },
        /^FRONT_END_ORIGINS: entry 2 /,
      ] as const,
  ),
  [{ DEVICE_CODE_TTL: '0' }, /^DEVICE_CODE_TTL /],
  [{ DEVICE_CODE_TTL: '3601' }, /^DEVICE_CODE_TTL: /],
  [{ DEVICE_CODE_TTL: '4', POLL_INTERVAL: '5' }, /^DEVICE_CODE_TTL: /],
  [{ POLL_INTERVAL: '0' }, /^POLL_INTERVAL /],
  [{ POLL_INTERVAL: '2.5' }, /^POLL_INTERVAL /],
  [{ POLL_INTERVAL: '61' }, /^POLL_INTERVAL: /],
  [{ API_KEY_TTL: '999999999' }, /^API_KEY_TTL: /],
  [{ API_KEY_TTL: '60', API_KEY_LIFETIMES: '60' }, /^API_KEY_TTL and API_KEY_LIFETIMES are both/],
  [{ API_KEY_TTL: '60,120' }, /^API_KEY_TTL must be a whole number/],
  [
    { API_KEY_LIFETIMES: '60,x,0' },
    /^API_KEY_LIFETIMES: entry 2 must be a whole number/,
    /^API_KEY_LIFETIMES: entry 3 must be a whole number/,
  ],
  [{ API_KEY_LIFETIMES: '60,60' }, /^API_KEY_LIFETIMES: .* different/],
  [{ API_KEY_LIFETIMES: '1,2,3,4,5,6,7,8,9' }, /^API_KEY_LIFETIMES: .* 1 to 8/],
  [{ API_KEY_LIFETIMES: '999999999' }, /^API_KEY_LIFETIMES: /],
  [{ API_KEY_LIFETIMES: '60,3600', API_KEY_MAX_TTL: '60' }, /^API_KEY_LIFETIMES: .* 3600000/],
  [{ API_KEY_TTL: '3600', API_KEY_MAX_TTL: '60' }, /^API_KEY_TTL: .* 3600000/],
  [{ API_KEY_MAX_TTL: 'x' }, /^API_KEY_MAX_TTL must be a whole number/],
  [{ API_KEY_MAX_TTL: '999999999' }, /^API_KEY_MAX_TTL: /],
  [{ API_KEY_IDLE: '3599' }, /^API_KEY_IDLE: .* 3600000/],
  [{ KEEP_ENDED_KEYS: '-1' }, /^KEEP_ENDED_KEYS must be a whole number/],
  [{ API_KEY_IDLE: '-1' }, /^API_KEY_IDLE must be a whole number/],
  [{ SCOPES_SUPPORTED: 'read,a b' }, /^SCOPES_SUPPORTED: entry 2 is no name of a scope/],
  [{ API_KEY_PREFIX: 'a b' }, /^API_KEY_PREFIX: /],
  [{ AUTHORIZE_LIMIT: '-1' }, /^AUTHORIZE_LIMIT /],
  [{ MAX_CONNECTIONS: '0' }, /^MAX_CONNECTIONS /],
  [{ METRICS_PORT: '0' }, /^METRICS_PORT /],
  [{ METRICS_PORT: '3000' }, /^METRICS_PORT must differ from PORT$/],
  [{ SHUTDOWN_DELAY: '301' }, /^SHUTDOWN_DELAY /],
  [{ WRONG_CODE_CEILING: '0' }, /^WRONG_CODE_CEILING /],
  [{ LOG_LEVEL: 'loud' }, /^LOG_LEVEL /],
  [{ PROXIMITY: 'near' }, /^PROXIMITY must be /],
  [{ VERIFICATION_URI_COMPLETE: 'no' }, /^VERIFICATION_URI_COMPLETE must be /],
  [{ CONTESTED_LIMIT: '1' }, /^CONTESTED_LIMIT: .* 2 to 10/],
  [{ LOGIN_HINT: 'true' }, /^LOGIN_HINT must be /],
  [{ REQUIRE_KNOWN_PERSON: 'on' }, /^REQUIRE_KNOWN_PERSON must be /],
  [{ FRESH_SIGN_IN: '-1' }, /^FRESH_SIGN_IN must be /],
  [{ ...PROXIED, FRESH_SIGN_IN: '300' }, /^FRESH_SIGN_IN needs SIGN_IN=oidc/],
  [
    { ...PROXIED, SENSITIVE_SCOPES: 'fresh_sign_in', SCOPES_FILE: 'scopes.json' },
    /^SENSITIVE_SCOPES=fresh_sign_in needs SIGN_IN=oidc/,
  ],
  [{ SENSITIVE_SCOPES: 'never,near', SCOPES_FILE: 'scopes.json' }, /^SENSITIVE_SCOPES must be /],
  [{ SENSITIVE_SCOPES: 'rarely', SCOPES_FILE: 'scopes.json' }, /^SENSITIVE_SCOPES must be /],
  [{ SENSITIVE_SCOPES: 'near' }, /^SENSITIVE_SCOPES needs CLIENTS_FILE or SCOPES_FILE$/],
]

for (const [env, ...names] of BAD) {
  test(`refused: ${JSON.stringify(env)}`, (t) => {
    const errors = configErrorsOf(env)
    t.is(errors.length, names.length, errors.join('\n'))
    for (const [i, name] of names.entries()) t.regex(errors[i] ?? '', name)
  })
}

test('all errors are named at once', (t) => {
  const errors = configErrorsOf({
    PORT: 'x',
    PUBLIC_URL: 'x',
    VERIFICATION_URI: 'x',
    ALLOW_HTTP: 'x',
    REDIS_URL: 'x',
    MONGODB_URI: 'x',
    SIGN_IN: 'forwarded',
    TRUSTED_PROXIES: 'x',
    FORWARDED_USER_HEADER: 'x y',
    FRONT_END_ORIGINS: 'x',
    SESSION_SECRET: 'x',
    DEVICE_CODE_TTL: 'x',
    POLL_INTERVAL: 'x',
    API_KEY_TTL: 'x',
    API_KEY_MAX_TTL: 'x',
    API_KEY_IDLE: 'x',
    SCOPES_SUPPORTED: '"',
    API_KEY_PREFIX: '-',
    AUTHORIZE_LIMIT: 'x',
    MAX_CONNECTIONS: 'x',
    SHUTDOWN_DELAY: 'x',
    WRONG_CODE_CEILING: 'x',
    LOG_LEVEL: 'x',
  })
  t.deepEqual(errors.map((error) => /^\w+/.exec(error)?.[0]).toSorted(), [
    'ALLOW_HTTP',
    'API_KEY_IDLE',
    'API_KEY_MAX_TTL',
    'API_KEY_PREFIX',
    'API_KEY_TTL',
    'AUTHORIZE_LIMIT',
    'DEVICE_CODE_TTL',
    'FORWARDED_USER_HEADER',
    'FRONT_END_ORIGINS',
    'LOG_LEVEL',
    'MAX_CONNECTIONS',
    'MONGODB_URI',
    'POLL_INTERVAL',
    'PORT',
    'PUBLIC_URL',
    'REDIS_URL',
    'SCOPES_SUPPORTED',
    'SESSION_SECRET',
    'SHUTDOWN_DELAY',
    'TRUSTED_PROXIES',
    'VERIFICATION_URI',
    'WRONG_CODE_CEILING',
  ])
})

for (const [env, refused] of [
  [{}, false],
  [{ SIGN_IN: 'demo' }, false],
  [{ NODE_ENV: 'development' }, false],
  [{ NODE_ENV: 'production' }, true],
  [{ NODE_ENV: 'production', SIGN_IN: 'demo' }, true],
  [{ NODE_ENV: 'production', ...PROXIED }, false],
  [{ NODE_ENV: 'production', ...OIDC }, false],
  [{ HOST: '0.0.0.0' }, true],
  [{ HOST: '::' }, true],
  [{ HOST: '192.0.2.1' }, true],
  [{ HOST: 'localhost' }, false],
  [{ HOST: '127.0.0.2' }, false],
  [{ HOST: '::1' }, false],
  [{ HOST: '0.0.0.0', SIGN_IN: 'demo' }, false],
  [{ HOST: '0.0.0.0', SIGN_IN: 'demo', NODE_ENV: 'production' }, true],
  [{ PUBLIC_URL: 'https://login.example' }, true],
  [{ PUBLIC_URL: 'https://login.example', SIGN_IN: 'demo' }, false],
  [{ PUBLIC_URL: 'https://localhost:8443' }, false],
] as readonly (readonly [Env, boolean])[]) {
  test(`the demo sign-in is ${refused ? 'refused' : 'not refused'}: ${JSON.stringify(env)}`, (t) => {
    t.deepEqual(
      configErrorsOf(env)
        .filter((error) => error.startsWith('SIGN_IN'))
        .map((error) => /demo/.test(error)),
      refused ? [true] : [],
    )
  })
}

test('errors do not repeat the passwords in refused values', (t) => {
  const word = 'hunter2'
  const errors = configErrorsOf({
    PUBLIC_URL: `https://user:${word}@login.example`,
    REDIS_URL: `http://user:${word}@redis`,
    MONGODB_URI: `http://user:${word}@mongo`,
    SIGN_IN: 'oidc',
    OIDC_ISSUER: `ftp://user:${word}@id.example`,
    OIDC_CLIENT_ID: 'x',
    OIDC_CLIENT_SECRET: word,
    FRONT_END_ORIGINS: `https://user:${word}@app.example`,
    SESSION_SECRET: word,
  })
  t.is(errors.length, 6)
  t.false(errors.join().includes(word))
  t.false(
    configErrorsOf({ PUBLIC_URL: `https://user:${word}@lo gin` })
      .join()
      .includes(word),
  )
})

const SECRET_FILES = new Set(SECRET_VARIABLES.map((name) => `${name}_FILE`))

test('the table of variables has exactly the variables that are read', (t) => {
  const read = new Set<string>()
  const recorded = (env: Env): Env =>
    new Proxy(env, {
      get: (target, name) => {
        read.add(String(name))
        return target[String(name)]
      },
    })
  const production = {
    ...OIDC,
    NODE_ENV: 'production',
    PUBLIC_URL: 'https://login.example',
    STORES: 'memory',
  }
  for (const env of [{}, PROXIED, production]) readConfig(recorded(env))
  const names = VARIABLES.map(([name]) => name)
  t.deepEqual(
    [...read].filter((name) => name !== 'NODE_ENV' && !SECRET_FILES.has(name)).toSorted(),
    names.toSorted(),
  )
  t.is(new Set(names).size, names.length)
  const help = configHelp()
  for (const [name, byDefault, meaning] of VARIABLES) {
    t.regex(help, new RegExp(`^ {2}${name} +${byDefault.replace(/[/.]/g, '\\$&')} +`, 'm'))
    t.true(help.includes(meaning))
  }
})
