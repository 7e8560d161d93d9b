import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { ConfigError, readConfig } from '#src/config.js'
import { configErrorsOf } from './config-errors.ts'

const SECRET = 'vNq1fT0yq0XkP4m8q2rZ6aJd7sLw9uBe'
const OTHER = 'Ha7Kx2pQmZ9tYw4rBn6cVd8eLf1gSj3u'
const PRODUCTION = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://login.example.com',
  SIGN_IN: 'forwarded',
  TRUSTED_PROXIES: '10.0.0.1',
  MONGODB_URI: 'mongodb://db/device_grant',
  REDIS_URL: 'redis://redis',
  SESSION_SECRET: SECRET,
}

test('production needs a public URL, stores that last and a secret', (t) => {
  t.deepEqual(configErrorsOf(PRODUCTION), [])
  for (const [changes, start] of [
    [{ PUBLIC_URL: undefined }, 'PUBLIC_URL is required'],
    [{ MONGODB_URI: undefined }, 'DATA_DIR is required'],
    [{ REDIS_URL: undefined }, 'DATA_DIR is required'],
    [{ SESSION_SECRET: undefined }, 'SESSION_SECRET is required'],
    [{ TRUSTED_PROXIES: '0.0.0.0/0' }, 'TRUSTED_PROXIES trusts too many addresses'],
    [{ TRUSTED_PROXIES: '10.0.0.1,::/0' }, 'TRUSTED_PROXIES trusts too many addresses'],
    [
      { REDIS_URI: 'redis://x', REDIS_URL: undefined, DATA_DIR: '/d' },
      'REDIS_URI is no setting: did you mean REDIS_URL?',
    ],
    [
      { MONGODB_URL: 'x', MONGODB_URI: undefined, STORES: 'memory' },
      'MONGODB_URL is no setting: did you mean MONGODB_URI?',
    ],
    [{ SESSION_SECRETS: 'x' }, 'SESSION_SECRETS is no setting: did you mean SESSION_SECRET?'],
    [{ CLIENTS_FILES: 'x' }, 'CLIENTS_FILES is no setting: did you mean CLIENTS_FILE?'],
    [
      { SESSION_SECRET_FILES: 'x' },
      'SESSION_SECRET_FILES is no setting: did you mean SESSION_SECRET_FILE?',
    ],
  ] as const) {
    const [error = '', ...others] = configErrorsOf({ ...PRODUCTION, ...changes })
    t.true(error.startsWith(start), `${JSON.stringify(changes)}: ${error}`)
    t.deepEqual(others, [])
  }
})

for (const wide of [
  '0.0.0.0/0',
  '10.0.0.0/0',
  '0.0.0.0/1,128.0.0.0/1',
  '0.0.0.0/1',
  '128.0.0.0/1',
  '::ffff:0:0/96',
  '::/0',
  '0::/0',
  '0:0:0:0:0:0:0:0/0',
  '2000::/3',
  '::/1,8000::/1',
  '64.0.0.0/2',
  '10.0.0.0/7',
  '2a00::/6',
  '2000::/7',
  '2a00::/15',
  '::ffff:10.0.0.0/103',
  '0:0:0:0:0:ffff:a00:0/97',
  '::/64',
]) {
  test(`production trusts no range that is too wide: ${wide}`, (t) => {
    const TRUSTED_PROXIES = `10.0.0.1,${wide}`
    t.deepEqual(configErrorsOf({ ...PRODUCTION, TRUSTED_PROXIES }), [
      'TRUSTED_PROXIES trusts too many addresses, so anyone can send any address or person: a prefix must be 8 or longer, and for IPv6 16 or longer outside fc00::/7 and fe80::/10',
    ])
  })
}

test('production trusts private ranges and those of public proxies', (t) => {
  for (const TRUSTED_PROXIES of [
    '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,127.0.0.0/8,::1,fc00::/7,fe80::/10',
    '173.245.48.0/20,103.21.244.0/22,141.101.64.0/18,162.158.0.0/15,104.16.0.0/13,172.64.0.0/13',
    '2400:cb00::/32,2606:4700::/32,2803:f800::/32,2405:b500::/32,2a06:98c0::/29,2c0f:f248::/32',
    '::ffff:10.0.0.0/104,::fffe:0:0/96,0:0:0:0:0:ffff:c0a8:1,2001:db8::/32',
    '35.191.0.0/16,130.211.0.0/22,3.0.0.0/8,13.32.0.0/15,2600:9000::/28',
  ]) {
    t.deepEqual(configErrorsOf({ ...PRODUCTION, TRUSTED_PROXIES }), [], TRUSTED_PROXIES)
  }
  for (const wrong of ['proxy', 'proxy/4', '10.0.0.0/4/5', '10.0.0.0/']) {
    t.deepEqual(configErrorsOf({ ...PRODUCTION, TRUSTED_PROXIES: `${wrong},::/0` }), [
      `TRUSTED_PROXIES: ${wrong} is no address and no CIDR range`,
    ])
  }
})

