import { TOKENS } from '@device-grant/core'
import { BrowserLike, type Sending, type Visit } from '@device-grant/test-support/browser-like'
import { cookieName } from '@device-grant/test-support/cookie-name'
import { authorize, type Codes, pickUp, pollOutcome } from '@device-grant/test-support/device'
import { KEYS } from '@device-grant/test-support/endpoints'
import { csrfTokenOf } from '@device-grant/test-support/html-form'
import { type Answer, membersOf, send } from '@device-grant/test-support/http-exchange'
import { decide } from '@device-grant/test-support/person'
import { whoami } from '@device-grant/test-support/whoami'
import test, { type ExecutionContext } from 'ava'
import { breakStore } from './break-store.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const FRONT_END = 'https://app.example'

/** A proxy signs people in. Each test has its own people. */
let server: TestServer
test.before(async () => {
  server = await startTestServer({ FRONT_END_ORIGINS: FRONT_END })
})
test.after.always(() => server.stop())

const ask = (
  person: string | undefined,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  send(server.url, {
    method,
    path,
    headers: { ...(person === undefined ? {} : { 'x-forwarded-user': person }), ...headers },
  })

interface Listed {
  readonly id: string
  readonly [name: string]: unknown
}

const keysOf = async (person: string): Promise<readonly Listed[]> => {
  const reply = await ask(person, 'GET', KEYS, { accept: 'application/json' })
  return membersOf(reply)['keys'] as Listed[]
}

const approved = async (person: string): Promise<Codes> => {
  const codes = await authorize(server.url, { client_id: 'cli', scope: 'read write' })
  await decide(server.url, codes.user_code, 'approve', person)
  return codes
}

const isProblem = (t: ExecutionContext, reply: Answer, status: number, detail: string): void => {
  t.is(reply.status, status)
  t.is(reply.headers['content-type'], 'application/problem+json')
  t.is(reply.headers['cache-control'], 'no-store')
  t.is(membersOf(reply)['detail'], detail)
}

for (const [accept, type] of [
  [undefined, 'application/json'],
  ['*/*', 'application/json'],
  ['application/json', 'application/json'],
  ['application/json, text/html;q=0.9', 'application/json'],
  ['image/png', 'application/json'],
  ['text/html', 'text/html'],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'text/html'],
  ['text/html, application/json;q=0.5', 'text/html'],
] as const) {
  test(`a request that accepts ${accept ?? 'anything'} gets ${type}`, async (t) => {
    const reply = await ask('negotiator', 'GET', KEYS, accept === undefined ? {} : { accept })
    t.is(reply.status, 200)
    t.is(reply.headers['content-type'], `${type}; charset=utf-8`)
    t.is(reply.headers['cache-control'], 'no-store')
    const head = await ask('negotiator', 'HEAD', KEYS, accept === undefined ? {} : { accept })
    t.deepEqual([head.status, head.text], [200, ''])
  })
}

test('a person’s keys are listed as JSON, including waiting ones, and no other keys', async (t) => {
  t.deepEqual(await keysOf('a new person'), [])
  const before = server.clock.now()
  const waiting = await approved('lister')
  const picked = await approved('lister')
  const key = await pickUp(server.url, picked.device_code)
  t.is((await whoami(server.url, key)).status, 200)
  await approved('another person')
  const keys = await keysOf('lister')
  const at = new Date(before).toISOString()
  const byName = new Map(keys.map((one) => [one['name'], one]))
  t.is(keys.length, 2)
  t.deepEqual(byName.get(`Device Link Access Key (${waiting.user_code})`), {
    id: byName.get(`Device Link Access Key (${waiting.user_code})`)?.id,
    status: 'waiting',
    name: `Device Link Access Key (${waiting.user_code})`,
    client_id: 'cli',
    scope: 'read write',
    address: '127.0.0.1',
    approved_at: at,
    expires_at: new Date(before + 661_000).toISOString(),
  } as unknown as Listed)
  t.like(byName.get(`Device Link Access Key (${picked.user_code})`), {
    status: 'active',
    last_used_at: at,
    expires_at: new Date(before + 86_400_000).toISOString(),
  })
  const text = JSON.stringify(keys)
  t.false(text.includes(key))
  t.false(text.includes(picked.device_code))
  t.notRegex(text, /null|salt|hash/i)
})

