import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import test from 'ava'
import { configErrorsOf } from './config-errors.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

const OIDC = {
  NODE_ENV: 'production',
  SIGN_IN: 'oidc',
  PUBLIC_URL: 'https://login.example',
  OIDC_ISSUER: 'https://id.example',
  OIDC_CLIENT_ID: 'device-grant',
  OIDC_CLIENT_SECRET: 'hush',
  DATA_DIR: '/var/lib/device-grant',
}
const FORWARDED = { SIGN_IN: 'forwarded', TRUSTED_PROXIES: '127.0.0.1' }
const DEMO = { SIGN_IN: 'demo', HOST: '0.0.0.0' }

/** Every session secret that a page of the documentation prints, or an earlier compose.yaml had. */
const printedSecrets = (): readonly string[] => {
  const docs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'))
  const packages = readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}/README.md`)
  const files = [
    'README.md',
    'apps/server/README.md',
    ...docs.map((name) => `docs/${name}`),
    ...packages.filter((path) => existsSync(join(ROOT, path))),
  ]
  const texts = files.map((path) => readFileSync(join(ROOT, path), 'utf8'))
  return [
    'only-for-a-look-around-0123456789abcdef',
    ...texts.flatMap((text) =>
      [...text.matchAll(/sessionSecret: '([^']+)'/g)].map(([, quoted]) => String(quoted)),
    ),
  ]
}

test('a secret that the documentation prints is refused for real sign-ins', (t) => {
  const secrets = printedSecrets()
  t.true(secrets.length > 1)
  for (const SESSION_SECRET of secrets) {
    for (const env of [OIDC, FORWARDED, { ...DEMO, PUBLIC_URL: 'https://login.example' }]) {
      t.deepEqual(configErrorsOf({ ...env, SESSION_SECRET }), [
        'SESSION_SECRET is an example from the documentation: make one with openssl rand -base64 32',
      ])
    }
  }
})

test('such a secret is accepted for the demo sign-in on this machine', (t) => {
  for (const SESSION_SECRET of printedSecrets()) {
    t.deepEqual(
      configErrorsOf({
        ...DEMO,
        SESSION_SECRET,
        NODE_ENV: 'development',
        PUBLIC_URL: 'http://localhost:3000',
        REDIS_URL: 'redis://redis:6379',
      }),
      [],
    )
  }
})

for (const [secret, error] of [
  ['x'.repeat(64), 'has too few different characters'],
  ['changeme'.repeat(4), 'has too few different characters'],
  ['0123456789'.repeat(4), 'repeats a shorter text'],
  ['abcdefghijklmnopqrstuvwxyz012345'.repeat(2), 'repeats a shorter text'],
  ['kGz9v0mJxq1Yw3Rt5Uu7Ii8Oo2Pp4Aa6Ss', undefined],
  ['0f3a9c5e7b1d2846a0c4e8f2b6d09135', undefined],
] as const) {
  test(`${error === undefined ? 'accepted' : 'refused'}: ${secret}`, (t) => {
    const text = `SESSION_SECRET ${error}: make one with openssl rand -base64 32`
    const errors = configErrorsOf({ ...OIDC, SESSION_SECRET: secret })
    t.deepEqual(errors, error === undefined ? [] : [text])
    t.deepEqual(configErrorsOf({ SIGN_IN: 'demo', SESSION_SECRET: secret }), [])
  })
}