test('production may say that it keeps keys in memory', (t) => {
  const env = { ...PRODUCTION, MONGODB_URI: undefined, REDIS_URL: undefined, STORES: 'memory' }
  t.deepEqual(configErrorsOf(env), [])
  t.deepEqual(configErrorsOf({ ...env, SESSION_SECRET: undefined }), [])
  const { MONGODB_URI } = PRODUCTION
  t.deepEqual(configErrorsOf({ ...env, SESSION_SECRET: undefined, MONGODB_URI }), [
    'SESSION_SECRET is required with NODE_ENV=production and a store',
  ])
})

test('production may keep everything in a folder that is named, the session secret included', (t) => {
  const DATA_DIR = '/var/lib/device-grant'
  const stores = { MONGODB_URI: undefined, REDIS_URL: undefined, SESSION_SECRET: undefined }
  t.deepEqual(configErrorsOf({ ...PRODUCTION, ...stores, DATA_DIR }), [])
  t.is(readConfig({ ...PRODUCTION, ...stores, DATA_DIR }).dataDir, DATA_DIR)
  t.is(readConfig({ ...PRODUCTION, DATA_DIR }).dataDir, undefined, 'both URLs leave nothing for it')
})

test('names of other software, and all names outside production, are no mistakes', (t) => {
  const others = { HOSTNAME: 'pod-1', REDIS_PORT: 'tcp://x', PORT_NAME: 'x', PATH: '/bin' }
  t.deepEqual(configErrorsOf({ ...PRODUCTION, ...others }), [])
  const besides = { MONGODB_URL: 'x', MONGO_URI: 'x', ISSUER: 'https://other.example' }
  t.deepEqual(configErrorsOf({ ...PRODUCTION, ...besides }), [], 'what they stand for is set')
  t.deepEqual(configErrorsOf({ REDIS_URI: 'redis://x', TRUSTED_PROXIES: '0.0.0.0/0' }), [])
})

test('a secret may be in a file', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'secrets-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'secret')
  await writeFile(path, `${SECRET}\n`)
  const inFile = { ...PRODUCTION, SESSION_SECRET: undefined, SESSION_SECRET_FILE: path }
  t.deepEqual(readConfig(inFile).sessionSecrets, [SECRET])
  t.deepEqual(configErrorsOf({ ...inFile, SESSION_SECRET: SECRET }), [
    'SESSION_SECRET and SESSION_SECRET_FILE are both set',
  ])
  const [missing] = configErrorsOf({ ...inFile, SESSION_SECRET_FILE: join(folder, 'none') })
  t.is(missing, 'SESSION_SECRET_FILE cannot be read: ENOENT')
  await writeFile(path, ' \n')
  t.true(configErrorsOf(inFile).includes('SESSION_SECRET_FILE is empty'))
})

test('older secrets may follow the first one', (t) => {
  const env = { ...PRODUCTION, SESSION_SECRET: `${SECRET}, ${OTHER}` }
  t.deepEqual(readConfig(env).sessionSecrets, [SECRET, OTHER])
  t.regex(configErrorsOf({ ...env, SESSION_SECRET: `${SECRET},short` })[0] ?? '', /32 characters/)
  t.regex(
    configErrorsOf({ ...env, SESSION_SECRET: `${SECRET},${'a'.repeat(32)}` })[0] ?? '',
    /different/,
  )
})

test('keys that were approved before a time can be ended', (t) => {
  const env = { KEYS_NOT_BEFORE: '2026-01-31T12:00:00Z' }
  const at = Date.UTC(2026, 0, 31, 12)
  t.is(readConfig(env, {}, at).policy.keysNotBefore, at)
  for (const KEYS_NOT_BEFORE of ['2026-01-31', '1', 'yesterday', '2026-13-01T00:00:00Z']) {
    t.deepEqual(configErrorsOf({ KEYS_NOT_BEFORE }), [
      'KEYS_NOT_BEFORE must be a time like 2026-01-31T12:00:00Z',
    ])
  }
})

test('a KEYS_NOT_BEFORE in the future would end every key, and is refused', (t) => {
  const env = { KEYS_NOT_BEFORE: '2026-01-31T12:00:00Z' }
  const early = t.throws(() => readConfig(env, {}, Date.UTC(2026, 0, 31, 12) - 1))
  t.deepEqual(early instanceof ConfigError && early.errors, [
    'KEYS_NOT_BEFORE must not be in the future, because no key works before it',
  ])
})

test('addresses may be exempt from the limit of codes, and are checked', (t) => {
  t.deepEqual(readConfig({ AUTHORIZE_LIMIT_EXEMPT: '192.0.2.0/24, ::1' }).authorizeLimitExempt, [
    '192.0.2.0/24',
    '::1',
  ])
  t.regex(
    configErrorsOf({ AUTHORIZE_LIMIT_EXEMPT: 'office' })[0] ?? '',
    /^AUTHORIZE_LIMIT_EXEMPT: office/,
  )
})