test('a key is unused until its first use, and contains its id', async (t) => {
  const key = await pickUp(server.url, (await approved('first use')).device_code)
  const [unused] = await keysOf('first use')
  t.is(unused?.['status'], 'unused')
  t.false('last_used_at' in (unused ?? {}))
  t.regex(unused?.id ?? '', /^[0-9A-Za-z]{22}$/)
  t.true(key.startsWith(`dg_${unused?.id}_`))
  await whoami(server.url, key)
  t.is((await keysOf('first use'))[0]?.['status'], 'active')
})

test('a list has 50 keys and the cursor of the next', async (t) => {
  for (let i = 0; i < 51; i += 1) await approved('collector')
  const page = async (query: string): Promise<Record<string, unknown>> =>
    membersOf(await ask('collector', 'GET', KEYS + query, { accept: 'application/json' }))
  const first = await page('')
  const { next } = first
  t.is((first['keys'] as Listed[]).length, 50)
  t.is(first['revocation_delay_ms'], 1_000)
  const second = await page(`?after=${next}`)
  t.is((second['keys'] as Listed[]).length, 1)
  t.false('next' in second)
  const ids = [first, second].flatMap(({ keys }) => (keys as Listed[]).map(({ id }) => id))
  t.is(new Set(ids).size, 51)

  const browser = new Proxied('collector')
  const list = await browser.open(server.url + KEYS)
  const linkTo = /href="([^"]*\?after=[^"]*)">Next page<\/a>/
  const idsIn = (text: string) =>
    [...text.matchAll(/<li class="card" id="key-(\w+)"/g)].map(([, id = '']) => id)
  const pages = [list]
  for (let link = linkTo.exec(list.text); link; link = linkTo.exec(pages.at(-1)?.text ?? '')) {
    pages.push(await browser.open(server.url + link[1]))
  }
  t.deepEqual(
    pages.map(({ text }) => idsIn(text).length),
    [25, 25, 1],
  )
  t.is(new Set(pages.flatMap(({ text }) => idsIn(text))).size, 51)
  t.true(list.text.includes('<h1>Connected devices (51)</h1>'))
  const [, , last] = pages
  await ask('collector', 'DELETE', `${KEYS}/${idsIn(last?.text ?? '')[0]}`)
  const emptied = await browser.open(last?.url ?? '')
  t.is(emptied.url, server.url + KEYS, 'an empty page leads to the first')
})

for (const after of [
  '',
  'x',
  '1.',
  '-1.abc',
  '1.a.b',
  '1.%2F',
  `1.${'x'.repeat(65)}`,
  'a&after=b',
]) {
  test(`a list after ${after.slice(0, 8)} is refused, as page and as JSON`, async (t) => {
    const path = `${KEYS}?after=${after}`
    isProblem(
      t,
      await ask('seeker', 'GET', path),
      400,
      'after must be the next of an earlier answer',
    )
    const page = await ask('seeker', 'GET', path, { accept: 'text/html' })
    t.is(page.status, 400)
    t.true(page.text.includes(`<a class="button" href="${KEYS}">`))
  })
}

test('a revoked key is 401 at once, and can be revoked twice', async (t) => {
  const key = await pickUp(server.url, (await approved('revoker')).device_code)
  t.is((await whoami(server.url, key)).status, 200)
  const [listed] = await keysOf('revoker')
  const path = `${KEYS}/${listed?.id}`
  isProblem(t, await ask('another person', 'DELETE', path), 404, 'You have no such key')
  isProblem(t, await ask(undefined, 'DELETE', path), 401, 'Authentication required')
  t.is((await whoami(server.url, key)).status, 200)
  for (const _ of ['once', 'twice']) {
    const reply = await ask('revoker', 'DELETE', path)
    t.deepEqual([reply.status, reply.text], [204, ''])
    const refused = await whoami(server.url, key)
    t.is(refused.status, 401)
    t.is(membersOf(refused)['error'], 'invalid_token')
  }
  t.deepEqual(await keysOf('revoker'), [])
})

test('a key that is revoked before pick-up is access_denied', async (t) => {
  const codes = await approved('early')
  const [listed] = await keysOf('early')
  t.is((await ask('early', 'DELETE', `${KEYS}/${listed?.id}`)).status, 204)
  t.deepEqual(await keysOf('early'), [], 'it is in no list any more')
  for (const _ of ['once', 'twice']) {
    t.is(await pollOutcome(server.url, codes.device_code), 'access_denied')
  }
})

for (const id of [
  'nothing',
  '%00',
  '%E0%A4%A',
  '__proto__',
  'a%2Fb',
  '..%2F..',
  'x'.repeat(5_000),
]) {
  test(`there is no key called ${id.slice(0, 20)}`, async (t) => {
    isProblem(t, await ask('seeker', 'DELETE', `${KEYS}/${id}`), 404, 'You have no such key')
  })
}

