import { BrowserLike, type Visit } from '@device-grant/test-support/browser-like'
import { cookieName } from '@device-grant/test-support/cookie-name'
import { authorize, pollOutcome } from '@device-grant/test-support/device'
import { VERIFY_AUTHENTICATED } from '@device-grant/test-support/endpoints'
import { post, send } from '@device-grant/test-support/http-exchange'
import test, { type ExecutionContext } from 'ava'
import { startOpenidSetting } from './openid-setting.ts'
import { startTestServer } from './test-server.ts'

type Claims = Readonly<Record<string, unknown>>

const PAGE = /<h1>You may not connect devices<\/h1>/

/** The refusals in a log. */
const refusalsIn = (log: readonly string[]): unknown[] =>
  log
    .map((line) => JSON.parse(line) as Claims)
    .filter(({ msg }) => msg === 'person_not_admitted')
    .map(({ person, during, reason }) => ({ person, during, reason }))

/** A server with a provider whose ID tokens hold all claims, and one browser. */
const setUp = async (
  t: ExecutionContext,
  rule: string,
  claimsOf: (login: string) => Claims,
  configuration: Claims = { conformIdTokenClaims: false },
) => {
  const env = { OIDC_ALLOW: rule, OIDC_SCOPE: 'openid profile email groups' }
  const more = { ...env, SUPPORT_CONTACT: 'https://x.example/help' }
  const setting = await startOpenidSetting(t, more, configuration, claimsOf)
  const { server, publicUrl } = setting
  const browser = new BrowserLike()
  const verify = `${publicUrl}/oauth/device/verify`
  const logIn = (page: Visit, login = 'user-alice'): Promise<Visit> =>
    browser.submit(page, '/interaction/', { login, password: 'any' })
  return {
    ...setting,
    verify,
    browser,
    logIn,
    signIn: async (code?: string): Promise<Visit> =>
      logIn(await browser.open(code === undefined ? verify : `${verify}?user_code=${code}`)),
    hasSession: (): boolean => browser.cookiesFor(verify).has(cookieName(publicUrl, 'session')),
    refusals: () => refusalsIn(server.log),
  }
}

const VERIFIED = { email: 'alice@x.example', email_verified: true }

const ADMITTED: readonly (readonly [name: string, rule: string, claims: Claims])[] = [
  ['one of the groups', 'groups=a,b', { groups: ['c', 'b'] }],
  ['a group in a string', 'groups=a,b', { groups: 'a' }],
  ['a verified address', 'email_domain=x.example', VERIFIED],
  ['both', 'groups=a;email_domain=y.example,x.example', { ...VERIFIED, groups: ['a'] }],
]

for (const [name, rule, claims] of ADMITTED) {
  test(`${rule} admits ${name}`, async (t) => {
    const { signIn, verify, provider, refusals } = await setUp(t, rule, () => claims)
    const page = await signIn()
    t.is(page.url, verify)
    t.is(page.status, 200)
    t.deepEqual(refusals(), [])
    t.false(provider.requests.includes('GET /me'))
  })
}

const REFUSED: readonly (readonly [name: string, rule: string, claims: Claims, reason: string])[] =
  [
    ['another group', 'groups=a,b', { groups: ['classified'] }, 'groups is not allowed'],
    ['no group', 'groups=a', {}, 'groups is missing'],
    [
      'an address that is not verified',
      'email_domain=x.example',
      { ...VERIFIED, email_verified: false },
      'email is not verified',
    ],
    [
      'another domain',
      'email_domain=x.example',
      { ...VERIFIED, email: 'classified@evil.example' },
      'email_domain is not allowed',
    ],
    ['only one of the parts', 'groups=a;email_domain=x.example', VERIFIED, 'groups is missing'],
  ]

for (const [name, rule, claims, reason] of REFUSED) {
  test(`${rule} refuses ${name}`, async (t) => {
    const { server, signIn, hasSession, refusals } = await setUp(t, rule, () => claims)
    const code = await authorize(server.url)
    const page = await signIn(code.user_code)
    t.is(page.status, 403)
    t.regex(page.text, PAGE)
    t.true(page.text.includes('<a href="https://x.example/help">'))
    t.is(page.headers.get('Cache-Control'), 'no-store')
    t.false(hasSession())
    t.deepEqual(refusals(), [
      {
        person: 'user-alice',
        during: 'sign_in',
        reason: `ID token: ${reason}; userinfo: ${reason}`,
      },
    ])
    t.false(server.log.join().includes('classified'), 'the log holds no value of a claim')
    t.is(await pollOutcome(server.url, code.device_code), 'authorization_pending')
  })
}

