import type { DeviceGrant, DeviceInfo, UserCodeClaim } from '@device-grant/core'
import { TOKENS } from '@device-grant/core'
import { BrowserLike, type Sending, type Visit } from '@device-grant/test-support/browser-like'
import { cookieName } from '@device-grant/test-support/cookie-name'
import { authorize, outcomeOf, poll, pollOutcome } from '@device-grant/test-support/device'
import { VERIFY } from '@device-grant/test-support/endpoints'
import { csrfTokenOf } from '@device-grant/test-support/html-form'
import { type Answer, FORM, post, send } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import test, { type ExecutionContext } from 'ava'
import { breakStore } from './break-store.ts'
import { startTestServer, type TestServer } from './test-server.ts'

/** A server with the demo sign-in. */
let server: TestServer
test.before(async () => {
  server = await startTestServer({ SIGN_IN: 'demo' })
})
test.after.always(() => server.stop())

/** The browser of a person who has signed in at the demo. */
const signedIn = async (name: string, to: TestServer = server): Promise<BrowserLike> => {
  const browser = new BrowserLike()
  const page = await browser.open(to.url + VERIFY)
  await browser.submit(page, '/sign-in', { name })
  return browser
}

const confirmPage = (
  browser: BrowserLike,
  userCode: string,
  to: TestServer = server,
): Promise<Visit> => browser.open(`${to.url}${VERIFY}?user_code=${encodeURIComponent(userCode)}`)

const isPending = async (t: ExecutionContext, deviceCode: string, to = server): Promise<void> => {
  t.is(await pollOutcome(to.url, deviceCode), 'authorization_pending')
}

/** The test fails unless the page has all headers of pages: UI-11, UI-12, UI-14. */
const isSafePage = (t: ExecutionContext, visit: Visit, status: number): void => {
  t.is(visit.status, status, visit.text)
  const { headers } = visit
  t.is(headers.get('content-type'), 'text/html; charset=utf-8')
  t.regex(
    headers.get('content-security-policy') ?? '',
    /default-src 'none'.*frame-ancestors 'none'/,
  )
  t.notRegex(headers.get('content-security-policy') ?? '', /unsafe|\*|https?:/)
  // A form for a code may be redirected to a provider's sign-in.
  const asksForCode = visit.text.includes('id="user_code"')
  t.is(headers.get('content-security-policy')?.includes("form-action 'self'"), !asksForCode)
  t.is(headers.get('cross-origin-opener-policy'), 'same-origin')
  t.is(headers.get('x-frame-options'), 'DENY')
  t.is(headers.get('referrer-policy'), 'no-referrer')
  t.is(headers.get('x-content-type-options'), 'nosniff')
  t.is(headers.get('cache-control'), 'no-store')
  t.is(headers.get('access-control-allow-origin'), null)
  t.regex(visit.text, /^<!doctype html>/i)
  for (const [, url = ''] of visit.text.matchAll(/\s(?:src|href|action)="([^"]*)"/g)) {
    t.regex(url, /^(\/oauth\/device\/|\?|data:,$)/, 'no URL leaves the server')
  }
}

/** The test fails unless the answer redirects, without a body and without a referrer. */
const isRedirect = (t: ExecutionContext, visit: Visit, location: string): void => {
  t.is(visit.status, 303)
  t.is(visit.headers.get('location'), location)
  t.is(visit.headers.get('content-type'), null)
  t.is(visit.headers.get('cache-control'), 'no-store')
  t.is(visit.headers.get('referrer-policy'), 'no-referrer')
  t.is(visit.text, '')
}

/** A page without the signed text that names its denial. */
const withoutNotice = (text: string): string => text.replaceAll(/notice=[\w.-]+/g, '')

for (const [decision, outcome] of [
  ['approve', 'token'],
  ['deny', 'access_denied'],
] as const) {
  test.serial(
    `UI-4: a complete URI keeps its code through the sign-in to ${decision}`,
    async (t) => {
      const { device_code, user_code, verification_uri_complete } = await authorize(server.url)
      const browser = new BrowserLike()
      const sent = await browser.send(verification_uri_complete)
      const returnTo = encodeURIComponent(`${VERIFY}?user_code=${user_code}`)
      isRedirect(t, sent, `/oauth/device/sign-in?return_to=${returnTo}`)
      const signIn = await browser.open(verification_uri_complete)
      isSafePage(t, signIn, 200)
      const confirm = await browser.submit(signIn, '/sign-in', { name: 'alice' })
      isSafePage(t, confirm, 200)
      t.is(new URL(confirm.url).search, `?user_code=${user_code}`)
      t.true(confirm.text.includes(user_code))
      // UI-7
      t.false(confirm.text.includes(device_code))
      await isPending(t, device_code)
      server.clock.pass(5_000)
      const done = await browser.submit(confirm, '/verify', { decision })
      isSafePage(t, done, 200)
      t.notRegex(done.url, /verify/, 'a page that can be loaded again')
      const again = await browser.submit(confirm, '/verify', { decision })
      isSafePage(t, again, 200)
      t.is(withoutNotice(again.text), withoutNotice(done.text), 'the form was sent twice')
      const loaded = await browser.open(done.url)
      t.is(withoutNotice(loaded.text), withoutNotice(done.text))
      t.is(await pollOutcome(server.url, device_code), outcome)
      const title = decision === 'approve' ? 'Device connected' : 'Request denied'
      t.true((await browser.open(done.url)).text.includes(`<h1>${title}</h1>`))
      const other = decision === 'approve' ? 'deny' : 'approve'
      isSafePage(t, await browser.submit(confirm, '/verify', { decision: other }), 400)
      server.clock.pass(2_000)
      t.is(outcomeOf(await poll(server.url, device_code)), outcome, 'the decision is final')
    },
  )
}

test.serial('UI-1: a code can be typed in any shape', async (t) => {
  const browser = await signedIn('alice')
  isSafePage(t, await browser.open(server.url + VERIFY), 200)
  const { user_code } = await authorize(server.url)
  const plain = user_code.replace('-', '')
  for (const typed of [
    plain.toLowerCase(),
    ` ${user_code} `,
    Array.from(plain).join('\u2013'),
    `${user_code}\u0000`,
  ]) {
    const page = await confirmPage(browser, typed)
    isSafePage(t, page, 200)
    t.regex(page.text, /name="decision" value="approve"/)
  }
})

