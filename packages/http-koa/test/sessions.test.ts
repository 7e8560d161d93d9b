import { TestClock } from '@device-grant/test-support/clock'
import { cookieName } from '@device-grant/test-support/cookie-name'
import test from 'ava'
import Koa, { type Context } from 'koa'
import { Cookies } from '#src/security/cookies.js'
import { createSessions, type Sessions } from '#src/security/sessions.js'
import { createSignedCookies, type SignedCookies } from '#src/security/signed-cookies.js'
import { Signer } from '#src/security/signer.js'

const PUBLIC_URL = 'https://login.example'
const SECRET = 'a secret of thirty-two characters'

/** One request with a cookie jar, and what it leaves in the jar. */
const request = (jar: Map<string, string>): { ctx: Context; setCookies: () => string[] } => {
  const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
  const headers: Record<string, string | string[]> = {}
  const ctx = new Koa().createContext(
    { headers: { cookie }, socket: {} } as never,
    {
      getHeader: (name: string) => headers[name.toLowerCase()],
      setHeader: (name: string, value: string | string[]) => {
        headers[name.toLowerCase()] = value
      },
    } as never,
  )
  const setCookies = (): string[] => {
    const lines = [headers['set-cookie'] ?? []].flat()
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name)
      else jar.set(name, value)
    }
    return lines
  }
  return { ctx, setCookies }
}

const partsWith = (
  clock: TestClock,
  publicUrl = PUBLIC_URL,
): { readonly sessions: Sessions; readonly signedCookies: SignedCookies } => {
  const cookies = new Cookies(publicUrl)
  const parts = { signer: new Signer(() => [SECRET]), clock, cookies }
  return { sessions: createSessions(parts), signedCookies: createSignedCookies(parts) }
}

const MINUTE = 60_000

const SECURE = ['path=/', 'secure', 'httponly', 'samesite=lax'] as const

for (const [title, publicUrl, start, flags] of [
  ['https', PUBLIC_URL, '__Host-device_grant_', SECURE],
  ['https below a path', `${PUBLIC_URL}/auth`, '__Host-device_grant_', SECURE],
  ['http', 'http://login.example', 'device_grant_', ['path=/', 'httponly', 'samesite=lax']],
] as const) {
  test(`cookies over ${title} have the right names and flags`, async (t) => {
    const jar = new Map<string, string>()
    const { ctx, setCookies } = request(jar)
    const { sessions, signedCookies } = partsWith(new TestClock(), publicUrl)
    await sessions.signIn(ctx, { person: 'alice' })
    await signedCookies.set(ctx, 'round_trip', { state: 'x' }, MINUTE)
    const lines = setCookies()
    t.is(lines.length, 2)
    for (const [i, name] of ['session', 'round_trip'].entries()) {
      t.true(lines[i]?.startsWith(start), lines[i])
      t.true(lines[i]?.startsWith(`${cookieName(publicUrl, name)}=`), lines[i])
    }
    for (const line of lines) {
      t.deepEqual(
        line
          .split('; ')
          .slice(1)
          .map((flag) => flag.toLowerCase())
          .filter((flag) => !flag.startsWith('expires='))
          .toSorted(),
        flags.toSorted(),
      )
    }
  })
}

test('a sign-in makes a new session, and the old one gets no person', async (t) => {
  const clock = new TestClock()
  const { sessions } = partsWith(clock)
  const jar = new Map<string, string>()
  const first = request(jar)
  const planted = await sessions.ensure(first.ctx)
  first.setCookies()
  const copy = new Map(jar)
  const second = request(jar)
  t.is((await sessions.ensure(second.ctx)).id, planted.id, 'the same session without a sign-in')
  const signedIn = await sessions.signIn(second.ctx, { person: 'alice', name: 'Alice', data: 'n' })
  second.setCookies()
  t.not(signedIn.id, planted.id)
  t.deepEqual(await sessions.read(request(jar).ctx), signedIn)
  t.deepEqual(await sessions.read(request(copy).ctx), {
    id: planted.id,
    person: undefined,
    name: undefined,
    data: undefined,
  })
})

test('a session ends after an hour without a request', async (t) => {
  const clock = new TestClock()
  const { sessions } = partsWith(clock)
  const jar = new Map<string, string>()
  const { ctx, setCookies } = request(jar)
  await sessions.signIn(ctx, { person: 'alice' })
  setCookies()
  clock.pass(59 * MINUTE)
  t.is((await sessions.read(request(jar).ctx))?.person, 'alice')
  clock.pass(MINUTE)
  t.is(await sessions.read(request(jar).ctx), undefined)
})

test('a session in use ends after twelve hours', async (t) => {
  const clock = new TestClock()
  const { sessions } = partsWith(clock)
  const jar = new Map<string, string>()
  const first = request(jar)
  const { id } = await sessions.signIn(first.ctx, { person: 'alice' })
  first.setCookies()
  let minutes = 0
  for (; minutes < 24 * 60; minutes += 30) {
    const { ctx, setCookies } = request(jar)
    const session = await sessions.read(ctx)
    if (!session) break
    t.is(session.id, id)
    setCookies()
    clock.pass(30 * MINUTE)
  }
  t.is(minutes, 12 * 60)
})