test('claims that only the userinfo endpoint has count too, and it is asked once', async (t) => {
  const { signIn, verify, provider } = await setUp(
    t,
    'groups=a;email_domain=x.example',
    () => ({ ...VERIFIED, groups: ['a'] }),
    {},
  )
  const page = await signIn()
  t.is(page.url, verify)
  t.true(page.text.includes('alice'))
  t.is(provider.requests.filter((one) => one === 'GET /me').length, 1)
})

test('a provider without a userinfo endpoint refuses by its ID token', async (t) => {
  const { signIn, refusals } = await setUp(t, 'groups=a', () => ({ groups: ['b'] }), {
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: true }, userinfo: { enabled: false } },
  })
  t.is((await signIn()).status, 403)
  t.like(refusals(), [{ reason: 'ID token: groups is not allowed' }])
})

test('a userinfo endpoint that fails makes no session, and no refusal', async (t) => {
  const { signIn, provider, hasSession, refusals } = await setUp(
    t,
    'groups=a',
    () => ({ groups: ['a'] }),
    {},
  )
  provider.changeTokenAnswer = async (answer) => ({ ...answer, access_token: 'unknown' })
  const page = await signIn()
  t.is(page.status, 400)
  t.notRegex(page.text, PAGE)
  t.false(hasSession())
  t.deepEqual(refusals(), [])
})