test.serial('the sign-in asks again after an invalid name', async (t) => {
  const browser = new BrowserLike()
  const page = await browser.open(`${server.url}${VERIFY}?user_code=BBBB-BBBB`)
  for (const name of ['', '   ', 'a\nb', 'a\u0000b', 'x'.repeat(257)]) {
    const again = await browser.submit(page, '/sign-in', { name })
    isSafePage(t, again, 400)
    t.true(again.text.includes('user_code=BBBB-BBBB'), 'the code is kept')
    const sentence = name.trim() === '' ? 'Enter a name.' : 'A name can have 256 characters at most'
    t.true(again.text.includes(sentence), name)
    const shown = name.trim().replace(/[\n\0]/, '\ufffd')
    t.true(again.text.includes(shown === '' ? '' : `value="${shown}"`), 'what was typed')
  }
})

test.serial('UI-13: the sign-in returns to a path of the server, for any return_to', async (t) => {
  for (const evil of [
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/%2f/evil.example',
    '/oauth/device/../../evil',
    'javascript:alert(1)',
    '/oauth/device/verify\r\nSet-Cookie: a=b',
  ]) {
    const browser = new BrowserLike()
    const page = await browser.open(
      `${server.url}/oauth/device/sign-in?return_to=${encodeURIComponent(evil)}`,
    )
    isSafePage(t, page, 200)
    t.false(page.text.includes('evil'))
    for (const return_to of [VERIFY, evil]) {
      const visit = await browser.copy().send(`${server.url}/oauth/device/sign-in`, {
        method: 'POST',
        headers: { 'Sec-Fetch-Site': 'same-origin' },
        body: new URLSearchParams({ csrf_token: csrfTokenOf(page), name: 'alice', return_to }),
      })
      isRedirect(t, visit, VERIFY)
    }
  }
})

test.serial('a planted session does not count after the sign-in', async (t) => {
  const attacker = new BrowserLike()
  const page = await attacker.open(server.url + VERIFY)
  const victim = attacker.copy()
  const home = await victim.submit(page, '/sign-in', { name: 'victim' })
  t.is(home.status, 200)
  const before = [...attacker.cookiesFor(home.url).values()]
  const after = [...victim.cookiesFor(home.url).values()]
  t.is(before.length, 1)
  t.is(after.length, 1)
  t.not(before[0], after[0])
  const seen = await attacker.send(server.url + VERIFY)
  t.is(seen.status, 303, 'the planted cookie is not a session')
  const { device_code, user_code } = await authorize(server.url)
  for (const browser of [attacker, victim]) {
    const visit = await browser.send(server.url + VERIFY, {
      method: 'POST',
      body: new URLSearchParams({ csrf_token: csrfTokenOf(page), user_code, decision: 'approve' }),
    })
    t.is(visit.status, browser === victim ? 403 : 401, 'its CSRF token does not count either')
  }
  await isPending(t, device_code)
})

test.serial(
  'another site’s form does not sign in, nor does a form without the token of the page',
  async (t) => {
    const browser = new BrowserLike()
    const csrf_token = csrfTokenOf(await browser.open(server.url + VERIFY))
    const foreign = csrfTokenOf(await new BrowserLike().open(server.url + VERIFY))
    const own = { 'Sec-Fetch-Site': 'same-origin' }
    for (const [fields, headers] of [
      [{ csrf_token }, { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
      [{ csrf_token }, { 'Sec-Fetch-Site': 'same-site' }],
      [{ csrf_token: foreign }, own],
      [{}, own],
    ] as const) {
      const visit = await browser.send(`${server.url}/oauth/device/sign-in`, {
        method: 'POST',
        headers,
        body: new URLSearchParams({ name: 'mallory', ...fields }),
      })
      isSafePage(t, visit, 403)
      t.is((await browser.send(server.url + VERIFY)).status, 303, 'there is no session')
    }
  },
)

test.serial('a sign-in form that is too old links to a new one, for the same code', async (t) => {
  const { user_code } = await authorize(server.url)
  const browser = new BrowserLike()
  const page = await confirmPage(browser, user_code)
  server.clock.pass(3_600_000)
  const refused = await browser.submit(page, '/sign-in', { name: 'alice' })
  isSafePage(t, refused, 403)
  const [, retry = ''] = /<a class="button" href="([^"]+)"/.exec(refused.text) ?? []
  const again = await browser.submit(await browser.open(server.url + retry), '/sign-in', {
    name: 'alice',
  })
  t.is(again.url, `${server.url}${VERIFY}?user_code=${user_code}`)
})

test.serial('signing in again starts a new session', async (t) => {
  const browser = await signedIn('alice')
  const stolen = browser.copy()
  const page = await browser.open(`${server.url}/oauth/device/sign-in`)
  await browser.submit(page, '/sign-in', { name: 'bob' })
  t.notDeepEqual([...browser.cookiesFor(page.url)], [...stolen.cookiesFor(page.url)])
})

test.serial('signing out ends the session, and a form of another site does not', async (t) => {
  const browser = await signedIn('alice')
  const page = await browser.open(server.url + VERIFY)
  const signOut = `${server.url}/oauth/device/sign-out`
  const csrf_token = csrfTokenOf(page)
  for (const [fields, headers] of [
    [{ csrf_token }, { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }],
    [{}, { 'Sec-Fetch-Site': 'same-origin' }],
  ] as const) {
    const visit = await browser.send(signOut, {
      method: 'POST',
      headers,
      body: new URLSearchParams(fields),
    })
    isSafePage(t, visit, 403)
  }
  t.is((await browser.send(server.url + VERIFY)).status, 200)
  isSafePage(t, await browser.submit(page, '/sign-out', {}), 200)
  t.is((await browser.send(server.url + VERIFY)).status, 303)
  t.is(browser.cookiesFor(signOut).size, 0)
  isSafePage(t, await browser.send(signOut, { method: 'POST' }), 200)
})

test.serial(
  'a session ends after an idle hour, and its form then links to the sign-in with the code',
  async (t) => {
    const { device_code, user_code } = await authorize(server.url)
    const browser = await signedIn('alice')
    const page = await confirmPage(browser, user_code)
    server.clock.pass(3_600_000)
    const refused = await browser.submit(page, '/verify', { decision: 'approve' })
    isSafePage(t, refused, 401)
    t.regex(refused.text, /You’re no longer signed in/)
    const [, onward = ''] = /<a class="button" href="([^"]+)">Sign in</.exec(refused.text) ?? []
    t.is(onward, `${VERIFY}?user_code=${user_code}`)
    const visit = await browser.open(server.url + onward)
    isSafePage(t, visit, 200)
    t.true(new URL(visit.url).searchParams.get('return_to')?.endsWith(`?user_code=${user_code}`))
    t.is(await pollOutcome(server.url, device_code), 'invalid_grant')
  },
)

