import { createServer, request } from 'node:http'
import { oidcSignIn } from '@device-grant/http-koa'
import { BrowserLike, onwardFrom, type Visit } from '@device-grant/test-support/browser-like'
import { cookieName } from '@device-grant/test-support/cookie-name'
import { authorize, type Codes, pollOutcome } from '@device-grant/test-support/device'
import { eventually } from '@device-grant/test-support/eventually'
import { freePort } from '@device-grant/test-support/free-port'
import { csrfTokenOf } from '@device-grant/test-support/html-form'
import { listen } from '@device-grant/test-support/loopback'
import {
  type OpenidProvider,
  startOpenidProvider,
} from '@device-grant/test-support/openid-provider'
import test, { type ExecutionContext } from 'ava'
import { decodeJwt, generateKeyPair, SignJWT } from 'jose'
import { ConfigError, readConfig } from '#src/config.js'
import { type OpenidSetting, startOpenidSetting } from './openid-setting.ts'
import { startTestServer, type TestServer } from './test-server.ts'

interface Setting extends OpenidSetting {
  readonly verify: string
  /** The callback, with which the provider's redirects begin. */
  readonly callback: string
}

const settingOf = (server: TestServer, provider: OpenidProvider, publicUrl: string): Setting => ({
  server,
  provider,
  publicUrl,
  verify: `${publicUrl}/oauth/device/verify`,
  callback: `${publicUrl}/oauth/device/sign-in/callback`,
})

const setUp = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
  configuration: Readonly<Record<string, unknown>> = {},
): Promise<Setting> => {
  const { server, provider, publicUrl } = await startOpenidSetting(t, env, configuration)
  return settingOf(server, provider, publicUrl)
}

/** Opens a code's page and signs in. Stops before `stopAt`. */
const signIn = async (
  { verify }: Setting,
  browser: BrowserLike,
  { code, login = 'user-alice', stopAt }: { code?: Codes; login?: string; stopAt?: string } = {},
): Promise<Visit> => {
  const page = await browser.open(code ? `${verify}?user_code=${code.user_code}` : verify)
  return logIn(browser, page, login, stopAt)
}

/** Fills in the provider's login page. */
const logIn = (
  browser: BrowserLike,
  page: Visit,
  login = 'user-alice',
  stopAt?: string,
): Promise<Visit> => browser.submit(page, '/interaction/', { login, password: 'any' }, stopAt)

const sessionOf = ({ publicUrl }: Setting, browser: BrowserLike): string | undefined =>
  browser.cookiesFor(`${publicUrl}/oauth/device/verify`).get(cookieName(publicUrl, 'session'))

const isLoginPage = ({ url }: Visit, { provider }: Setting): boolean =>
  url.startsWith(`${provider.issuer}/interaction/`)

/** The test fails unless the page reports a failed sign-in without details, and links to `retry`. */
const failedWith = (
  t: ExecutionContext,
  setting: Setting,
  browser: BrowserLike,
  visit: Visit,
  { status = 400, retry = '/oauth/device/verify' }: { status?: number; retry?: string } = {},
): void => {
  t.is(visit.status, status)
  t.true(visit.text.includes(`href="${retry}"`), visit.text)
  t.is(sessionOf(setting, browser), undefined)
  t.is(visit.headers.get('Cache-Control'), 'no-store')
  t.regex(visit.headers.get('Content-Security-Policy') ?? '', /frame-ancestors 'none'/)
  const { searchParams } = new URL(visit.url)
  const secrets = ['code', 'state', 'error_description'].map((name) => searchParams.get(name))
  const shown = visit.text + setting.server.log.join('\n')
  for (const secret of [...secrets, setting.provider.env['OIDC_CLIENT_SECRET'] ?? '']) {
    t.false(secret !== null && secret.length > 8 && shown.includes(secret))
  }
}

test('a person signs in, and the code survives the way to the provider and back', async (t) => {
  const setting = await setUp(t)
  const browser = new BrowserLike()
  const code = await authorize(setting.server.url)

  const login = await browser.open(`${setting.verify}?user_code=${code.user_code}`)
  t.true(isLoginPage(login, setting))
  const page = await logIn(browser, login)
  t.is(page.url, `${setting.verify}?user_code=${code.user_code}`)
  t.is(page.status, 200)
  t.true(page.text.includes(code.user_code))
  t.true(page.text.includes('alice'))

  t.is(await pollOutcome(setting.server.url, code.device_code), 'authorization_pending')
  const done = await browser.submit(page, '/verify', { decision: 'approve' })
  t.is(done.status, 200)
  t.is(await pollOutcome(setting.server.url, code.device_code), 'token')
  // The owner of keys is the provider's `sub`, not the name.
  t.is((await setting.server.useCases.listApiKeys({ owner: 'user-alice' })).keys.length, 1)
  t.deepEqual((await setting.server.useCases.listApiKeys({ owner: 'alice' })).keys, [])
})

