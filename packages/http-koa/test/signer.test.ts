import { createHash } from 'node:crypto'
import test from 'ava'
import { decodeJwt, SignJWT, UnsecuredJWT } from 'jose'
import { Signer } from '#src/security/signer.js'

const SECRET = 'a secret of thirty-two characters'
const NOW = 1_800_000_000_000

test('a signed text verifies for its purpose until it expires', async (t) => {
  const signer = new Signer(() => [SECRET])
  const text = await signer.sign('session', { sid: 'one' }, NOW + 10_000)
  t.is((await signer.verify('session', text, NOW))?.['sid'], 'one')
  t.is((await signer.verify('session', text, NOW + 9_999))?.['sid'], 'one')
  t.is(await signer.verify('session', text, NOW + 10_000), undefined)
  t.is(await signer.verify('oidc', text, NOW), undefined, 'another purpose')
  t.is(
    (await new Signer(() => [SECRET]).verify('session', text, NOW))?.['sid'],
    'one',
    'another server',
  )
  t.is(
    await new Signer(() => [`${SECRET}!`]).verify('session', text, NOW),
    undefined,
    'another secret',
  )
})

test('a text that was changed, or signed with another key, does not verify', async (t) => {
  const signer = new Signer(() => [SECRET])
  const text = await signer.sign('session', { sub: 'alice' }, NOW + 10_000)
  const [header = '', payload = '', signature = ''] = text.split('.')
  const forged = Buffer.from(JSON.stringify({ ...decodeJwt(text), sub: 'bob' })).toString(
    'base64url',
  )
  const none = new UnsecuredJWT({ sub: 'bob', aud: 'session' }).setExpirationTime('1 year').encode()
  const guessed = await new SignJWT({ sub: 'bob', aud: 'session' })
    .setProtectedHeader({ alg: 'HS256' })
    .setExpirationTime(NOW)
    .sign(new TextEncoder().encode(SECRET))
  for (const wrong of [
    `${header}.${forged}.${signature}`,
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `${header}.${payload}.${signature.split('').reverse().join('')}`,
    none,
    guessed,
    '',
    '..',
    'x'.repeat(100_000),
  ]) {
    t.is(await signer.verify('session', wrong, NOW), undefined, wrong.slice(0, 80))
  }
})

test('a text without an expiry does not verify', async (t) => {
  const key = createHash('sha256').update(`device-grant signer ${SECRET}`).digest()
  const unsigned = () =>
    new SignJWT({ sid: 'one' }).setProtectedHeader({ alg: 'HS256' }).setAudience('session')
  const signer = new Signer(() => [SECRET])
  const endless = await unsigned().sign(key)
  t.is(await signer.verify('session', endless, NOW), undefined)
  const ending = await unsigned()
    .setExpirationTime(Math.floor(NOW / 1_000) + 10)
    .sign(key)
  t.is((await signer.verify('session', ending, NOW))?.['sid'], 'one', 'the same key')
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

test('what an older secret has signed stays valid, and a new secret signs', async (t) => {
  const [old, next] = ['o'.repeat(32), 'n'.repeat(32)]
  const before = new Signer(() => [old])
  const after = new Signer(() => [next, old])
  const text = await before.sign('session', { sub: 'ann' }, 10_000)
  t.is((await after.verify('session', text, 1_000))?.sub, 'ann')
  t.true(after.isCsrfToken(before.csrfToken('b'), 'b'))
  const fresh = await after.sign('session', { sub: 'ann' }, 10_000)
  t.is(await before.verify('session', fresh, 1_000), undefined)
  t.is((await new Signer(() => [next]).verify('session', fresh, 1_000))?.sub, 'ann')
  t.false(before.isCsrfToken(after.csrfToken('b'), 'b'))
})

test('secrets may change while the signer is in use', async (t) => {
  const [old, next] = [
    'a former secret of 32 characters.',
    'the newest secret of 32 characters',
  ] as const
  let secrets: readonly [string, ...string[]] = [old]
  const signer = new Signer(() => secrets)
  const text = await signer.sign('session', { sub: 'ann' }, NOW + 10_000)
  const token = signer.csrfToken('session one')
  secrets = [next, old]
  t.is((await signer.verify('session', text, NOW))?.sub, 'ann')
  t.true(signer.isCsrfToken(token, 'session one'))
  const fresh = await signer.sign('session', { sub: 'bob' }, NOW + 10_000)
  secrets = [next]
  t.is((await signer.verify('session', fresh, NOW))?.sub, 'bob')
  t.is(await signer.verify('session', text, NOW), undefined)
  t.false(signer.isCsrfToken(token, 'session one'))
})