test.serial(
  'UI-6: HEAD, prefetch, images, frames and scripts open, count and approve nothing',
  async (t) => {
    const { device_code, user_code } = await authorize(server.url)
    const browser = await signedIn('on the look-out')
    const looks: readonly (readonly [method: string, headers: Record<string, string>])[] = [
      ['HEAD', {}],
      ['GET', { 'Sec-Purpose': 'prefetch' }],
      ['GET', { 'Sec-Purpose': 'prefetch;prerender' }],
      ['GET', { Purpose: 'prefetch' }],
      ['GET', { 'X-Moz': 'prefetch' }],
      ...['image', 'iframe', 'frame', 'embed', 'object', 'script', 'style', 'empty'].map(
        (dest) => ['GET', { 'Sec-Fetch-Dest': dest }] as const,
      ),
    ]
    for (const [method, headers] of looks) {
      for (const code of [user_code, 'BBBB-BBBB']) {
        const visit = await browser.send(
          `${server.url}${VERIFY}?user_code=${code}&decision=approve`,
          { method, headers },
        )
        t.is(visit.status, 200)
        t.false(visit.text.includes('value="approve"'))
      }
    }
    const claims = server.server.container.get<{
      entries(): Iterable<readonly [string, UserCodeClaim]>
    }>(TOKENS.UserCodeClaims)
    const claim = new Map(claims.entries()).get(user_code.replace('-', ''))
    t.truthy(claim)
    t.is(claim?.openedBy, undefined)
    const visit = await confirmPage(browser, user_code)
    t.true(visit.text.includes('value="approve"'), 'no attempt was counted')
    await browser.open(`${server.url}${VERIFY}?user_code=${user_code}&decision=approve`)
    await isPending(t, device_code)
  },
)

