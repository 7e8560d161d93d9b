import { fileURLToPath } from 'node:url'
import { freePort } from '@device-grant/test-support/free-port'
import { type SpawnedProgram, spawnProgram } from '@device-grant/test-support/spawned-program'
import test, { type ExecutionContext } from 'ava'
import { readConfig } from '#src/config.js'
import { VARIABLES } from '#src/config-variables.js'
import { effectiveSettings } from '#src/effective-settings.js'
import { VERSION } from '#src/version.js'

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url))

const run = (
  t: ExecutionContext,
  env: Readonly<Record<string, string>>,
  ...args: readonly string[]
): SpawnedProgram =>
  spawnProgram(t, process.execPath, [MAIN, ...args], { env: { PATH: process.env['PATH'], ...env } })

/** Each is a part of a setting that no output may have. */
const SECRETS = {
  session: 'vNq1fT0yq0XkP4m8q2rZ6aJd7sLw9uBe',
  older: 'Ha7Kx2pQmZ9tYw4rBn6cVd8eLf1gSj3u',
  client: 'hunter2-of-the-client',
  redis: 'hunter2-of-redis',
  mongodb: 'hunter2-of-mongodb',
  mongodbUser: 'mongo-user',
  mongodbQuery: 'hunter2-in-the-query',
  webhook: Buffer.alloc(32, 'hook').toString('base64'),
  webhookPath: 'T0KEN-in-the-path',
  webhookQuery: 't0ken-in-the-query',
}

/** Every setting that may hold a secret, on stores that do not answer. */
const secretEnv = (port: number, storePort: number): Readonly<Record<string, string>> => ({
  PORT: String(port),
  PUBLIC_URL: `http://localhost:${port}`,
  REDIS_URL: `redis://default:${SECRETS.redis}@127.0.0.1:${storePort}/3?family=4`,
  MONGODB_URI:
    `mongodb://${SECRETS.mongodbUser}:${SECRETS.mongodb}@127.0.0.1:${storePort}/grants` +
    `?authMechanismProperties=SERVICE_NAME:${SECRETS.mongodbQuery}&authMechanism=GSSAPI`,
  SESSION_SECRET: `${SECRETS.session},${SECRETS.older}`,
  SIGN_IN: 'oidc',
  OIDC_ISSUER: `http://127.0.0.1:${storePort}`,
  OIDC_CLIENT_ID: 'the-client',
  OIDC_CLIENT_SECRET: SECRETS.client,
  WEBHOOK_URL: `http://127.0.0.1:${storePort}/${SECRETS.webhookPath}?t=${SECRETS.webhookQuery}`,
  WEBHOOK_SECRET: `whsec_${SECRETS.webhook}`,
  LOG_LEVEL: 'trace',
})

test('--print-config and the log show the settings, and no secret', async (t) => {
  const [port, storePort] = [await freePort(), await freePort()]
  const env = secretEnv(port, storePort)
  const printed = run(t, env, '--print-config')
  t.is(await printed.ended, 0, printed.err())
  const { version, settings } = JSON.parse(printed.out())
  t.is(version, VERSION)
  t.like(settings, {
    PORT: port,
    REDIS_URL: `redis://127.0.0.1:${storePort}/3`,
    MONGODB_URI: `mongodb://127.0.0.1:${storePort}/grants`,
    SESSION_SECRET: '(secret)',
    OIDC_CLIENT_ID: 'the-client',
    OIDC_CLIENT_SECRET: '(secret)',
    WEBHOOK_URL: `http://127.0.0.1:${storePort}/(secret)`,
    WEBHOOK_SECRET: '(secret)',
    POLL_INTERVAL: 5,
    API_KEY_LIFETIMES: '86400,2592000,7776000',
    CLIENTS_FILE: 'any client',
  })
  const program = run(t, env)
  await program.prints(/npm run login/)
  program.child.kill('SIGTERM')
  t.is(await program.ended, 0)
  const line = program
    .out()
    .split('\n')
    .flatMap((text) => (text === '' ? [] : [JSON.parse(text)]))
    .find(({ msg }) => msg === 'server started')
  t.deepEqual({ version: line?.version, settings: line?.settings }, { version, settings })
  const everything = [printed.out(), printed.err(), program.out(), program.err()].join('\n')
  for (const [name, secret] of Object.entries(SECRETS)) t.false(everything.includes(secret), name)
})