test('another site cannot revoke a key, by any request', async (t) => {
  const codes = await approved('careful')
  const [listed] = await keysOf('careful')
  const path = `${KEYS}/${listed?.id}`
  for (const headers of [
    { origin: 'https://evil.example' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site', origin: 'null' },
  ]) {
    isProblem(
      t,
      await ask('careful', 'DELETE', path, headers),
      403,
      'This origin may not answer for people',
    )
    for (const form of [`${path}/revoke`, `${KEYS}/revoke-all`]) {
      t.is((await ask('careful', 'POST', form, headers)).status, 403)
    }
  }
  t.is(await pollOutcome(server.url, codes.device_code), 'token')
  t.is((await ask('careful', 'DELETE', path, { origin: FRONT_END })).status, 204)
})

test('the list needs a person who is signed in', async (t) => {
  isProblem(t, await ask(undefined, 'GET', KEYS), 401, 'Authentication required')
  const page = await ask(undefined, 'GET', KEYS, { accept: 'text/html' })
  t.is(page.status, 401)
  t.is(page.headers['x-frame-options'], 'DENY')
})

test('a listed front end may read the list and revoke, and no origin may read the page', async (t) => {
  const evil = { origin: 'https://evil.example' }
  const friend = { origin: FRONT_END }
  for (const [method, path, methods] of [
    ['GET', KEYS, undefined],
    ['OPTIONS', KEYS, 'GET'],
    ['OPTIONS', `${KEYS}/x`, 'GET, DELETE, PATCH'],
    ['DELETE', `${KEYS}/x`, undefined],
  ] as const) {
    const { headers } = await ask('front', method, path, friend)
    t.is(headers['access-control-allow-origin'], FRONT_END)
    t.is(headers['access-control-allow-credentials'], 'true')
    t.is(headers['access-control-allow-methods'], methods)
    t.regex(headers.vary ?? '', /\bOrigin\b/)
    const foreign = await ask('front', method, path, evil)
    t.is(foreign.headers['access-control-allow-origin'], undefined)
  }
  const page = await ask('front', 'GET', KEYS, { ...friend, accept: 'text/html' })
  t.is(page.headers['access-control-allow-origin'], undefined)
  t.is(page.headers['access-control-allow-credentials'], undefined)
})

for (const [method, path, allow] of [
  ['POST', KEYS, 'GET, HEAD, OPTIONS'],
  ['DELETE', KEYS, 'GET, HEAD, OPTIONS'],
  ['POST', `${KEYS}/x`, 'GET, HEAD, DELETE, PATCH, OPTIONS'],
  ['GET', `${KEYS}/x/rename`, 'POST'],
  ['GET', `${KEYS}/x/revoke`, 'POST'],
  ['GET', `${KEYS}/revoke-all`, 'POST'],
  ['DELETE', `${KEYS}/revoke-all`, 'POST'],
] as const) {
  test(`${method} ${path} is refused`, async (t) => {
    const reply = await ask('methodical', method, path)
    t.is(reply.status, 405)
    t.is(reply.headers.allow, allow)
  })
}

/** The browser of a person whom the proxy signs in. */
class Proxied extends BrowserLike {
  readonly #person: string
  constructor(person: string) {
    super()
    this.#person = person
  }
  override send(url: string, sending: Sending = {}): Promise<Visit> {
    const headers = { ...sending.headers, 'X-Forwarded-User': this.#person }
    return super.send(url, { ...sending, headers })
  }
}

test('the page’s forms revoke one key, then all', async (t) => {
  const browser = new Proxied('page')
  const codes = [await approved('page'), await approved('page'), await approved('page')]
  const page = await browser.open(server.url + KEYS)
  for (const { user_code } of codes) t.true(page.text.includes(user_code))
  const [first] = await keysOf('page')
  const one = await browser.submit(page, `${first?.id}/revoke`, {})
  t.is(one.status, 200)
  t.is(one.url, server.url + KEYS)
  t.true(one.text.includes('is disconnected. It has to log in again.'))
  t.false((await browser.open(one.url)).text.includes('is disconnected.'), 'loaded again')
  t.deepEqual((await keysOf('page')).length, 2)
  const again = await browser.submit(page, `${first?.id}/revoke`, {})
  t.true(again.text.includes('is disconnected.'), 'a second revocation succeeds too')
  const all = await browser.submit(page, '/revoke-all', {})
  t.true(all.text.includes('All devices are disconnected.'))
  t.deepEqual(await keysOf('page'), [])
  for (const { device_code } of codes) {
    t.is(await pollOutcome(server.url, device_code), 'access_denied')
  }
  t.is((await browser.open(server.url + KEYS)).status, 200, 'the empty list')
})

test('a form revokes only with the token of the person who sends it', async (t) => {
  const codes = await approved('guarded')
  const [listed] = await keysOf('guarded')
  await approved('mallory')
  const foreign = csrfTokenOf(await new Proxied('mallory').open(server.url + KEYS))
  const elsewhere = csrfTokenOf(await new Proxied('guarded').open(server.url + KEYS))
  const browser = new Proxied('guarded')
  for (const path of [`${KEYS}/${listed?.id}/revoke`, `${KEYS}/revoke-all`]) {
    for (const csrf_token of ['', foreign, elsewhere, 'x']) {
      const visit = await browser.send(server.url + path, {
        method: 'POST',
        headers: { 'Sec-Fetch-Site': 'same-origin' },
        body: new URLSearchParams({ csrf_token }),
      })
      t.is(visit.status, 403)
      t.is(visit.headers.get('x-frame-options'), 'DENY')
      t.is(visit.headers.get('set-cookie'), null, 'a form of another site ends no session')
    }
  }
  const own = await browser.open(server.url + KEYS)
  const cookie = own.headers.get('set-cookie') ?? ''
  t.true(cookie.startsWith(`${cookieName(server.url, 'session')}=`), cookie)
  t.regex(cookie, /; samesite=lax; httponly/)
  const good = csrfTokenOf(own)
  const again = await browser.open(server.url + KEYS)
  t.is(csrfTokenOf(again), good, 'the same in every tab')
  const none = await browser.send(`${server.url}${KEYS}/nothing/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ csrf_token: good }),
  })
  t.is(none.status, 404)
  t.is(await pollOutcome(server.url, codes.device_code), 'token')
})

test('a form without a sign-in revokes nothing and asks to sign in', async (t) => {
  for (const path of [`${KEYS}/x/revoke`, `${KEYS}/revoke-all`]) {
    const visit = await new BrowserLike().send(server.url + path, { method: 'POST' })
    t.is(visit.status, 401)
    t.regex(visit.text, /You’re no longer signed in/)
    t.true(visit.text.includes(`href="${KEYS}">Sign in<`))
  }
})

test('a revocation that failed half-way reports an unknown outcome, and links to the list', async (t) => {
  const frail = await startTestServer()
  try {
    for (let i = 0; i < 3; i += 1) {
      const { user_code } = await authorize(frail.url)
      await decide(frail.url, user_code, 'approve', 'half')
    }
    const browser = new Proxied('half')
    const page = await browser.open(frail.url + KEYS)
    const left = async (): Promise<number> =>
      (await frail.useCases.listApiKeys({ owner: 'half' })).keys.length
    // The look-up and the first of three keys succeed.
    const back = breakStore(frail, TOKENS.ApiKeys, 2)
    const visit = await browser.submit(page, '/revoke-all', {})
    back()
    t.is(visit.status, 503)
    t.is(visit.headers.get('retry-after'), '5')
    t.is(await left(), 2)
    t.true(visit.text.includes('We can’t tell whether it worked'))
    t.notRegex(visit.text, /Nothing was changed/)
    t.true(visit.text.includes(`<a class="button" href="${KEYS}">`))
    t.true(frail.log.some((line) => line.includes('revoke keys')))
    const again = await browser.submit(await browser.open(frail.url + KEYS), '/revoke-all', {})
    t.true(again.text.includes('All devices are disconnected.'))
    t.is(await left(), 0)
  } finally {
    await frail.stop()
  }
})

test('list and revocation are 503 while the store of the keys is down', async (t) => {
  const down = await startTestServer()
  try {
    const back = breakStore(down, TOKENS.ApiKeys)
    for (const [method, path] of [
      ['GET', KEYS],
      ['DELETE', `${KEYS}/x`],
    ] as const) {
      const reply = await send(down.url, { method, path, headers: { 'x-forwarded-user': 'alice' } })
      isProblem(t, reply, 503, 'The service is unavailable for now: try again.')
      t.is(reply.headers['retry-after'], '5')
    }
    const page = await send(down.url, {
      method: 'GET',
      path: KEYS,
      headers: { 'x-forwarded-user': 'alice', accept: 'text/html' },
    })
    t.is(page.status, 503)
    t.is(page.headers['content-type'], 'text/html; charset=utf-8')
    t.true(page.text.includes(`<a class="button" href="${KEYS}">`))
    back()
  } finally {
    await down.stop()
  }
})