test('the authorization request has PKCE, a state, a nonce and the public URL', async (t) => {
  const setting = await setUp(t)
  const requested = async (): Promise<URLSearchParams> => {
    const visit = await new BrowserLike().send(setting.verify, {
      headers: { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' },
    })
    t.is(visit.status, 303)
    t.is(visit.headers.get('Cache-Control'), 'no-store')
    t.is(visit.headers.get('Referrer-Policy'), 'no-referrer')
    const url = new URL(onwardFrom(visit) ?? '')
    t.is(url.origin, setting.provider.issuer)
    return url.searchParams
  }
  const [one, other] = [await requested(), await requested()]
  t.is(one.get('response_type'), 'code')
  t.is(one.get('scope'), 'openid profile')
  t.is(one.get('redirect_uri'), setting.callback)
  t.is(one.get('code_challenge_method'), 'S256')
  for (const name of ['state', 'nonce', 'code_challenge']) {
    t.regex(one.get(name) ?? '', /^[\w-]{43}$/)
    t.not(one.get(name), other.get(name))
  }
})

test('the authorization request has the language of the pages', async (t) => {
  const setting = await setUp(t)
  for (const [query, accepted] of [
    ['', ''],
    ['', 'de-CH, en;q=0.5'],
    ['?ui_locales=de', 'en'],
    ['', 'xx'],
  ] as const) {
    const headers = { 'Accept-Language': accepted }
    const login = await new BrowserLike().open(setting.verify + query, { headers })
    t.true(isLoginPage(login, setting))
  }
  t.deepEqual(setting.provider.languages, ['en', 'de', 'de', 'en'])
})

test('a Host header from outside does not change where the provider sends people', async (t) => {
  const setting = await setUp(t)
  const location = await new Promise<string>((resolve, reject) => {
    const sending = request(setting.verify, { headers: { Host: 'evil.example' } }, (answer) => {
      answer.resume()
      resolve(answer.headers.location ?? '')
    })
    sending.on('error', reject).end()
  })
  t.is(new URL(location).searchParams.get('redirect_uri'), setting.callback)
})

test('a callback with another state, or in another browser, is refused', async (t) => {
  const setting = await setUp(t)
  const browser = new BrowserLike()
  const back = await signIn(setting, browser, { stopAt: setting.callback })
  const wrong = new URL(back.url)
  wrong.searchParams.set('state', 'A'.repeat(43))
  failedWith(t, setting, browser, await browser.send(wrong.href))
  wrong.searchParams.delete('state')
  failedWith(t, setting, browser, await browser.send(wrong.href))
  wrong.searchParams.append('state', 'a')
  wrong.searchParams.append('state', 'b')
  failedWith(t, setting, browser, await browser.send(wrong.href))

  const victim = new BrowserLike()
  failedWith(t, setting, victim, await victim.send(back.url))
  t.false(setting.provider.requests.includes('POST /token'))
  // The real callback still works.
  t.is((await browser.open(back.url)).status, 200)
  t.truthy(sessionOf(setting, browser))
})

test('the cookie of one sign-in does not serve the callback of another', async (t) => {
  const setting = await setUp(t)
  const [browser, thief] = [new BrowserLike(), new BrowserLike()]
  const back = await signIn(setting, browser, { stopAt: setting.callback })
  await thief.send(setting.verify)
  const [note] = [...thief.cookiesFor(setting.callback)].filter(([name]) => name.includes('oidc_'))
  const [name] = [...browser.cookiesFor(setting.callback).keys()].filter((one) =>
    one.includes('oidc_'),
  )
  thief.setCookie(setting.callback, name ?? '', note?.[1])
  failedWith(t, setting, thief, await thief.send(back.url))
  t.false(setting.provider.requests.includes('POST /token'))
})

test('a callback counts once', async (t) => {
  const setting = await setUp(t)
  const browser = new BrowserLike()
  const code = await authorize(setting.server.url)
  const back = await signIn(setting, browser, { code, stopAt: setting.callback })
  const thief = browser.copy()
  t.is((await browser.open(back.url)).status, 200)
  const session = sessionOf(setting, browser)

  const again = await browser.send(back.url)
  t.is(onwardFrom(again), setting.verify, 'the person is signed in already')
  t.is(sessionOf(setting, browser), session)
  // The provider accepts its code only once, even with the earlier cookies.
  const retry = `/oauth/device/verify?user_code=${code.user_code}`
  failedWith(t, setting, thief, await thief.send(back.url), { retry })
  t.true(setting.server.log.join().includes('invalid_grant'))
})

test('a callback that names another issuer, or none, is refused before its code is used', async (t) => {
  const setting = await setUp(t)
  for (const iss of ['https://evil.example', undefined]) {
    const browser = new BrowserLike()
    const back = new URL((await signIn(setting, browser, { stopAt: setting.callback })).url)
    t.is(back.searchParams.get('iss'), setting.provider.issuer)
    if (iss === undefined) back.searchParams.delete('iss')
    else back.searchParams.set('iss', iss)
    failedWith(t, setting, browser, await browser.send(back.href))
  }
  t.false(setting.provider.requests.includes('POST /token'))
})

const forger = generateKeyPair('RS256')
const badTokens: Readonly<
  Record<string, (good: Record<string, unknown>, provider: OpenidProvider) => Promise<string>>
> = {
  'with another nonce': (good, provider) => provider.signIdToken({ ...good, nonce: 'another' }),
  'without a nonce': ({ nonce: _, ...good }, provider) => provider.signIdToken(good),
  'of another issuer': (good, provider) =>
    provider.signIdToken({ ...good, iss: 'https://evil.example' }),
  'for another client': (good, provider) => provider.signIdToken({ ...good, aud: 'another' }),
  'that has expired': (good, provider) =>
    provider.signIdToken({ ...good, exp: Math.floor(Date.now() / 1000) - 60 }),
  'without an expiry': ({ exp: _, ...good }, provider) => provider.signIdToken(good),
  'without a subject': (good, provider) => provider.signIdToken({ ...good, sub: '' }),
  'with an overlong subject': (good, provider) =>
    provider.signIdToken({ ...good, sub: 'a'.repeat(257) }),
  'signed by another key': async (good) =>
    new SignJWT(good)
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .sign((await forger).privateKey),
  'without a signature': async (good) =>
    `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(good)).toString('base64url')}.`,
}

test('an unchanged ID token that is signed again is accepted', async (t) => {
  const setting = await setUp(t)
  setting.provider.changeTokenAnswer = async (answer) => ({
    ...answer,
    id_token: await setting.provider.signIdToken(decodeJwt(String(answer['id_token']))),
  })
  const browser = new BrowserLike()
  t.is((await signIn(setting, browser)).status, 200)
  t.truthy(sessionOf(setting, browser))
})

for (const [what, make] of Object.entries(badTokens)) {
  test(`an ID token ${what} is refused`, async (t) => {
    const setting = await setUp(t)
    const { provider } = setting
    let changed = 0
    provider.changeTokenAnswer = async (answer) => {
      changed += 1
      return { ...answer, id_token: await make(decodeJwt(String(answer['id_token'])), provider) }
    }
    const browser = new BrowserLike()
    failedWith(t, setting, browser, await signIn(setting, browser))
    t.is(changed, 1)
    t.true(setting.server.log.join().includes('failed: sign in at the OpenID provider'))
  })
}

test('an answer without an ID token is refused', async (t) => {
  const setting = await setUp(t)
  setting.provider.changeTokenAnswer = async ({ id_token: _, ...answer }) => answer
  const browser = new BrowserLike()
  failedWith(t, setting, browser, await signIn(setting, browser))
})

test('a person who cancels at the provider can try again with the same code', async (t) => {
  const setting = await setUp(t)
  const browser = new BrowserLike()
  const code = await authorize(setting.server.url)
  const path = `/oauth/device/verify?user_code=${code.user_code}`
  const login = await browser.open(setting.publicUrl + path)
  const cancelled = await browser.open(`${login.url}/abort`)
  t.is(new URL(cancelled.url).searchParams.get('error'), 'access_denied')
  failedWith(t, setting, browser, cancelled, { retry: path })
  const page = await logIn(browser, await browser.open(setting.publicUrl + path))
  t.true(page.text.includes(code.user_code))
})

test('a sign-in that takes longer than ten minutes must start again', async (t) => {
  const setting = await setUp(t)
  const browser = new BrowserLike()
  const code = await authorize(setting.server.url)
  const back = await signIn(setting, browser, { code, stopAt: setting.callback })
  const retry = `/oauth/device/verify?user_code=${code.user_code}`
  const elsewhere = browser.copy()
  const forgotten = browser.copy()
  setting.server.clock.pass(10 * 60_000)
  failedWith(t, setting, browser, await browser.send(back.url), { retry })
  t.false(setting.provider.requests.includes('POST /token'))

  // A person who has signed in in another tab meanwhile gets to the code.
  t.is((await elsewhere.open(setting.verify)).url, setting.verify)
  t.is(onwardFrom(await elsewhere.send(back.url)), setting.publicUrl + retry)

  setting.server.clock.pass(50 * 60_000)
  failedWith(t, setting, forgotten, await forgotten.send(back.url))
})

test('the cookie of a round trip outlives the ten minutes, to lead back to the code', async (t) => {
  const setting = await setUp(t)
  const visit = await new BrowserLike().send(setting.verify)
  const [, expires = ''] = /expires=([^;]+)/i.exec(visit.headers.get('Set-Cookie') ?? '') ?? []
  const minutes = (Date.parse(expires) - Date.now()) / 60_000
  t.true(minutes > 58 && minutes <= 60, expires)
})

test('the sign-in returns to pages of the server only', async (t) => {
  const setting = await setUp(t)
  const signInUrl = `${setting.publicUrl}/oauth/device/sign-in?return_to=`
  const browser = new BrowserLike()
  await signIn(setting, browser)
  const attacks = [
    'https://evil.example/',
    '//evil.example/oauth/device/verify',
    '/\\evil.example',
    '\\\\evil.example',
    '/%2f%2fevil.example',
    '/oauth/device/../../evil',
    '/oauth/device/..%2f..%2fevil',
    'javascript:alert(1)',
    'https:/evil.example',
    '/oauth/device/verify\r\nX-Injected: yes',
    ' //evil.example',
    '/.//evil.example',
    '/oauth/deviceevil',
    `/oauth/device/verify?${'a'.repeat(600)}`,
    '',
  ]
  for (const attack of attacks) {
    const visit = await browser.open(signInUrl + encodeURIComponent(attack))
    t.regex(visit.url, /^http:\/\/127\.0\.0\.1:\d+\/oauth\/device\//, attack)
    t.is(new URL(visit.url).origin, setting.publicUrl, attack)
    t.is(visit.headers.get('X-Injected'), null)
  }
  const twice = await browser.open(`${signInUrl}//evil.example&return_to=//evil.example`)
  t.is(twice.url, setting.verify)
  const keys = await browser.open(`${signInUrl}/oauth/device/keys`)
  t.is(keys.url, `${setting.publicUrl}/oauth/device/keys`)
})

test('a person who signs out is signed out here and at the provider', async (t) => {
  const setting = await setUp(t)
  const browser = new BrowserLike()
  const page = await signIn(setting, browser)
  const signOut = await browser.submit(page, '/sign-out', {})
  // The provider knows the person from the ID token, and asks for confirmation.
  t.is(new URL(signOut.url).origin, setting.provider.issuer)
  t.is(sessionOf(setting, browser), undefined)
  const { searchParams } = new URL(signOut.url)
  t.is(searchParams.get('client_id'), 'device-grant')
  t.is(decodeJwt(searchParams.get('id_token_hint') ?? '').sub, 'user-alice')
  t.is(
    searchParams.get('post_logout_redirect_uri'),
    `${setting.publicUrl}/oauth/device/sign-in/signed-out`,
  )
  const done = await browser.submit(signOut, '/session/end/confirm', { logout: 'yes' })
  t.is(done.url.split('?')[0], `${setting.publicUrl}/oauth/device/sign-in/signed-out`)
  t.is(done.status, 200)
  t.true(isLoginPage(await browser.open(setting.verify), setting))
})

test('another account is chosen at the provider, and opens the code at once', async (t) => {
  const setting = await setUp(t)
  const { provider } = setting
  const browser = new BrowserLike()
  const code = await authorize(setting.server.url)
  const page = await signIn(setting, browser, { code })
  const switching = await browser.submit(page, '/switch-account', {}, provider.issuer)
  t.is(switching.status, 200)
  t.is(sessionOf(setting, browser), undefined)
  const asked = new URL(switching.url).searchParams
  t.is(asked.get('prompt'), 'select_account')
  const login = await browser.open(switching.url)
  t.true(isLoginPage(login, setting))
  t.deepEqual(provider.prompts, [undefined, 'select_account'])
  // The provider ends the other account's session by a form that its script sends.
  const ending = await logIn(browser, login, 'user-bob')
  const confirm = await browser.submit(ending, '/session/end/confirm', {})
  t.is(confirm.url, `${setting.verify}?user_code=${code.user_code}`)
  t.true(confirm.text.includes('bob'))
  await browser.submit(confirm, '/verify', { decision: 'approve' })
  t.is(await pollOutcome(setting.server.url, code.device_code), 'token')
  const { useCases } = setting.server
  t.is((await useCases.listApiKeys({ owner: 'user-bob' })).keys.length, 1)
  t.deepEqual((await useCases.listApiKeys({ owner: 'user-alice' })).keys, [])
})

test('a person is signed out at a provider that offers no choice of accounts, and asks again', async (t) => {
  const setting = await setUp(t)
  const { provider } = setting
  provider.choosesAccount = false
  const browser = new BrowserLike()
  const code = await authorize(setting.server.url)
  const page = await signIn(setting, browser, { code })
  const leaving = await browser.submit(page, '/switch-account', {})
  t.true(leaving.url.startsWith(`${provider.issuer}/session/end?`), leaving.url)
  t.is(sessionOf(setting, browser), undefined)
  const login = await browser.submit(leaving, '/session/end/confirm', { logout: 'yes' })
  t.true(isLoginPage(login, setting), login.url)
  t.deepEqual(provider.prompts, [undefined, 'select_account', undefined])
  const asBob = await logIn(browser, login, 'user-bob')
  t.is(asBob.url, `${setting.verify}?user_code=${code.user_code}`)
  t.true(asBob.text.includes('bob'))
  await browser.submit(asBob, '/verify', { decision: 'approve' })
  t.is(await pollOutcome(setting.server.url, code.device_code), 'token')
  const { useCases } = setting.server
  t.is((await useCases.listApiKeys({ owner: 'user-bob' })).keys.length, 1)
})

test('a person who stays signed in at such a provider is not sent round for ever', async (t) => {
  const setting = await setUp(t)
  setting.provider.choosesAccount = false
  const browser = new BrowserLike()
  const code = await authorize(setting.server.url)
  const page = await signIn(setting, browser, { code })
  const leaving = await browser.submit(page, '/switch-account', {})
  const stayed = await browser.submit(leaving, '/session/end/confirm', {})
  t.is(stayed.url, `${setting.verify}?user_code=${code.user_code}`)
  t.true(stayed.text.includes('alice'))
})

test('a person who signs in as the same account after all is not signed out', async (t) => {
  const setting = await setUp(t)
  const { provider, server } = setting
  const browser = new BrowserLike()
  const page = await signIn(setting, browser, { code: await authorize(server.url) })
  const switching = await browser.submit(page, '/switch-account', {}, provider.issuer)
  provider.changeTokenAnswer = async (answer) => {
    const claims = decodeJwt(String(answer['id_token']))
    const auth_time = Math.floor(server.clock.now() / 1_000) + 1
    return { ...answer, id_token: await provider.signIdToken({ ...claims, auth_time }) }
  }
  const login = await browser.open(switching.url)
  const ending = await logIn(browser, login)
  t.is(ending.url, page.url)
  t.true(ending.text.includes('alice'))
})

test('a provider without sign-out is not asked by a prompt that it may not know', async (t) => {
  const features = { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: false } }
  const setting = await setUp(t, {}, { features })
  setting.provider.choosesAccount = false
  const browser = new BrowserLike()
  const code = await authorize(setting.server.url)
  const page = await signIn(setting, browser, { code })
  const back = await browser.submit(page, '/switch-account', {})
  t.is(back.url, page.url)
  t.true(back.text.includes('alice'))
  t.deepEqual(setting.provider.prompts, [undefined, 'select_account'])
})

test('an ID token that is too long is not in the URL of a sign-out for another account', async (t) => {
  const setting = await setUp(t)
  const { provider } = setting
  provider.choosesAccount = false
  provider.changeTokenAnswer = async (answer) => {
    const claims = { ...decodeJwt(String(answer['id_token'])), groups: 'x'.repeat(3_000) }
    return { ...answer, id_token: await provider.signIdToken(claims) }
  }
  const browser = new BrowserLike()
  const page = await signIn(setting, browser, { code: await authorize(setting.server.url) })
  const leaving = await browser.submit(page, '/switch-account', {})
  t.true(leaving.url.startsWith(`${provider.issuer}/session/end?`), leaving.url)
  t.is(new URL(leaving.url).searchParams.get('id_token_hint'), null)
})

test('the sign-out for another account drops the round trip of no other tab', async (t) => {
  const setting = await setUp(t)
  const { provider } = setting
  provider.choosesAccount = false
  const browser = new BrowserLike()
  const page = await signIn(setting, browser, { code: await authorize(setting.server.url) })
  for (let tab = 0; tab < 3; tab += 1) {
    await browser.send(`${setting.publicUrl}/oauth/device/sign-in`)
  }
  await browser.submit(page, '/switch-account', {})
  const trips = [...browser.cookiesFor(setting.callback).keys()]
  t.is(trips.filter((name) => name.includes('oidc_')).length, 4)
})

test('the answer to a sign-out form is a page, because form-action blocks redirects', async (t) => {
  const setting = await setUp(t)
  const browser = new BrowserLike()
  const page = await signIn(setting, browser)
  const answer = await browser.send(`${setting.publicUrl}/oauth/device/sign-out`, {
    method: 'POST',
    body: new URLSearchParams({ csrf_token: csrfTokenOf(page) }),
  })
  t.is(answer.status, 200)
  const onward = onwardFrom(answer) ?? ''
  t.true(onward.startsWith(`${setting.provider.issuer}/session/end?`))
  // For browsers that ignore Refresh.
  const link = `<a class="button" href="${onward.replaceAll('&', '&amp;')}">Continue signing out</a>`
  t.true(answer.text.includes(link), answer.text)
})

test('signing out works without an ID token, and while the provider is down', async (t) => {
  // This ID token is too long for a cookie, so only the client's id is sent.
  const long = 'a'.repeat(3000)
  const setting = await setUp(t)
  const { provider } = setting
  provider.changeTokenAnswer = async (answer) => ({
    ...answer,
    id_token: await provider.signIdToken({ ...decodeJwt(String(answer['id_token'])), long }),
  })
  const browser = new BrowserLike()
  const signOut = await browser.submit(await signIn(setting, browser), '/sign-out', {})
  t.is(new URL(signOut.url).searchParams.get('id_token_hint'), null)
  t.is(new URL(signOut.url).searchParams.get('client_id'), 'device-grant')

  const other = new BrowserLike()
  const page = await signIn(setting, other)
  await provider.stop()
  setting.server.clock.pass(59 * 60_000)
  await other.submit(page, '/sign-out', {}, provider.issuer)
  t.is(sessionOf(setting, other), undefined)
})

test('a session cookie stays within the limit of browsers', async (t) => {
  const setting = await setUp(t)
  const { provider } = setting
  provider.changeTokenAnswer = async (answer) => {
    const claims = {
      ...decodeJwt(String(answer['id_token'])),
      preferred_username: '鍵'.repeat(200),
    }
    const bare = (await provider.signIdToken({ ...claims, fill: '' })).length
    const fill = 'f'.repeat(Math.floor(((2000 - bare) * 3) / 4))
    return { ...answer, id_token: await provider.signIdToken({ ...claims, fill }) }
  }
  const browser = new BrowserLike()
  await signIn(setting, browser, { login: `user-${'l'.repeat(250)}` })
  const size = sessionOf(setting, browser)?.length ?? 0
  t.true(
    size > 2700 && size + cookieName('https://login.example', 'session=').length <= 4096,
    String(size),
  )
})

test('the server starts while the provider is down, and finds it later', async (t) => {
  const [port, providerPort] = [await freePort(), await freePort()]
  const publicUrl = `http://127.0.0.1:${port}`
  const server = await startTestServer({
    PORT: String(port),
    PUBLIC_URL: publicUrl,
    SIGN_IN: 'oidc',
    OIDC_ISSUER: `http://localhost:${providerPort}`,
    OIDC_CLIENT_ID: 'device-grant',
    OIDC_CLIENT_SECRET: 'a+secret/with:every%kind&of=character',
  })
  t.teardown(() => server.stop())
  const browser = new BrowserLike()
  const path = '/oauth/device/verify?user_code=WDJB-MJHT'
  const down = await browser.open(publicUrl + path)
  t.is(down.status, 503)
  t.true(Number(down.headers.get('Retry-After')) > 0)
  t.true(down.text.includes(`href="${path}"`), down.text)
  t.true(server.log.join().includes('failed: find the OpenID provider'))

  const provider = await startOpenidProvider({ publicUrl, port: providerPort })
  t.teardown(() => provider.stop())
  const page = await signIn(settingOf(server, provider, publicUrl), browser)
  t.is(page.url, `${publicUrl}/oauth/device/verify`)
})

test('a provider that goes down between login and callback costs a retry, not the code', async (t) => {
  const setting = await setUp(t)
  const browser = new BrowserLike()
  const code = await authorize(setting.server.url)
  const back = await signIn(setting, browser, { code, stopAt: setting.callback })
  await setting.provider.stop()
  const retry = `/oauth/device/verify?user_code=${code.user_code}`
  failedWith(t, setting, browser, await browser.send(back.url), { status: 503, retry })
})

const METADATA = 'GET /.well-known/openid-configuration'

test('the metadata of the provider are read once an hour, and kept if that fails', async (t) => {
  const setting = await setUp(t)
  const { provider, server, verify } = setting
  await eventually('the check of the issuer at start', () =>
    server.log.join().includes('OpenID provider found'),
  )
  const atStart = provider.requests.length
  const read = (): number =>
    provider.requests.slice(atStart).filter((one) => one === METADATA).length
  t.is(read(), 0)
  await Promise.all(Array.from({ length: 20 }, () => new BrowserLike().send(verify)))
  t.is(read(), 1)
  server.clock.pass(3_599_999)
  await new BrowserLike().send(verify)
  t.is(read(), 1)
  server.clock.pass(1)
  await new BrowserLike().send(verify)
  t.is(read(), 2)

  server.clock.pass(3_600_000)
  await provider.stop()
  t.is((await new BrowserLike().send(verify)).status, 303)
  t.true(server.log.join().includes('failed: look at the OpenID provider again'))
})

test('a session that ends while the page is open leads through sign-in back to the code', async (t) => {
  const setting = await setUp(t, { DEVICE_CODE_TTL: '3600' })
  const browser = new BrowserLike()
  await signIn(setting, browser)
  // An hour without a request ends a session, which is not renewed in its first minute.
  setting.server.clock.pass(50_000)
  const code = await authorize(setting.server.url)
  const page = await browser.open(`${setting.verify}?user_code=${code.user_code}`)
  t.is(page.status, 200)
  setting.server.clock.pass(3_560_000)

  const answer = await browser.submit(page, '/verify', { decision: 'approve' })
  t.is(answer.url, setting.verify)
  // The provider still knows the person, but a form without a session decides nothing.
  const again = await browser.open(`${setting.verify}?user_code=${code.user_code}`)
  t.is(again.url, `${setting.verify}?user_code=${code.user_code}`)
  t.true(again.text.includes('alice'))
  t.is(await pollOutcome(setting.server.url, code.device_code), 'authorization_pending')
  await browser.submit(again, '/verify', { decision: 'approve' })
  setting.server.clock.pass(10_000)
  t.is(await pollOutcome(setting.server.url, code.device_code), 'token')
})

test('a form without a session gets a page that stays, with a link to its code', async (t) => {
  const setting = await setUp(t)
  const answer = await new BrowserLike().send(setting.verify, {
    method: 'POST',
    body: new URLSearchParams({ user_code: 'WDJB-MJHT', decision: 'approve' }),
  })
  t.is(answer.status, 401)
  t.is(onwardFrom(answer), undefined)
  t.regex(answer.text, /You’re no longer signed in/)
  t.true(answer.text.includes('href="/oauth/device/verify?user_code=WDJB-MJHT">Sign in<'))
})

test('the error of a provider is logged only if it is short and plain', async (t) => {
  const setting = await setUp(t)
  const browser = new BrowserLike()
  for (const [error, logged] of [
    ['invalid_scope', true],
    ['x'.repeat(65), false],
    ['two words', false],
  ] as const) {
    const back = new URL((await signIn(setting, browser, { stopAt: setting.callback })).url)
    back.searchParams.delete('code')
    back.searchParams.set('error', error)
    failedWith(t, setting, browser, await browser.send(back.href))
    t.is(setting.server.log.join().includes(error), logged, error)
    browser.forget(setting.provider.issuer)
  }
})

test('two tabs can sign in at once', async (t) => {
  const setting = await setUp(t)
  const browser = new BrowserLike()
  const codes = [await authorize(setting.server.url), await authorize(setting.server.url)] as const
  const open = (code: Codes): Promise<Visit> =>
    browser.open(`${setting.verify}?user_code=${code.user_code}`)
  const logins = [await open(codes[0]), await open(codes[1])] as const
  const second = await logIn(browser, logins[1])
  t.true(second.text.includes(codes[1].user_code))
  const first = await logIn(browser, logins[0])
  t.true(first.text.includes(codes[0].user_code))
  // The form that was opened before the other tab returned still counts.
  t.is((await browser.submit(second, '/verify', { decision: 'approve' })).status, 200)
  t.is((await browser.submit(first, '/verify', { decision: 'deny' })).status, 200)
  t.is(await pollOutcome(setting.server.url, codes[0].device_code), 'access_denied')
  t.is(await pollOutcome(setting.server.url, codes[1].device_code), 'token')
})

test('open sign-ins use four cookies at most, and the last of them works', async (t) => {
  const setting = await setUp(t)
  const browser = new BrowserLike()
  const notes = (): string[] =>
    [...browser.cookiesFor(setting.callback).keys()].filter((name) => name.includes('oidc_'))
  for (let i = 0; i < 9; i += 1) await browser.send(setting.verify)
  t.is(notes().length, 4)
  const page = await signIn(setting, browser)
  t.is(page.url, setting.verify)
  t.is(notes().length, 3)
})

/** The id in the signed text of a session. */
const sessionIdIn = (text = ''): unknown =>
  JSON.parse(Buffer.from(text.split('.')[0] ?? '', 'base64url').toString()).claims.sid

test('signing in replaces a session that was planted', async (t) => {
  const setting = await setUp(t)
  const [mallory, victim] = [new BrowserLike(), new BrowserLike()]
  await signIn(setting, mallory, { login: 'user-mallory' })
  const planted = sessionOf(setting, mallory)
  victim.setCookie(setting.verify, cookieName(setting.publicUrl, 'session'), planted)
  const login = await victim.open(`${setting.publicUrl}/oauth/device/sign-in`)
  const page = await logIn(victim, login, 'user-victim')
  t.true(page.text.includes('victim'))
  t.false(page.text.includes('mallory'))
  const sid = sessionIdIn(sessionOf(setting, victim))
  t.is(typeof sid, 'string')
  t.not(sid, sessionIdIn(planted))
})

test('a session of another sign-in method, or of another issuer, does not count', async (t) => {
  const secret = { SESSION_SECRET: 'the same secret for both of the servers' }
  const demo = await startTestServer({ ...secret, SIGN_IN: 'demo' })
  t.teardown(() => demo.stop())
  const setting = await setUp(t, secret)
  const other = await setUp(t, secret)

  const browser = new BrowserLike()
  const page = await browser.open(`${demo.url}/oauth/device/verify`)
  const demoPage = await browser.submit(page, '/sign-in', { name: 'user-alice' })
  t.true(demoPage.text.includes('user-alice'))
  /** Sends the session of another server as if it was one of this server. */
  const move = (session: string | undefined): void =>
    browser.setCookie(setting.verify, cookieName(setting.publicUrl, 'session'), session)
  const demoSession = browser.cookiesFor(demoPage.url).get(cookieName(demo.url, 'session'))
  t.truthy(demoSession)
  move(demoSession)
  t.true(isLoginPage(await browser.open(setting.verify), setting))

  await signIn(other, browser)
  t.truthy(sessionOf(other, browser))
  move(sessionOf(other, browser))
  t.true(isLoginPage(await browser.open(setting.verify), setting))
})

test('everything works below the path of a public URL', async (t) => {
  const [port, outside] = [await freePort(), await freePort()]
  const publicUrl = `http://127.0.0.1:${outside}/auth/v1`
  const proxy = createServer((incoming, outgoing) => {
    const { method = 'GET', headers, url = '/' } = incoming
    if (!url.startsWith('/auth/v1/')) return outgoing.writeHead(404).end()
    const path = url.slice('/auth/v1'.length)
    const onward = request({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    return incoming.pipe(onward)
  })
  await listen(proxy, outside)
  t.teardown(() => {
    proxy.close()
    proxy.closeAllConnections()
  })
  const provider = await startOpenidProvider({ publicUrl })
  t.teardown(() => provider.stop())
  const server = await startTestServer({
    ...provider.env,
    PORT: String(port),
    PUBLIC_URL: publicUrl,
  })
  t.teardown(() => server.stop())
  const setting = settingOf(server, provider, publicUrl)
  const browser = new BrowserLike()
  const code = await authorize(setting.server.url)
  const page = await signIn(setting, browser, { code })
  t.is(page.url, `${publicUrl}/oauth/device/verify?user_code=${code.user_code}`)
  t.is((await browser.submit(page, '/verify', { decision: 'approve' })).status, 200)
  t.is(await pollOutcome(setting.server.url, code.device_code), 'token')
  t.deepEqual(
    [...browser.cookiesFor(page.url).keys()],
    [cookieName(publicUrl, 'session')],
    'the name holds the path too',
  )
  const signOut = await browser.submit(page, '/sign-out', {})
  const done = await browser.submit(signOut, '/session/end/confirm', { logout: 'yes' })
  t.is(done.url.split('?')[0], `${publicUrl}/oauth/device/sign-in/signed-out`)
})

test('a name that is not in the ID token is requested, and omitted if that fails', async (t) => {
  const setting = await setUp(t)
  const browser = new BrowserLike()
  t.true((await signIn(setting, browser, { login: 'user-carol' })).text.includes('carol'))
  t.is(setting.provider.requests.filter((one) => one === 'GET /me').length, 1)

  const inToken = await setUp(t, {}, { conformIdTokenClaims: false })
  t.true((await signIn(inToken, new BrowserLike())).text.includes('alice'))
  t.false(inToken.provider.requests.includes('GET /me'))

  setting.provider.changeTokenAnswer = async (answer) => ({ ...answer, access_token: 'unknown' })
  const page = await signIn(setting, new BrowserLike(), { login: 'user-dave' })
  t.is(page.url, setting.verify)
  t.true(page.text.includes('user-dave'))
  t.true(setting.server.log.join().includes("ask the OpenID provider for a person's name"))
})

test('a provider that accepts client secrets only in the body gets them there', async (t) => {
  const setting = await setUp(
    t,
    {},
    {
      clientAuthMethods: ['client_secret_post'],
      clientDefaults: { token_endpoint_auth_method: 'client_secret_post' },
    },
  )
  t.is((await signIn(setting, new BrowserLike())).url, setting.verify)
  t.deepEqual(setting.provider.clientAuthentications, [''])

  const usual = await setUp(t)
  await signIn(usual, new BrowserLike())
  t.deepEqual(usual.provider.clientAuthentications, ['Basic'])
})

test('an issuer must be https, or on loopback', (t) => {
  const client = { clientId: 'a', clientSecret: 'b' }
  for (const issuer of [
    'http://login.example.com',
    'http://127.0.0.1.example.com',
    'ftp://localhost',
    'login',
  ]) {
    t.throws(() => oidcSignIn({ issuer, ...client }), { instanceOf: TypeError }, issuer)
    const env = { SIGN_IN: 'oidc', OIDC_CLIENT_ID: 'a', OIDC_CLIENT_SECRET: 'b' }
    const error = t.throws(() => readConfig({ ...env, OIDC_ISSUER: issuer }), {
      instanceOf: ConfigError,
    })
    t.deepEqual(error.errors, ['OIDC_ISSUER must be an https URL, or an http URL on loopback'])
  }
  for (const issuer of [
    'https://login.example.com/realms/x',
    'http://localhost:8080',
    'http://[::1]:80',
  ]) {
    t.notThrows(() => oidcSignIn({ issuer, ...client }), issuer)
  }
})

test('other paths below the sign-in are 404', async (t) => {
  const { publicUrl } = await setUp(t)
  const browser = new BrowserLike()
  t.is((await browser.send(`${publicUrl}/oauth/device/sign-in/elsewhere`)).status, 404)
  t.is(
    (
      await browser.send(`${publicUrl}/oauth/device/sign-in`, {
        method: 'POST',
        body: new URLSearchParams(),
      })
    ).status,
    404,
  )
  t.is((await browser.send(`${publicUrl}/oauth/device/sign-in/signed-out`)).status, 200)
})
