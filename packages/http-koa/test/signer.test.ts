import { createHmac } from 'node:crypto'
import test from 'ava'
import { Signer } from '#src/security/signer.js'

const SECRET = 'a secret of thirty-two characters'
const NOW = 1_800_000_000_000

test('a signed text verifies for its purpose until it expires', (t) => {
  const signer = new Signer(() => [SECRET])
  const text = signer.sign('session', { sid: 'one' }, NOW + 10_000)
  t.is(signer.verify('session', text, NOW)?.['sid'], 'one')
  t.is(signer.verify('session', text, NOW + 9_999)?.['sid'], 'one')
  t.is(signer.verify('session', text, NOW + 10_000), undefined)
  t.is(signer.verify('oidc', text, NOW), undefined, 'another purpose')
  t.is(new Signer(() => [SECRET]).verify('session', text, NOW)?.['sid'], 'one', 'another server')
  t.is(new Signer(() => [`${SECRET}!`]).verify('session', text, NOW), undefined, 'another secret')
})

test('a text that was changed, or signed with another key, does not verify', (t) => {
  const signer = new Signer(() => [SECRET])
  const text = signer.sign('session', { sub: 'alice' }, NOW + 10_000)
  const [payload = '', mac = ''] = text.split('.')
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const forged = encode({ claims: { sub: 'bob' }, expiresAt: NOW + 10_000 })
  const guessed = createHmac('sha256', SECRET).update(forged).digest('base64url')
  for (const wrong of [
    `${forged}.${mac}`,
    `${forged}.${guessed}`,
    `${forged}.${signer.csrfToken(`session.${forged}`)}`,
    `${payload}.`,
    payload,
    `${text}.`,
    `${text}.${mac}`,
    `.${text}`,
    `${text}A`,
    `${payload}=.${mac}`,
    `${payload}.${mac.split('').reverse().join('')}`,
    '',
    '.',
    '..',
    'x'.repeat(100_000),
  ]) {
    t.is(signer.verify('session', wrong, NOW), undefined, wrong.slice(0, 80))
  }
})

test('a text cannot be moved to another purpose', (t) => {
  const signer = new Signer(() => [SECRET])
  const text = signer.sign('a', { sid: 'one' }, NOW + 10_000)
  for (const purpose of ['', 'a.', 'b', `a.${text.split('.')[0]}`]) {
    t.is(signer.verify(purpose, text, NOW), undefined, purpose)
  }
  t.false(signer.isCsrfToken(text.split('.')[1], `a.${text.split('.')[0]}`))
})

test('the key of a signer cannot be read', (t) => {
  const signer = new Signer(() => [SECRET])
  t.is((signer as unknown as Record<string, unknown>)['key'], undefined)
  t.is(JSON.stringify(signer), '{}')
})

test('a CSRF token is valid for its binding only', (t) => {
  const signer = new Signer(() => [SECRET])
  const token = signer.csrfToken('session one')
  t.true(signer.isCsrfToken(token, 'session one'))
  t.true(new Signer(() => [SECRET]).isCsrfToken(token, 'session one'))
  t.false(signer.isCsrfToken(token, 'session two'))
  t.false(new Signer(() => [`${SECRET}!`]).isCsrfToken(token, 'session one'))
  for (const wrong of [
    undefined,
    null,
    '',
    0,
    [token],
    { token },
    `${token}A`,
    token.slice(1),
    `${token}é`,
  ])
    t.false(signer.isCsrfToken(wrong, 'session one'))
})

test('what an older secret has signed stays valid, and a new secret signs', (t) => {
  const [old, next] = ['o'.repeat(32), 'n'.repeat(32)]
  const before = new Signer(() => [old])
  const after = new Signer(() => [next, old])
  const text = before.sign('session', { sub: 'ann' }, 10_000)
  t.is(after.verify('session', text, 1_000)?.['sub'], 'ann')
  t.true(after.isCsrfToken(before.csrfToken('b'), 'b'))
  const fresh = after.sign('session', { sub: 'ann' }, 10_000)
  t.is(before.verify('session', fresh, 1_000), undefined)
  t.is(new Signer(() => [next]).verify('session', fresh, 1_000)?.['sub'], 'ann')
  t.false(before.isCsrfToken(after.csrfToken('b'), 'b'))
})

test('secrets may change while the signer is in use', (t) => {
  const [old, next] = [
    'a former secret of 32 characters.',
    'the newest secret of 32 characters',
  ] as const
  let secrets: readonly [string, ...string[]] = [old]
  const signer = new Signer(() => secrets)
  const text = signer.sign('session', { sub: 'ann' }, NOW + 10_000)
  const token = signer.csrfToken('session one')
  secrets = [next, old]
  t.is(signer.verify('session', text, NOW)?.['sub'], 'ann')
  t.true(signer.isCsrfToken(token, 'session one'))
  const fresh = signer.sign('session', { sub: 'bob' }, NOW + 10_000)
  secrets = [next]
  t.is(signer.verify('session', fresh, NOW)?.['sub'], 'bob')
  t.is(signer.verify('session', text, NOW), undefined)
  t.false(signer.isCsrfToken(token, 'session one'))
})
