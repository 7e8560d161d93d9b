import test from 'ava'
import { returnPath } from '#src/http/return-path.js'

const FALLBACK = '/auth/oauth/device/verify'
const of = (returnTo: unknown): string => returnPath(returnTo, '/auth/oauth/device', FALLBACK)

for (const own of [
  '/auth/oauth/device/verify',
  '/auth/oauth/device/verify?user_code=WDJB-MJHT',
  '/auth/oauth/device/verify?user_code=%EF%BC%B7',
  '/auth/oauth/device/keys',
  '/auth/oauth/device/verify?next=https://evil.example',
  `/auth/oauth/device/verify?user_code=${'%20x'.repeat(200)}`,
]) {
  test(`a path of the router is kept: ${own}`, (t) => t.is(of(own), own))
}

const FOREIGN: readonly unknown[] = [
  undefined,
  null,
  17,
  ['/auth/oauth/device/verify'],
  {},
  '',
  '/',
  'https://evil.example/auth/oauth/device/verify',
  'https:evil.example',
  'https:/auth/oauth/device/verify',
  'javascript:alert(1)',
  'data:text/html,x',
  '//evil.example',
  '//evil.example/auth/oauth/device/verify',
  '///evil.example/auth/oauth/device/verify',
  '/\\evil.example/auth/oauth/device/verify',
  '\\\\evil.example',
  '\\/evil.example',
  '/auth/oauth/device\\..\\..\\evil',
  '/\t/evil.example',
  '/\n/evil.example',
  '\t//evil.example',
  ' /auth/oauth/device/verify',
  '/%2f/evil.example',
  '/%5cevil.example',
  '%2f%2fevil.example',
  'auth/oauth/device/verify',
  './verify',
  '/auth/oauth/device',
  '/auth/oauth/device-evil/verify',
  '/oauth/device/verify',
  '/auth/oauth/device/../admin',
  '/auth/oauth/device/../../..//evil.example',
  '/auth/oauth/device/%2e%2e/admin',
  '/auth/oauth/device/%2E%2e/%2e%2E/%2e./evil',
  '/auth/oauth/device/./../admin',
  '/auth/oauth/device/verify\r\nSet-Cookie: a=b',
  '/auth/oauth/device/verify\u0000',
  '/auth/oauth/device/vérify',
  '/@evil.example/auth/oauth/device/verify',
  '/evil.example/..//auth/oauth/device/verify',
  `/auth/oauth/device/verify?${'x'.repeat(1_000)}`,
]

for (const foreign of FOREIGN) {
  test(`anything else is replaced: ${JSON.stringify(foreign)?.slice(0, 80)}`, (t) =>
    t.is(of(foreign), FALLBACK))
}

test('every result is on the same origin and below the base path', (t) => {
  const pieces = [
    '/',
    '\\',
    '//',
    '..',
    '.',
    '%2e',
    '%2f',
    '%5c',
    '@',
    ':',
    'https:',
    'evil.example',
    '?',
    '#',
    '\t',
    '\r\n',
    'auth',
    'oauth',
    'device',
    'verify',
    '/auth/oauth/device/',
  ]
  let seed = 20_260_101
  const next = (below: number): number => {
    seed = (seed * 48_271) % 2_147_483_647
    return seed % below
  }
  for (let i = 0; i < 20_000; i += 1) {
    const text = Array.from({ length: 1 + next(7) }, () => pieces[next(pieces.length)]).join('')
    const url = new URL(of(text), 'https://own.example')
    t.is(url.origin, 'https://own.example', text)
    if (!url.pathname.startsWith('/auth/oauth/device/')) t.fail(`${text} leads to ${url.pathname}`)
  }
})