test('a person who is refused uses another account for the same code', async (t) => {
  const { server, signIn, logIn, browser, provider, verify } = await setUp(
    t,
    'groups=a',
    (login) => ({ groups: [login === 'user-bob' ? 'a' : 'b'] }),
  )
  const code = await authorize(server.url)
  const refused = await signIn(code.user_code)
  t.is(refused.status, 403)
  t.true(refused.text.includes(`href="/oauth/device/verify?user_code=${code.user_code}"`))
  const foreign = await browser.send(`${server.url}/oauth/device/switch-account`, {
    method: 'POST',
    headers: { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    body: new URLSearchParams({ user_code: code.user_code }),
  })
  t.is(foreign.status, 403)
  t.deepEqual(provider.prompts, [undefined])

  const login = await browser.submit(refused, '/switch-account', {})
  t.deepEqual(provider.prompts, [undefined, 'select_account'])
  const ending = await logIn(login, 'user-bob')
  const confirm = await browser.submit(ending, '/session/end/confirm', {})
  t.is(confirm.url, `${verify}?user_code=${code.user_code}`)
  await browser.submit(confirm, '/verify', { decision: 'approve' })
  t.is(await pollOutcome(server.url, code.device_code), 'token')
  t.is((await server.useCases.listApiKeys({ owner: 'user-bob' })).keys.length, 1)
})

test('a person who is refused gets out of an account that the provider keeps using', async (t) => {
  const { server, signIn, logIn, browser, provider, verify, refusals } = await setUp(
    t,
    'groups=a',
    (login) => ({ groups: [login === 'user-bob' ? 'a' : 'b'] }),
  )
  provider.choosesAccount = false
  const code = await authorize(server.url)
  const refused = await signIn(code.user_code)
  t.is(refused.status, 403)
  const leaving = await browser.submit(refused, '/switch-account', {})
  t.true(leaving.url.startsWith(`${provider.issuer}/session/end?`), leaving.url)
  const login = await browser.submit(leaving, '/session/end/confirm', { logout: 'yes' })
  const asBob = await logIn(login, 'user-bob')
  t.is(asBob.url, `${verify}?user_code=${code.user_code}`)
  t.is(refusals().length, 1)
})

test('a form without a session sets no cookie but that of its sign-in', async (t) => {
  const { server, publicUrl } = await setUp(t, 'groups=a', () => ({ groups: ['b'] }))
  const { user_code } = await authorize(server.url)
  const answer = await new BrowserLike().send(`${server.url}/oauth/device/switch-account`, {
    method: 'POST',
    headers: { Origin: 'null' },
    body: new URLSearchParams({ user_code }),
  })
  t.is(answer.status, 200)
  const set = answer.headers.getSetCookie()
  t.is(set.length, 1)
  t.true(set[0]?.startsWith(cookieName(publicUrl, 'oidc_')), set[0])
})

test('a refused sign-in ends the session of the browser', async (t) => {
  let groups = ['a']
  const { verify, browser, logIn, hasSession } = await setUp(t, 'groups=a', () => ({ groups }))
  const [first, second] = [await browser.open(verify), await browser.open(verify)]
  t.is((await logIn(second)).status, 200)
  t.true(hasSession())
  groups = []
  t.is((await logIn(first)).status, 403)
  t.false(hasSession())
})

const KEYS = '/oauth/device/keys'
const PERSON = { 'x-forwarded-user': 'alice', accept: 'text/html' }

/** A server behind a proxy on loopback that names the groups of people. */
const setUpForwarded = async (t: ExecutionContext, env: Readonly<Record<string, string>> = {}) => {
  const server = await startTestServer({
    FORWARDED_GROUPS_HEADER: 'X-Forwarded-Groups',
    FORWARDED_ALLOW_GROUPS: 'developers, Über admins',
    SUPPORT_CONTACT: 'help@x.example',
    ...env,
  })
  t.teardown(() => server.stop())
  const get = (groups?: string | string[], headers: Readonly<Record<string, string>> = PERSON) =>
    send(server.url, {
      method: 'GET',
      path: KEYS,
      headers: { ...headers, ...(groups === undefined ? {} : { 'x-forwarded-groups': groups }) },
      // With a text as body, Node would encode the headers as UTF-8.
      body: Buffer.alloc(0),
    })
  return { server, get }
}

/** The bytes of a text in UTF-8, as Node sends them. */
const utf8 = (text: string): string => Buffer.from(text).toString('latin1')

test('a person in one of the groups is signed in by a proxy', async (t) => {
  const { get, server } = await setUpForwarded(t)
  for (const groups of [
    'developers',
    'a,developers',
    ' a ,\tdevelopers\t,b',
    utf8('a,Über admins'),
    'developers,,',
  ]) {
    t.is((await get(groups)).status, 200, groups)
  }
  t.deepEqual(refusalsIn(server.log), [])
})

test('a person in none of the groups sees that they may not connect devices', async (t) => {
  const { get, server } = await setUpForwarded(t)
  const refused = [
    undefined,
    '',
    ',',
    'Developers',
    'developers2',
    'dev elopers',
    'developers;a',
    '"developers"',
    utf8('\u00a0developers'),
    Buffer.from('Über admins', 'latin1').toString('latin1'),
  ]
  for (const groups of refused) {
    const page = await get(groups)
    t.is(page.status, 403, String(groups))
    t.regex(page.text, PAGE)
    t.true(page.text.includes('mailto:help@x.example'))
    t.false(page.text.includes('switch-account'))
  }
  const refusal = { person: 'alice', during: 'sign_in', reason: 'none of the groups is allowed' }
  t.deepEqual(
    refusalsIn(server.log),
    refused.map(() => refusal),
  )
})

test('a person who has left the group decides nothing more', async (t) => {
  const { server } = await setUpForwarded(t)
  const code = await authorize(server.url)
  const approve = (groups: string) =>
    post(
      server.url,
      VERIFY_AUTHENTICATED,
      { user_code: code.user_code },
      { 'x-forwarded-user': 'alice', 'x-forwarded-groups': groups },
    )
  t.is((await approve('guests')).status, 401)
  t.is(await pollOutcome(server.url, code.device_code), 'authorization_pending')
  t.is((await approve('developers')).status, 200)
  t.is(await pollOutcome(server.url, code.device_code), 'token')
})

test('groups count only once, and only with a person', async (t) => {
  const { get, server } = await setUpForwarded(t)
  t.is((await get(['developers', 'guests'])).status, 401)
  t.is((await get('developers', { accept: 'text/html' })).status, 401)
  t.true(server.log.join().includes('ignored a sign-in header that may be forged'))
})

test('groups of a proxy that is not trusted do not count', async (t) => {
  const { get, server } = await setUpForwarded(t, { TRUSTED_PROXIES: '192.0.2.1' })
  const page = await get('developers')
  t.is(page.status, 401)
  t.notRegex(page.text, PAGE)
  t.deepEqual(refusalsIn(server.log), [])
})