test('--print-config names bad settings as the start does', async (t) => {
  const env = { PORT: 'x', MONGODB_URI: 'mongo://u:hunter2@h' }
  const [printed, started] = [run(t, env, '--print-config'), run(t, env)]
  t.is(await printed.ended, 1)
  t.is(await started.ended, 1)
  t.is(printed.out(), '')
  t.is(printed.err(), started.err())
  t.regex(printed.err(), /- PORT .*\n- MONGODB_URI /)
})

test('--version prints the version alone, whatever the settings are', async (t) => {
  const program = run(t, { PORT: 'x' }, '--version')
  t.is(await program.ended, 0)
  t.is(program.out(), `${VERSION}\n`)
  t.is(program.err(), '')
})

test('nothing may follow these flags', async (t) => {
  for (const flag of ['--version', '--print-config', '--help']) {
    const program = run(t, {}, flag, 'more')
    t.is(await program.ended, 2)
    t.is(program.out(), '')
    t.true(program.err().includes(`${flag} takes no argument`), program.err())
  }
})

/** Their effect is in the values of other variables. */
const IN_OTHERS = ['ALLOW_HTTP', 'API_KEY_TTL']

test('every variable is there', (t) => {
  const secret = SECRETS.session
  const forwarded = { SIGN_IN: 'forwarded', TRUSTED_PROXIES: '10.0.0.1' }
  const oidc = {
    SIGN_IN: 'oidc',
    OIDC_ISSUER: 'https://id.example',
    OIDC_CLIENT_ID: 'a',
    OIDC_CLIENT_SECRET: secret,
  }
  const names = [{}, forwarded, oidc].flatMap((env) =>
    Object.entries(effectiveSettings(readConfig(env))).flatMap(([name, value]) =>
      value === undefined ? [] : [name],
    ),
  )
  t.deepEqual([...new Set(names), ...IN_OTHERS].sort(), VARIABLES.map(([name]) => name).sort())
})

test('the values are those in force, in the units of their variables', (t) => {
  const settings = readConfig({
    SIGN_IN: 'oidc',
    OIDC_ISSUER: 'https://user:hunter2@id.example/realm?q=hunter2',
    OIDC_CLIENT_ID: 'a',
    OIDC_CLIENT_SECRET: 'hunter2',
    OIDC_ALLOW: 'groups=a,b; email_domain=x.example',
    API_KEY_TTL: '3600',
    KEYS_NOT_BEFORE: '2020-01-31T12:00:00Z',
    TRUSTED_PROXIES: '10.0.0.1, ::1',
    MONGODB_URI: 'mongodb+srv://host?authMechanismProperties=x:hunter2@hunter2',
    PORT: '4000',
  })
  const effective = effectiveSettings(settings)
  t.like(effective, {
    PUBLIC_URL: 'http://localhost:4000',
    OIDC_ISSUER: 'https://id.example/realm',
    OIDC_ALLOW: 'groups=a,b;email_domain=x.example',
    OIDC_SCOPE: 'openid profile email',
    API_KEY_LIFETIMES: '3600',
    KEYS_NOT_BEFORE: '2020-01-31T12:00:00.000Z',
    TRUSTED_PROXIES: '10.0.0.1,::1',
    MONGODB_URI: '(secret)',
    SESSION_SECRET: 'kept in DATA_DIR',
    WEBHOOK_EVENTS: 'none',
  })
  t.false(JSON.stringify(effective).includes('hunter2'))
})

test('what is kept in memory is shown as such', (t) => {
  const redisUrl = 'redis://127.0.0.1'
  const mongodbUri = 'mongodb://127.0.0.1/'
  const shown = (env: Readonly<Record<string, string>>) => {
    const { STORES, DATA_DIR, REDIS_URL, MONGODB_URI } = effectiveSettings(
      readConfig({ SESSION_SECRET: SECRETS.session, ...env }),
    )
    return [STORES, DATA_DIR, REDIS_URL, MONGODB_URI]
  }
  t.deepEqual(shown({ STORES: 'memory' }), ['memory', 'none', 'in memory', 'in memory'])
  t.deepEqual(shown({ STORES: 'memory', REDIS_URL: redisUrl }), [
    'memory',
    'none',
    redisUrl,
    'in memory',
  ])
  t.deepEqual(shown({}), ['none', './data', 'in DATA_DIR', 'in DATA_DIR'])
  t.deepEqual(shown({ REDIS_URL: redisUrl, MONGODB_URI: mongodbUri }), [
    'none',
    'none',
    redisUrl,
    mongodbUri,
  ])
})
