import test from 'ava'
import { readConfig } from '#src/config.js'
import { configErrorsOf } from './config-errors.ts'

const SECRET = `whsec_${Buffer.alloc(32, 'secret').toString('base64')}`
const GOOD = { WEBHOOK_URL: 'https://hooks.example/device', WEBHOOK_SECRET: SECRET }

test('a webhook gets the events that people and operators care about', (t) => {
  t.deepEqual(readConfig(GOOD).webhook, {
    url: 'https://hooks.example/device',
    secret: SECRET,
    events: [
      'authorization_approved',
      'authorization_denied',
      'request_reported',
      'key_claimed',
      'key_revoked',
      'key_erased',
    ],
  })
})

test('WEBHOOK_EVENTS names others, and http is for loopback', (t) => {
  const env = { ...GOOD, WEBHOOK_URL: 'http://localhost:9', WEBHOOK_EVENTS: ' key_refused,, ' }
  t.like(readConfig(env).webhook, { url: 'http://localhost:9', events: ['key_refused'] })
})

test('the scheme and the host of a webhook may have capitals', (t) => {
  for (const WEBHOOK_URL of ['HTTP://LOCALHOST:9/Hook', 'HTTPS://hooks.example/Hook']) {
    t.deepEqual(configErrorsOf({ ...GOOD, WEBHOOK_URL }), [], WEBHOOK_URL)
  }
  const errors = configErrorsOf({ ...GOOD, WEBHOOK_URL: 'HTTP://hooks.example' })
  t.regex(errors.join(), /^WEBHOOK_URL must be an https URL/)
})

const encoded = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`

test('a secret has 24 to 64 bytes', (t) => {
  for (const secret of [encoded(24), encoded(64)]) {
    t.deepEqual(configErrorsOf({ ...GOOD, WEBHOOK_SECRET: secret }), [], secret)
  }
})

const BAD: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
  [{ WEBHOOK_URL: 'http://hooks.example' }, /^WEBHOOK_URL must be an https URL/],
  [{ WEBHOOK_URL: 'hooks.example' }, /^WEBHOOK_URL must be an https URL/],
  [{ WEBHOOK_URL: 'https://a:b@hooks.example' }, /^WEBHOOK_URL must have no user name/],
  [{ WEBHOOK_SECRET: '' }, /^WEBHOOK_SECRET is required for WEBHOOK_URL/],
  ...[
    encoded(23),
    encoded(65),
    SECRET.slice(6),
    'whsec_',
    `${SECRET}!`,
    'whsec_not base64',
    SECRET.slice(0, -1),
  ].map((WEBHOOK_SECRET) => [{ WEBHOOK_SECRET }, /^WEBHOOK_SECRET must be whsec_/] as const),
  [{ WEBHOOK_EVENTS: 'key_claimed,key_made' }, /^WEBHOOK_EVENTS: entry 2 must be one of /],
  [{ WEBHOOK_EVENTS: 'constructor' }, /^WEBHOOK_EVENTS: entry 1 must be one of /],
  [{ WEBHOOK_URL: '' }, /^WEBHOOK_SECRET needs WEBHOOK_URL/],
  [
    { WEBHOOK_URL: '', WEBHOOK_SECRET: '', WEBHOOK_EVENTS: 'key_claimed' },
    /^WEBHOOK_EVENTS needs WEBHOOK_URL/,
  ],
]

for (const [env, expected] of BAD) {
  test(`refused: ${JSON.stringify(env)}`, (t) => {
    const errors = configErrorsOf({ ...GOOD, ...env })
    t.is(errors.length, 1, errors.join('\n'))
    t.regex(errors[0] ?? '', expected)
    t.notRegex(errors[0] ?? '', /hooks\.example|c2Vjcm/)
  })
}