test('a session is renewed once a minute, not at every request', async (t) => {
  const clock = new TestClock()
  const { sessions } = partsWith(clock)
  const jar = new Map<string, string>()
  const first = request(jar)
  await sessions.signIn(first.ctx, { person: 'alice' })
  first.setCookies()
  const soon = request(jar)
  await sessions.read(soon.ctx)
  t.deepEqual(soon.setCookies(), [])
  clock.pass(MINUTE)
  const later = request(jar)
  await sessions.read(later.ctx)
  t.is(later.setCookies().length, 1)
})

test('ending a session deletes its cookie, even if it was due for renewal', async (t) => {
  const clock = new TestClock()
  const { sessions } = partsWith(clock)
  const jar = new Map<string, string>()
  const first = request(jar)
  await sessions.signIn(first.ctx, { person: 'alice' })
  first.setCookies()
  clock.pass(2 * MINUTE)
  const { ctx, setCookies } = request(jar)
  await sessions.read(ctx)
  sessions.end(ctx)
  t.is(setCookies().length, 1)
  t.is(jar.size, 0)
})

test('a request without the cookie ends no session', async (t) => {
  const { sessions } = partsWith(new TestClock())
  const other = request(new Map([['another', 'x']]))
  sessions.end(other.ctx)
  t.deepEqual(other.setCookies(), [])
  const unreadable = request(new Map([[cookieName(PUBLIC_URL, 'session'), 'x']]))
  sessions.end(unreadable.ctx)
  t.is(unreadable.setCookies().length, 1)
})

test('a cookie that was changed, or signed for another purpose, is no session', async (t) => {
  const clock = new TestClock()
  const signer = new Signer(() => [SECRET])
  const { sessions } = partsWith(clock)
  const name = cookieName(PUBLIC_URL, 'session')
  const soon = clock.now() + MINUTE
  const claims = { sid: 'x', sub: 'alice', since: clock.now(), seen: clock.now() }
  const good = await signer.sign('session', claims, soon)
  t.is((await sessions.read(request(new Map([[name, good]])).ctx))?.person, 'alice')
  for (const wrong of [
    `${good}x`,
    good.slice(0, -2),
    'alice',
    await signer.sign('round_trip', claims, soon),
    await signer.sign('session', { sub: 'alice' }, soon),
    await new Signer(() => ['b secret of thirty-two characters']).sign('session', claims, soon),
  ]) {
    t.is(await sessions.read(request(new Map([[name, wrong]])).ctx), undefined, wrong)
  }
  const plain = request(new Map([[name.replace('__Host-', ''), good]]))
  t.is(await sessions.read(plain.ctx), undefined, 'a cookie name that http could set')
})

test('the session of another server on the same host is none', async (t) => {
  const clock = new TestClock()
  const jar = new Map<string, string>()
  const { ctx, setCookies } = request(jar)
  await partsWith(clock).sessions.signIn(ctx, { person: 'alice' })
  setCookies()
  t.is((await partsWith(clock).sessions.read(request(jar).ctx))?.person, 'alice')
  for (const other of [`${PUBLIC_URL}/auth`, `${PUBLIC_URL}:8443`, 'http://login.example']) {
    t.is(await partsWith(clock, other).sessions.read(request(jar).ctx), undefined, other)
  }
})

test('a session cookie that was sent twice is no session', async (t) => {
  const clock = new TestClock()
  const { sessions } = partsWith(clock)
  const jar = new Map<string, string>()
  const { ctx, setCookies } = request(jar)
  await sessions.signIn(ctx, { person: 'alice' })
  setCookies()
  const [[name = '', value = ''] = []] = jar
  for (const [sent, person] of [
    [`${name}=${value}`, 'alice'],
    [`other=x; ${name}=${value}; another=${value}`, 'alice'],
    [`${name}=planted; ${name}=${value}`, undefined],
    [`${name}=${value};${name}=planted`, undefined],
    [`${name}=${value}; ${name}=${value}`, undefined],
    [`${name}=${value}; ${name}=`, undefined],
    [`${name}=${value}; ${name}`, undefined],
  ] as const) {
    const twice = request(new Map([['first', `x; ${sent}`]]))
    t.is((await sessions.read(twice.ctx))?.person, person, sent)
  }
})

test('a signed cookie can be taken once, in time, and by its name only', async (t) => {
  const clock = new TestClock()
  const { sessions, signedCookies } = partsWith(clock)
  const jar = new Map<string, string>()
  const first = request(jar)
  await signedCookies.set(first.ctx, 'round_trip', { state: 's' }, MINUTE)
  first.setCookies()
  t.is(await signedCookies.take(request(jar).ctx, 'other'), undefined)
  t.is(await sessions.read(request(jar).ctx), undefined)
  const copy = new Map(jar)
  const second = request(jar)
  t.is((await signedCookies.take(second.ctx, 'round_trip'))?.['state'], 's')
  second.setCookies()
  t.is(await signedCookies.take(request(jar).ctx, 'round_trip'), undefined)
  clock.pass(MINUTE)
  t.is(await signedCookies.take(request(copy).ctx, 'round_trip'), undefined)
})