/** The headers of a navigation that a page of another origin starts without a click. */
const UNASKED = [{ 'Sec-Fetch-Site': 'cross-site' }, { 'Sec-Fetch-Site': 'same-site' }] as const
/** Navigations that a person starts: a click elsewhere, the address bar, and a page of ours. */
const ASKED = [
  { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-User': '?1' },
  { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-User': '?1' },
  { 'Sec-Fetch-Site': 'none' },
  { 'Sec-Fetch-Site': 'same-origin' },
] as const

test.serial('a page that leads here without a click only fills the form in', async (t) => {
  const browser = await signedIn('led here')
  const charges = (): number => server.log.filter((line) => line.includes('wrong_user_code')).length
  const before = charges()
  for (const headers of UNASKED) {
    for (let i = 0; i < 6; i += 1) {
      const url = `${server.url}${VERIFY}?user_code=BBBB-BBBB`
      const visit = await browser.send(url, { headers })
      isSafePage(t, visit, 200)
      t.true(visit.text.includes('value="BBBB-BBBB"'))
      t.notRegex(visit.text, /role="alert"/)
    }
    const { user_code } = await authorize(server.url)
    const url = `${server.url}${VERIFY}?user_code=${user_code}`
    t.false((await browser.send(url, { headers })).text.includes('value="approve"'))
    const pressed = await browser.send(url, { headers: { 'Sec-Fetch-Site': 'same-origin' } })
    t.true(pressed.text.includes('value="approve"'), 'one press goes on')
  }
  t.is(charges(), before)
  for (const headers of ASKED) {
    const { user_code } = await authorize(server.url)
    const url = `${server.url}${VERIFY}?user_code=${user_code}`
    t.true((await browser.send(url, { headers })).text.includes('value="approve"'))
  }
})

test.serial(
  'the way back from the sign-in counts as what began it, once and for its code',
  async (t) => {
    const [unasked] = UNASKED
    for (const [begun, isOpened] of [
      ...ASKED.map((headers) => [headers, true] as const),
      ...UNASKED.map((headers) => [headers, false] as const),
    ]) {
      const { user_code } = await authorize(server.url)
      const { user_code: other } = await authorize(server.url)
      const urlOf = (code: string): string => `${server.url}${VERIFY}?user_code=${code}`
      const browser = new BrowserLike()
      const signIn = await browser.open(urlOf(user_code), { headers: begun })
      await browser.submit(signIn, '/sign-in', { name: 'returner' }, urlOf(user_code))
      const back = async (code: string): Promise<boolean> =>
        (await browser.send(urlOf(code), { headers: unasked })).text.includes('value="approve"')
      t.false(await back(other), 'for no other code')
      t.is(await back(user_code), isOpened)
      t.false(await back(user_code), 'once')
    }
  },
)

test.serial('the marks of ways back fit into a header', async (t) => {
  const browser = new BrowserLike()
  for (let i = 0; i < 9; i += 1) {
    const { user_code } = await authorize(server.url)
    await browser.send(`${server.url}${VERIFY}?user_code=${user_code}`)
  }
  t.is(browser.cookiesFor(server.url + VERIFY).size, 4)
})

test.serial(
  'another account opens the code at once, and it is kept through the sign-in',
  async (t) => {
    const { user_code, device_code } = await authorize(server.url)
    const browser = await signedIn('wrong account')
    const page = await confirmPage(browser, user_code)
    t.true(page.text.includes('wrong account</bdi></strong>.'), page.text)
    const switching = await browser.submit(page, '/switch-account', {}, server.url)
    isSafePage(t, switching, 200)
    const signIn = await browser.open(switching.url)
    t.is(new URL(signIn.url).pathname, '/oauth/device/sign-in')
    t.is((await browser.send(server.url + VERIFY)).status, 303, 'the session has ended')
    const confirm = await browser.submit(signIn, '/sign-in', { name: 'right account' })
    isSafePage(t, confirm, 200)
    t.is(confirm.url, `${server.url}${VERIFY}?user_code=${user_code}`)
    t.true(confirm.text.includes('right account</bdi></strong>.'))
    t.is((await browser.submit(confirm, '/verify', { decision: 'approve' })).status, 200)
    t.is(outcomeOf(await poll(server.url, device_code)), 'token')
    const { keys } = await server.useCases.listApiKeys({ owner: 'right account' })
    t.is(keys.length, 1)
  },
)

test.serial('a form of another site lets no code go and ends no session', async (t) => {
  const { user_code } = await authorize(server.url)
  const alice = await signedIn('alice')
  const csrf_token = csrfTokenOf(await confirmPage(alice, user_code))
  for (const [fields, headers] of [
    [
      { csrf_token, user_code },
      { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
    ],
    [{ user_code }, { 'Sec-Fetch-Site': 'same-origin' }],
  ] as const) {
    const visit = await alice.send(`${server.url}/oauth/device/switch-account`, {
      method: 'POST',
      headers,
      body: new URLSearchParams(fields),
    })
    isSafePage(t, visit, 403)
  }
  t.is((await alice.send(server.url + VERIFY)).status, 200)
  isSafePage(t, await confirmPage(await signedIn('bob'), user_code), 400)
})

test.serial('a form without a session ends none, and marks no way back', async (t) => {
  const { user_code } = await authorize(server.url)
  const answer = await new BrowserLike().send(`${server.url}/oauth/device/switch-account`, {
    method: 'POST',
    headers: { Origin: 'null' },
    body: new URLSearchParams({ user_code }),
  })
  isSafePage(t, answer, 200)
  t.true(answer.headers.get('Refresh')?.includes('/oauth/device/sign-in?'))
  t.deepEqual(answer.headers.getSetCookie(), [])
})

test.serial('UI-6: a decision counts only with the token of its session', async (t) => {
  const { device_code, user_code } = await authorize(server.url)
  const alice = await signedIn('alice')
  const page = await confirmPage(alice, user_code)
  const others = await signedIn('alice')
  const foreign = csrfTokenOf(await others.open(server.url + VERIFY))
  const own = csrfTokenOf(page)
  t.not(own, foreign, 'another session of the same person')
  const send = (
    fields: string | URLSearchParams,
    headers: Record<string, string> = {},
  ): Promise<Visit> =>
    alice.send(server.url + VERIFY, {
      method: 'POST',
      headers: { 'Sec-Fetch-Site': 'same-origin', 'Content-Type': FORM, ...headers },
      body: fields,
    })
  const fields = (csrf_token: string): string =>
    new URLSearchParams({ user_code, decision: 'approve', csrf_token }).toString()
  for (const wrong of ['', foreign, own.slice(1), `${own}=`, own.toLowerCase()])
    isSafePage(t, await send(fields(wrong)), 403)
  isSafePage(t, await send(`${fields(own)}&csrf_token=${foreign}`), 400)
  isSafePage(t, await send(new URLSearchParams({ user_code, decision: 'approve' })), 403)
  for (const headers of [
    { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'none' },
    { 'Sec-Fetch-Site': '', Origin: 'null' },
  ]) {
    isSafePage(t, await send(fields(own), headers), 403)
  }
  await isPending(t, device_code)
  t.is((await send(fields(own))).status, 303)
  t.is(await pollOutcome(server.url, device_code), 'token')
})

/** Forms by `Origin`, `Sec-Fetch-Site` and token, and whether they count. The one that counts is last. */
const FORMS_SENT: readonly (readonly [
  origin: string,
  site: string | undefined,
  token: 'good' | 'bad' | 'missing',
  counts: boolean,
])[] = [
  ['null', undefined, 'bad', false],
  ['null', undefined, 'missing', false],
  ['https://evil.example', undefined, 'good', false],
  ['', undefined, 'good', false],
  ['null', 'cross-site', 'good', false],
  ['null', 'same-site', 'good', false],
  ['null', 'none', 'good', false],
  ['null', '', 'good', false],
  ['null', undefined, 'good', true],
]

for (const [path, accepted] of [
  ['/verify', 303],
  ['/keys/none/revoke', 404],
  ['/keys/revoke-all', 303],
  ['/sign-out', 200],
  ['/sign-in', 303],
] as const) {
  test.serial(`the token decides at ${path} if the browser sends no origin`, async (t) => {
    const browser = await signedIn('plain http')
    const good = csrfTokenOf(await browser.open(server.url + VERIFY))
    const { user_code } = await authorize(server.url)
    for (const [origin, site, token, counts] of FORMS_SENT) {
      const visit = await browser.send(`${server.url}/oauth/device${path}`, {
        method: 'POST',
        headers: { Origin: origin, ...(site === undefined ? {} : { 'Sec-Fetch-Site': site }) },
        body: new URLSearchParams({
          ...{ user_code, decision: 'deny', name: 'plain http' },
          ...(token === 'missing' ? {} : { csrf_token: token === 'good' ? good : 'made up' }),
        }),
      })
      t.is(visit.status, counts ? accepted : 403, `${origin} ${site} ${token}`)
    }
  })
}

test.serial('a front end without an origin decides nothing, even with a token', async (t) => {
  const browser = await signedIn('strict')
  const csrf_token = csrfTokenOf(await browser.open(server.url + VERIFY))
  const { device_code, user_code } = await authorize(server.url)
  const fields = new URLSearchParams({ user_code, csrf_token })
  for (const [path, sending] of [
    ['/verify-authenticated', { method: 'POST', body: fields }],
    ['/keys/none', { method: 'DELETE' }],
  ] as const) {
    const visit = await browser.send(`${server.url}/oauth/device${path}`, {
      headers: { Origin: 'null' },
      ...sending,
    })
    t.is(visit.status, 403)
  }
  await isPending(t, device_code)
})

test.serial('an unreadable form gets a page with an error', async (t) => {
  const browser = await signedIn('alice')
  const csrf_token = csrfTokenOf(await browser.open(server.url + VERIFY))
  for (const [body, type] of [
    ['{', 'application/json'],
    [`user_code=${'x'.repeat(20_000)}`, FORM],
    [`csrf_token=${csrf_token}&decision=approve`, FORM],
    [`csrf_token=${csrf_token}&user_code=BBBB-BBBB`, FORM],
    [`csrf_token=${csrf_token}&user_code=BBBB-BBBB&decision=maybe`, FORM],
    [`csrf_token=${csrf_token}&user_code=BBBB-BBBB&decision=deny&decision=approve`, FORM],
    [JSON.stringify({ csrf_token, user_code: '\ud800', decision: 'deny' }), 'application/json'],
    [`csrf_token=${csrf_token}&decision=deny&user_code=${'x'.repeat(64)}%F0%9F%98%80`, FORM],
  ] as const) {
    const visit = await browser.send(server.url + VERIFY, {
      method: 'POST',
      headers: { 'Content-Type': type, 'Sec-Fetch-Site': 'same-origin' },
      body,
    })
    isSafePage(t, visit, 400)
    t.regex(visit.text, /(class="button" href|method="get" action)="\/oauth\/device\/verify/)
  }
  const none = await send(server.url, {
    path: VERIFY,
    body: '{"user_code":"\\ud800"}',
    headers: { 'content-type': 'application/json' },
  })
  t.is(none.status, 401)
})

test.serial(
  'a pasted text of 512 characters is read in full, also after the sign-in',
  async (t) => {
    const around = 'What the terminal showed before and after the code, line by line.\n'
    for (const before of [0, 3, 6]) {
      const { user_code } = await authorize(server.url)
      const text = `${around.repeat(before)}Enter  ${user_code} ${around.repeat(6 - before)}`
      const pasted = text.slice(0, 512)
      t.true(pasted.includes(user_code))
      const browser = new BrowserLike()
      const signIn = await confirmPage(browser, pasted)
      const page = await browser.submit(signIn, '/sign-in', { name: 'paster' })
      isSafePage(t, page, 200)
      t.regex(page.text, /name="decision" value="approve"/)
      const again = { user_code: pasted, decision: 'deny' }
      isSafePage(t, await browser.submit(page, '/verify', again), 200)
    }
  },
)

test.serial('an overlong code is refused, and shown shortened', async (t) => {
  const browser = await signedIn('long codes')
  for (const typed of ['B'.repeat(65), 'B'.repeat(7_000), `${'x'.repeat(64)}😀`]) {
    const visit = await confirmPage(browser, typed)
    isSafePage(t, visit, 400)
    t.false(visit.text.includes('B'.repeat(513)))
  }
  const stranger = await new BrowserLike().open(
    `${server.url}${VERIFY}?user_code=${encodeURIComponent('Ｗ'.repeat(65))}`,
  )
  isSafePage(t, stranger, 200)
  const twice = await browser.open(`${server.url}${VERIFY}?user_code=A&user_code=B`)
  isSafePage(t, twice, 200)
})

test.serial(
  'UI-15, CD-4: a second person who opens a code has to wait, and learns nothing about the first',
  async (t) => {
    const { device_code, user_code } = await authorize(server.url, { client_id: 'acme-cli' })
    const alice = await signedIn('alice')
    const bob = await signedIn('bob')
    const page = await confirmPage(alice, user_code)
    for (let i = 0; i < 10; i += 1) {
      const told = await confirmPage(bob, user_code)
      isSafePage(t, told, 400)
      t.is(told.headers.get('retry-after'), '120')
      t.true(told.text.includes('Another account has this code open. Try again in two minutes.'))
      t.true(told.text.includes(`value="${user_code}"`), 'the code is kept')
      t.notRegex(told.text, /alice|acme-cli|127\.0\.0\.1|attempt/)
    }
    const told = await confirmPage(bob, user_code)
    const post = await bob.send(server.url + VERIFY, {
      method: 'POST',
      headers: { 'Sec-Fetch-Site': 'same-origin' },
      body: new URLSearchParams({ csrf_token: csrfTokenOf(told), user_code, decision: 'approve' }),
    })
    isSafePage(t, post, 400)
    t.true(post.text.includes('Another account has this code open.'))
    const polled = (): Promise<Answer> => poll(server.url, device_code, { client_id: 'acme-cli' })
    t.is(outcomeOf(await polled()), 'authorization_pending')
    t.true(server.log.some((line) => line.includes('user_code_contested')))
    isSafePage(t, await alice.submit(page, '/verify', { decision: 'deny' }), 200)
    server.clock.pass(120_000)
    const late = await confirmPage(bob, user_code)
    isSafePage(t, late, 400)
    t.false(late.text.includes('alice'))
    t.is(outcomeOf(await polled()), 'access_denied')
  },
)

test.serial('a malformed code costs no attempt, and the page describes a code', async (t) => {
  const browser = await signedIn('fumbler')
  for (const [typed, problem] of [
    ['WDJB', 'A code has 8 letters; you typed 4.'],
    ['   ', 'A code has 8 letters; you typed none.'],
    ['12345678', 'A code only has these letters:'],
    ['WDJB-MJHT and BLLB-VQTW', 'A code has 8 letters; you typed 19.'],
  ] as const) {
    for (let i = 0; i < 3; i += 1) {
      const told = await confirmPage(browser, typed)
      isSafePage(t, told, 400)
      t.true(told.text.includes(problem), told.text)
    }
  }
  const { user_code } = await authorize(server.url)
  isSafePage(t, await confirmPage(browser, user_code), 200)
})

test.serial('a right code is 429 after five wrong ones, until ten minutes are over', async (t) => {
  const { device_code, user_code } = await authorize(server.url)
  const browser = await signedIn('guesser')
  for (let i = 0; i < 5; i += 1) isSafePage(t, await confirmPage(browser, 'BBBB-BBBB'), 400)
  const refused = await confirmPage(browser, user_code)
  isSafePage(t, refused, 429)
  t.is(refused.headers.get('retry-after'), '600')
  t.true(refused.text.includes('Wait 10 minutes.'))
  const elsewhere = await signedIn('guesser')
  isSafePage(t, await confirmPage(elsewhere, user_code), 429)
  isSafePage(t, await confirmPage(await signedIn('not the guesser'), user_code), 200)
  await isPending(t, device_code)
  server.clock.pass(600_000)
  isSafePage(t, await confirmPage(browser, 'BBBB-BBBB'), 400)
})

test.serial('a code that expires while its page is open is not approved', async (t) => {
  const { device_code, user_code } = await authorize(server.url)
  const browser = await signedIn('alice')
  const page = await confirmPage(browser, user_code)
  server.clock.pass(600_000)
  isSafePage(t, await browser.submit(page, '/verify', { decision: 'approve' }), 400)
  t.is(await pollOutcome(server.url, device_code), 'expired_token')
  isSafePage(t, await confirmPage(browser, user_code), 400)
})

const SCRIPT = '<script>alert(1)</script>'
const PAYLOADS = [
  SCRIPT,
  `"><img src=x onerror=alert(1)>`,
  `' autofocus onfocus=alert(1) x='`,
  '</title><svg/onload=alert(1)>',
  '{{7*7}}',
  '&lt;b&gt;',
  'javascript:alert(1)',
]

/** The test fails if the page holds foreign markup. */
const isUnharmed = (t: ExecutionContext, { text }: Visit): void => {
  t.notRegex(text, /<(script>|img|svg|b>)/i)
  t.notRegex(text, /\s(?:href|src|action)="\s*javascript:/i)
  for (const [tag] of text.matchAll(/<[a-z](?:"[^"]*"|[^">])*>/gi)) {
    t.notRegex(tag.replaceAll(/"[^"]*"/g, ''), /\son[a-z]+|'/i, tag)
  }
}

test.serial('no text of a device, a browser or a URL becomes markup or a header', async (t) => {
  const proxied = await startTestServer({ SIGN_IN: 'demo', TRUSTED_PROXIES: '127.0.0.1' })
  try {
    const browser = await signedIn('alice', proxied)
    for (const payload of PAYLOADS) {
      const scope = payload.replaceAll(/["\\]/g, '')
      const authorized = await post(
        proxied.url,
        '/oauth/device/authorize',
        { client_id: payload, scope },
        {
          'user-agent': payload,
          'x-forwarded-for': payload,
          'x-forwarded-host': payload,
          host: 'evil.example',
        },
      )
      t.is(authorized.status, 200, authorized.text)
      const { user_code, verification_uri } = JSON.parse(authorized.text)
      t.is(verification_uri, proxied.url + VERIFY)
      const confirm = await confirmPage(browser, user_code, proxied)
      isSafePage(t, confirm, 200)
      isUnharmed(t, confirm)
      isUnharmed(t, await browser.submit(confirm, '/verify', { decision: 'approve' }))
      const keys = await browser.open(
        `${proxied.url}/oauth/device/keys?notice=${encodeURIComponent(payload)}`,
      )
      isSafePage(t, keys, 200)
      isUnharmed(t, keys)
      const typed = await confirmPage(await signedIn(payload, proxied), payload, proxied)
      isSafePage(t, typed, 400)
      isUnharmed(t, typed)
      for (const query of ['return_to', 'ui_locales', 'user_code', 'error']) {
        const stranger = await new BrowserLike().open(
          `${proxied.url}/oauth/device/sign-in?${query}=${encodeURIComponent(payload)}`,
          { headers: { 'Accept-Language': 'en, <script>' } },
        )
        isSafePage(t, stranger, 200)
        isUnharmed(t, stranger)
      }
    }
    for (const line of ['a\r\nX-Evil: 1', 'a\nb', 'a\u0000b', 'é']) {
      const refused = await post(proxied.url, '/oauth/device/authorize', { client_id: line })
      t.is(refused.status, 400)
      t.is(refused.headers['x-evil'], undefined)
      const visit = await browser.open(
        `${proxied.url}${VERIFY}?user_code=${encodeURIComponent(line)}`,
      )
      isSafePage(t, visit, visit.status)
      t.is(visit.headers.get('x-evil'), null)
    }
  } finally {
    await proxied.stop()
  }
})

test.serial(
  'the page names the web page that asked for the code, and the list names it too',
  async (t) => {
    const browser = await signedIn('surfer')
    for (const [webOrigin, title] of [
      ['https://evil.test', 'https://evil.test</bdi>, asked for this code'],
      ['null', 'A web page that hides its address asked for this code'],
    ] as const) {
      server.clock.pass(1)
      const device = { address: '127.0.0.1', webOrigin }
      const { userCode } = issued(await server.useCases.authorizeDevice({ device }))
      const page = await confirmPage(browser, userCode)
      isSafePage(t, page, 200)
      t.true(page.text.includes(title), page.text)
      await browser.submit(page, '/verify', { decision: 'approve' })
      const json = await browser.send(`${server.url}/oauth/device/keys`, {
        headers: { Accept: 'application/json' },
      })
      const { keys } = JSON.parse(json.text) as { keys: Record<string, unknown>[] }
      t.is(keys[0]?.['web_origin'], webOrigin)
    }
  },
)

test.serial('addresses are unknown only behind the same proxy that is not listed', async (t) => {
  const unlisted = await startTestServer({ SIGN_IN: 'demo', TRUSTED_PROXIES: '192.0.2.1' })
  try {
    const browser = await signedIn('behind a proxy', unlisted)
    const look = async (device: DeviceInfo, forwarded?: string): Promise<string> => {
      const { userCode } = issued(await unlisted.useCases.authorizeDevice({ device }))
      const headers = forwarded === undefined ? {} : { 'X-Forwarded-For': forwarded }
      const url = `${unlisted.url}${VERIFY}?user_code=${userCode}`
      return (await browser.open(url, { headers })).text
    }
    const proxy = { address: '127.0.0.1', unlistedProxy: '127.0.0.1' }
    t.true((await look(proxy, '203.0.113.7')).includes('We can’t tell whether'))
    t.false((await look(proxy)).includes('We can’t tell whether'))
    const elsewhere = { address: '203.0.113.7', unlistedProxy: '203.0.113.7' }
    t.true((await look(elsewhere, '203.0.113.7')).includes('Your device is in another network'))
  } finally {
    await unlisted.stop()
  }
})

test.serial('a failed store gets a page with a way back', async (t) => {
  const { device_code, user_code } = await authorize(server.url)
  const browser = await signedIn('patient')
  const page = await confirmPage(browser, user_code)
  for (const [name, after] of [
    [TOKENS.CodeAttempts, 0],
    [TOKENS.ApiKeys, 0],
    [TOKENS.DeviceGrants, 0],
    [TOKENS.DeviceGrants, 1],
  ] as const) {
    const back = breakStore(server, name, after)
    const visit = await browser.submit(page, '/verify', { decision: 'approve' })
    back()
    isSafePage(t, visit, 503)
    t.is(visit.headers.get('retry-after'), '5')
    t.true(visit.text.includes(`user_code=${user_code}`), 'the page links to the same code')
    await isPending(t, device_code)
    server.clock.pass(5_000)
  }
  const back = breakStore(server, TOKENS.UserCodeClaims)
  const visit = await confirmPage(browser, user_code)
  back()
  isSafePage(t, visit, 503)
  t.true(visit.text.includes(`class="button" href="${VERIFY}?user_code=${user_code}"`))
  isSafePage(t, await browser.submit(page, '/verify', { decision: 'approve' }), 200)
  t.is(await pollOutcome(server.url, device_code), 'token')
  const grants = server.server.container.get<{
    entries(): Iterable<readonly [string, DeviceGrant]>
  }>(TOKENS.DeviceGrants)
  t.is(
    [...grants.entries()].filter(
      ([, grant]) => `${grant.userCode.slice(0, 4)}-${grant.userCode.slice(4)}` === user_code,
    )[0]?.[1].status,
    'approved',
  )
})

test.serial('other methods are 405, and other paths are 404', async (t) => {
  for (const [method, path, status, allow] of [
    ['PUT', VERIFY, 405, 'GET, HEAD, POST'],
    ['DELETE', VERIFY, 405, 'GET, HEAD, POST'],
    ['OPTIONS', VERIFY, 405, 'GET, HEAD, POST'],
    ['POST', '/device', 405, 'GET, HEAD'],
    ['OPTIONS', '/device', 405, 'GET, HEAD'],
    ['GET', '/oauth/device/review', 405, 'POST, OPTIONS'],
    ['GET', '/oauth/device/sign-out', 405, 'POST'],
    ['PUT', '/oauth/device/sign-in', 405, 'GET, HEAD, POST'],
    ['POST', '/oauth/device/sign-in/callback', 405, 'GET, HEAD'],
    ['POST', '/oauth/device/assets/style.css', 405, 'GET, HEAD'],
    ['GET', '/oauth/device/sign-in/nothing', 404, undefined],
    ['GET', '/oauth/device/assets/nothing.css', 404, undefined],
    ['GET', '/oauth/device/assets/..%2f..%2fpackage.json', 404, undefined],
    ['GET', '/oauth/device/assets/%E0%A4%A', 404, undefined],
    ['GET', '/oauth/device/assets/__proto__', 404, undefined],
    ['GET', '/oauth/device/nothing', 404, undefined],
    ['GET', '//oauth/device/verify', 404, undefined],
  ] as const) {
    const visit = await send(server.url, {
      method,
      path,
      headers: { origin: 'https://evil.example' },
    })
    t.is(visit.status, status, `${method} ${path}`)
    t.is(visit.headers.allow, allow)
    t.is(visit.headers['access-control-allow-origin'], undefined)
  }
})

test.serial('a browser gets errors as pages at every path but the two of devices', async (t) => {
  const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
  const browser = new BrowserLike()
  for (const [path, status, allow] of [
    ['/oauth/device/sign-out', 405, 'POST'],
    ['/oauth/device/keys/revoke-all', 405, 'POST'],
    ['/oauth/device/keys/x/revoke', 405, 'POST'],
    ['/oauth/device/review', 405, 'POST, OPTIONS'],
    ['/oauth/device/verify-authenticated', 405, 'POST, OPTIONS'],
    ['/oauth/device', 404, null],
    ['/oauth/device/', 404, null],
    ['/oauth/device/nothing', 404, null],
    ['/nothing', 404, null],
  ] as const) {
    const visit = await browser.open(server.url + path, { headers: { Accept: accept } })
    isSafePage(t, visit, status)
    t.is(visit.headers.get('allow'), allow, path)
    t.true(visit.text.includes(`<a class="button" href="${VERIFY}">`), path)
  }
  for (const path of ['/oauth/device/token', '/oauth/device/authorize']) {
    const { status, headers } = await browser.open(server.url + path, {
      headers: { Accept: accept },
    })
    t.is(status, 405)
    t.is(headers.get('content-type'), 'application/json; charset=utf-8')
  }
})

test.serial('JSON is sent with nosniff', async (t) => {
  for (const [method, path] of [
    ['POST', '/oauth/device/authorize'],
    ['POST', '/oauth/device/token'],
    ['GET', '/oauth/device/token'],
    ['GET', '/oauth/device/keys'],
    ['POST', '/oauth/device/review'],
    ['POST', '/oauth/device/verify-authenticated'],
    ['GET', '/oauth/device/sign-out'],
    ['GET', '/oauth/device/nothing'],
    ['GET', '/nothing'],
    ['GET', '/healthz'],
    ['GET', '/readyz'],
    ['GET', '/status'],
    ['GET', '/api/whoami'],
    ['GET', '/.well-known/oauth-authorization-server'],
  ] as const) {
    const { headers } = await send(server.url, { method, path })
    t.regex(headers['content-type'] ?? '', /^application\/(problem\+)?json/, path)
    t.is(headers['x-content-type-options'], 'nosniff', path)
  }
})

test.serial('a decided code is shown as the device shows it, however it was typed', async (t) => {
  const browser = await signedIn('namer')
  const shows = (visit: Visit, typed: string, user_code: string): void => {
    const main = visit.text.replace(/^.*<main>/su, '')
    t.true(main.includes(user_code) && main.includes('acme-cli'), main)
    t.false(main.includes(typed))
  }
  const start = async (): Promise<readonly [string, string]> => {
    const { user_code } = await authorize(server.url, { client_id: 'acme-cli' })
    return [user_code, user_code.replace('-', '').toLowerCase()]
  }
  for (const decision of ['approve', 'deny']) {
    const [user_code, typed] = await start()
    const page = await confirmPage(browser, typed)
    shows(await browser.submit(page, '/verify', { decision, user_code: typed }), typed, user_code)
    shows(await confirmPage(browser, typed), typed, user_code)
    server.clock.pass(120_000)
    const neutral = await confirmPage(await signedIn('another person'), typed)
    isSafePage(t, neutral, 400)
    t.false(neutral.text.includes('acme-cli'))
    t.false(neutral.text.includes(user_code), 'only the text that was typed')
  }
  const [user_code, typed] = await start()
  const page = await confirmPage(browser, typed)
  server.clock.pass(600_000)
  shows(
    await browser.submit(page, '/verify', { decision: 'approve', user_code: typed }),
    typed,
    user_code,
  )
  shows(await confirmPage(browser, typed), typed, user_code)
})

test.serial('a stranger who types an expired or a used code sees one neutral text', async (t) => {
  const used = await authorize(server.url, { client_id: 'acme-cli' })
  const decider = await signedIn('decider')
  await decider.submit(await confirmPage(decider, used.user_code), '/verify', {
    decision: 'approve',
  })
  const expired = await authorize(server.url, { client_id: 'acme-cli' })
  server.clock.pass(599_999)
  const stranger = await signedIn('stranger')
  const first = await confirmPage(stranger, used.user_code)
  isSafePage(t, first, 400)
  server.clock.pass(1)
  const second = await confirmPage(stranger, expired.user_code)
  isSafePage(t, second, 400)
  t.is(second.text, first.text)
  t.true(first.text.includes('It has expired, or it has already been used.'))
  t.notRegex(first.text, /acme-cli|decider|[A-Z]{4}-[A-Z]{4}/)
})

test.serial('the page of a code that this person approved shows the approval', async (t) => {
  const { user_code } = await authorize(server.url, { client_id: 'acme-cli' })
  const browser = await signedIn('approver')
  const page = await confirmPage(browser, user_code)
  await browser.submit(page, '/verify', { decision: 'approve' })
  for (const again of [
    await confirmPage(browser, user_code),
    await browser.submit(page, '/verify', { decision: 'deny' }),
  ]) {
    isSafePage(t, again, 400)
    for (const part of ['You already approved this request', 'acme-cli', user_code]) {
      t.true(again.text.includes(part), part)
    }
    t.true(again.text.includes('<a class="button" href="/oauth/device/keys">'))
  }
})

test.serial('ui_locales=de holds for all later pages, whatever the browser prefers', async (t) => {
  class English extends BrowserLike {
    override send(url: string, sending: Sending = {}): Promise<Visit> {
      return super.send(url, {
        ...sending,
        headers: { 'Accept-Language': 'en', ...sending.headers },
      })
    }
  }
  const browser = new English()
  const { user_code, verification_uri_complete } = await authorize(server.url)
  const isIn = (locale: string, visit: Visit): void => {
    isSafePage(t, visit, 200)
    t.true(visit.text.includes(`<html lang="${locale}"`), visit.url)
  }
  const sent = await browser.send(`${verification_uri_complete}&ui_locales=xx%20de-AT`)
  const locale = `${cookieName(server.url, 'locale')}=de; path=/; samesite=lax; httponly`
  t.is(sent.headers.get('set-cookie')?.split(', ')[0], locale)
  const signIn = await browser.open(verification_uri_complete)
  isIn('de', signIn)
  const confirm = await browser.submit(signIn, '/sign-in', { name: 'gerda' })
  isIn('de', confirm)
  t.true(confirm.text.includes(user_code))
  isIn('de', await browser.submit(confirm, '/verify', { decision: 'approve' }))
  isIn('de', await browser.open(`${server.url}/oauth/device/keys`))
  isIn('de', await browser.open(`${server.url}${VERIFY}?ui_locales=xx`))
  isIn('en', await browser.open(`${server.url}${VERIFY}?ui_locales=en`))
  isIn('en', await browser.open(server.url + VERIFY, { headers: { 'Accept-Language': 'de' } }))
  isIn('en', await new English().open(server.url + VERIFY))
})

test.serial('the root of the server is a page for everyone', async (t) => {
  const stranger = await new BrowserLike().open(server.url)
  isSafePage(t, stranger, 200)
  t.true(stranger.text.includes('<h1>Connect devices to your account</h1>'))
  t.false(stranger.text.includes('Signed in as'))
  for (const path of [VERIFY, '/oauth/device/keys']) {
    t.true(stranger.text.includes(`href="${path}">`), path)
  }
  const browser = await signedIn('hanna')
  t.true((await browser.open(server.url)).text.includes('hanna'))
  const german = await browser.open(languagesOf(stranger)['de'] ?? '')
  isSafePage(t, german, 200)
  t.true(german.text.includes('<html lang="de"'))
  t.true((await browser.open(server.url + VERIFY)).text.includes('<html lang="de"'))
})

/** The addresses of a page in other languages, by their tag. */
const languagesOf = ({ text, url }: Visit): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...text.matchAll(/<a href="([^"]*)" lang="([^"]*)"/g)].map(([, href = '', tag = '']) => [
      tag,
      new URL(href.replaceAll('&amp;', '&'), url).href,
    ]),
  )

test.serial('a page leads to itself in other languages, with its code', async (t) => {
  const browser = await signedIn('lara')
  const { user_code } = await authorize(server.url)
  const page = await confirmPage(browser, user_code)
  const german = await browser.open(languagesOf(page)['de'] ?? '')
  isSafePage(t, german, 200)
  t.is(german.headers.get('vary'), 'Accept, Accept-Language, Cookie')
  t.true(german.text.includes('<html lang="de"'))
  t.true(german.text.includes(user_code))
  const english = await browser.open(languagesOf(german)['en'] ?? '')
  t.true(english.text.includes('<html lang="en"'))
  t.true(english.text.includes(user_code))
  t.true((await confirmPage(browser, user_code)).text.includes('<html lang="en"'))
  const keys = await browser.open(`${server.url}/oauth/device/keys?notice=renamed&x=evil`)
  t.is(languagesOf(keys)['de'], `${server.url}/oauth/device/keys?ui_locales=de`)
})

test.serial('another language sends neither a form nor a wrong code again', async (t) => {
  const browser = await signedIn('lars')
  const wrong = await confirmPage(browser, 'WDJB-MJHT')
  t.is(wrong.status, 400)
  t.is(languagesOf(wrong)['de'], `${server.url}${VERIFY}?ui_locales=de`)
  const posted = await browser.send(server.url + VERIFY, { method: 'POST' })
  t.is(posted.status, 403)
  t.deepEqual(languagesOf(posted), {})
  const callback = await browser.open(`${server.url}/oauth/device/sign-in/callback?code=secret`)
  t.deepEqual(languagesOf(callback), {})
})

test.serial('files of the pages are cached by ETag', async (t) => {
  const page = await new BrowserLike().open(server.url + VERIFY)
  const files = [...page.text.matchAll(/(?:href|src)="(\/oauth\/device\/assets\/[^"]+)"/g)]
  t.true(files.length > 0)
  for (const [, path = ''] of files) {
    const first = await send(server.url, { method: 'GET', path })
    t.is(first.status, 200)
    t.is(first.headers['x-content-type-options'], 'nosniff')
    t.regex(String(first.headers['content-security-policy']), /default-src 'none'.*; sandbox$/)
    const etag = first.headers.etag ?? ''
    const again = await send(server.url, {
      method: 'GET',
      path,
      headers: { 'if-none-match': etag },
    })
    t.is(again.status, 304)
    t.is(again.text, '')
  }
})
