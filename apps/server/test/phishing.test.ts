import { join } from 'node:path'
import { BrowserLike, type Sending, type Visit } from '@device-grant/test-support/browser-like'
import { authorize, type Codes, pickUp, pollOutcome } from '@device-grant/test-support/device'
import {
  AUTHORIZE,
  REVIEW,
  VERIFY,
  VERIFY_AUTHENTICATED,
} from '@device-grant/test-support/endpoints'
import { freePort } from '@device-grant/test-support/free-port'
import { formsIn } from '@device-grant/test-support/html-form'
import { type Answer, membersOf, post, send } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import test, { type ExecutionContext } from 'ava'
import { startOpenidSetting } from './openid-setting.ts'
import { tempFolder } from './temp-folder.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const NEAR = '192.0.2.1'
const FAR = '198.51.100.1'

const start = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>>,
): Promise<TestServer> => {
  const server = await startTestServer(env)
  t.teardown(() => server.stop())
  return server
}

/** Requests codes for a device in the network of `NEAR`. */
const request = (
  { url }: TestServer,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Codes> =>
  authorize(url, { client_id: 'cli', ...parameters }, { 'x-forwarded-for': NEAR })

interface By {
  readonly person?: string
  /** The address of the person's browser. */
  readonly from?: string
}

const headersOf = ({ person = 'alice', from = NEAR }: By) => ({
  'X-Forwarded-User': person,
  'X-Forwarded-For': from,
})

/** Sends a decision, or a question, as a front end. */
const asFrontEnd = (
  { url }: TestServer,
  path: string,
  body: Readonly<Record<string, unknown>>,
  by: By = {},
): Promise<Answer> =>
  send(url, {
    path,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headersOf(by) },
  })

const approve = (
  server: TestServer,
  { user_code }: Codes,
  body: Readonly<Record<string, unknown>> = {},
  by: By = {},
): Promise<Answer> => asFrontEnd(server, VERIFY_AUTHENTICATED, { user_code, ...body }, by)

/** The browser of a person whom the proxy signs in. */
class Proxied extends BrowserLike {
  readonly #by: By
  constructor(by: By = {}) {
    super()
    this.#by = by
  }
  override send(url: string, sending: Sending = {}): Promise<Visit> {
    return super.send(url, { ...sending, headers: { ...sending.headers, ...headersOf(this.#by) } })
  }
}

/** Opens the link with a code. */
const openLink = (
  { url }: TestServer,
  { user_code }: Codes,
  browser: BrowserLike,
): Promise<Visit> => browser.open(`${url}${VERIFY}?user_code=${user_code}`)

/** Types a code into the form of the verification page. */
const typeCode = async (
  { url }: TestServer,
  { user_code }: Codes,
  browser: BrowserLike,
): Promise<Visit> => {
  const page = await browser.open(url + VERIFY)
  const fields = formsIn(page.text).find(({ action }) => action === VERIFY)?.fields
  return browser.open(`${url}${VERIFY}?${new URLSearchParams({ ...fields, user_code })}`)
}

const decide = (
  browser: BrowserLike,
  page: Visit,
  typed: Readonly<Record<string, string>> = {},
): Promise<Visit> => browser.submit(page, VERIFY, { decision: 'approve', ...typed })

const isApproved = async ({ url }: TestServer, { device_code }: Codes): Promise<boolean> =>
  (await pollOutcome(url, device_code)) === 'token'

const ENDING_FIELD = /<input[^>]*type="text"[^>]*name="code_ending"/
const DENY_BUTTON = /<button [^>]*name="decision" value="deny"/

test('CD-1: PROXIMITY=block refuses devices in other networks, on page and JSON', async (t) => {
  const server = await start(t, { PROXIMITY: 'block' })
  const codes = await request(server)
  const { user_code } = codes
  const by = { from: FAR }
  const page = await openLink(server, codes, new Proxied(by))
  t.is(page.status, 403)
  t.regex(page.text, /Your device is not near you/)
  for (const [path, body] of [
    [REVIEW, { user_code }],
    [VERIFY_AUTHENTICATED, { user_code }],
  ] as const) {
    const reply = await asFrontEnd(server, path, body, by)
    t.is(reply.status, 403, reply.text)
    t.is(membersOf(reply)['blocked_by'], 'elsewhere')
  }
  t.true(server.log.some((line) => /"reason":"elsewhere".*"approval_blocked"/.test(line)))
  // The form of a page that was opened in the network, sent from another one.
  const inside = new Proxied()
  const opened = await openLink(server, codes, inside)
  t.is(opened.status, 200)
  const moved = await decide(new Proxied(by), opened)
  t.not(moved.status, 303)
  t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')
  t.is((await decide(inside, opened)).status, 200)
  t.true(await isApproved(server, codes))
  const foreign = await request(server)
  const victim = new Proxied(by)
  const warned = await openLink(server, foreign, victim)
  const reported = await decide(victim, warned, { decision: 'report' })
  t.regex(reported.text, /Request denied and reported/)
  t.is(await pollOutcome(server.url, foreign.device_code), 'access_denied')
  const denied = await request(server)
  t.is((await approve(server, denied, { decision: 'deny' }, by)).status, 200)
  const refused = await request(server)
  const far = await openLink(server, refused, victim)
  t.regex(far.text, DENY_BUTTON)
  t.regex((await decide(victim, far, { decision: 'deny' })).text, /Request denied/)
  t.is(await pollOutcome(server.url, refused.device_code), 'access_denied')
})

test('CD-1: PROXIMITY=confirm asks for the reason, and trusted networks are near', async (t) => {
  const folder = await tempFolder(t)
  const client = { token_endpoint_auth_method: 'none' }
  const file = await folder.write('clients.json', {
    clients: [
      { client_id: 'cli', ...client },
      { client_id: 'ci', ...client, trusted_networks: ['192.0.2.0/24'] },
    ],
  })
  const server = await start(t, { PROXIMITY: 'confirm', CLIENTS_FILE: file })
  const by = { from: FAR }
  const codes = await request(server)
  const { user_code } = codes
  const review = (from: string) => asFrontEnd(server, REVIEW, { user_code }, { from })
  t.deepEqual(membersOf(await review(FAR))['approval_needs'], ['elsewhere_reason'])
  t.is(membersOf(await review(NEAR))['approval_needs'], undefined)
  for (const body of [{}, { elsewhere_reason: 'because' }, { elsewhere_reason: 1 }]) {
    const reply = await approve(server, codes, body, by)
    t.is(reply.status, 400)
    t.regex(String(membersOf(reply)['detail']), /mobile_data, vpn, remote_server/)
  }
  const browser = new Proxied(by)
  const page = await openLink(server, codes, browser)
  t.is(page.text.match(/type="radio"[^>]*name="elsewhere_reason"/g)?.length, 3)
  t.notRegex(page.text, /name="elsewhere_reason"[^>]*checked/)
  const refused = await decide(browser, page)
  t.is(refused.status, 400)
  t.regex(refused.text, /Say why your device is in another network/)
  t.is((await decide(browser, refused, { elsewhere_reason: 'vpn' })).status, 200)
  t.true(await isApproved(server, codes))
  const other = await request(server)
  t.is((await approve(server, other, { elsewhere_reason: 'mobile_data' }, by)).status, 200)
  const trusted = await request(server, { client_id: 'ci' })
  t.is((await approve(server, trusted, {}, by)).status, 200)
})

test('CD-13: VERIFICATION_URI_COMPLETE=confirm lets people who come by link type the end', async (t) => {
  const server = await start(t, { VERIFICATION_URI_COMPLETE: 'confirm' })
  const codes = await request(server)
  const { user_code } = codes
  const end = user_code.slice(-4)
  t.truthy(codes.verification_uri_complete)
  const review = membersOf(await asFrontEnd(server, REVIEW, { user_code }))
  t.deepEqual(review['approval_needs'], ['code_ending'])
  for (const body of [{}, { code_ending: user_code.slice(0, 4) }, { code_ending: 4 }]) {
    const reply = await approve(server, codes, body)
    // Half of the code may be the same as the other half.
    if (user_code.slice(0, 4) === end && 'code_ending' in body) continue
    t.is(reply.status, 400)
    t.regex(String(membersOf(reply)['detail']), /last 4 characters/)
  }
  const browser = new Proxied()
  const page = await openLink(server, codes, browser)
  const shown = page.text.replace(/value="[^"]*"|user_code=[^"&]*/g, '')
  t.false(shown.includes(end), 'the page does not show the end of the code')
  const refused = await decide(browser, page, { code_ending: 'BBB' })
  t.is(refused.status, 400)
  t.regex(refused.text, /The characters don’t match/)
  t.is((await decide(browser, refused, { code_ending: end.toLowerCase() })).status, 200)
  t.true(await isApproved(server, codes))
  const typed = await request(server)
  const asked = await typeCode(server, typed, browser)
  t.true(asked.text.includes(typed.user_code))
  t.notRegex(asked.text, ENDING_FIELD)
  const again = await decide(browser, asked, { lifetime: '1' })
  t.is(again.status, 400)
  t.notRegex(again.text, ENDING_FIELD)
  t.is((await decide(browser, again)).status, 200)
  t.true(await isApproved(server, typed))
  // A field that a link has filled in is not typed, though the person presses the button.
  const prefilled = await request(server)
  const byPage = await browser.send(`${server.url}${VERIFY}?user_code=${prefilled.user_code}`, {
    headers: { 'Sec-Fetch-Site': 'cross-site' },
  })
  t.true(byPage.text.includes(`value="${prefilled.user_code}"`))
  t.notRegex(byPage.text, /name="typed"/)
  // A mark of another person's session does not count.
  const stolen = await request(server)
  const field = formsIn((await new Proxied({ person: 'bob' }).open(server.url + VERIFY)).text)
  const mark = field.find(({ fields }) => fields['typed'])?.fields['typed'] ?? t.fail()
  const link = `${server.url}${VERIFY}?typed=${mark}&user_code=${stolen.user_code}`
  t.regex((await browser.open(link)).text, /name="code_ending"/)
  t.is((await approve(server, stolen, { code_ending: stolen.user_code.slice(-4) })).status, 200)
})

test('CD-13: VERIFICATION_URI_COMPLETE=off sends no link, and links show an empty field', async (t) => {
  const server = await start(t, { VERIFICATION_URI_COMPLETE: 'off' })
  const codes = await request(server)
  t.false('verification_uri_complete' in codes)
  const browser = new Proxied()
  const page = await openLink(server, codes, browser)
  t.is(page.status, 200)
  t.false(page.text.includes(codes.user_code))
  t.regex(page.text, /name="user_code"/)
  const asked = await typeCode(server, codes, browser)
  t.is((await decide(browser, asked)).status, 200)
  t.true(await isApproved(server, codes))
  t.is((await approve(server, await request(server))).status, 200)
})

test('CD-13: VERIFICATION_URI_COMPLETE=off asks for a typed code once, also on the way back', async (t) => {
  const env = { VERIFICATION_URI_COMPLETE: 'off', SIGN_IN: 'demo', FRESH_SIGN_IN: '300' }
  const server = await start(t, env)
  const browser = new BrowserLike()
  const signIn = (page: Visit, name = 'alice') => browser.submit(page, '/sign-in', { name })
  const follow = (page: Visit, path: string) => {
    const href = page.text.match(/ href="[^"]*"/g)?.find((one) => one.includes(path)) ?? t.fail()
    return browser.open(server.url + href.slice(' href="'.length, -1).replaceAll('&amp;', '&'))
  }
  await signIn(await browser.open(server.url + VERIFY))
  const codes = await request(server)
  const { user_code } = codes
  const isAsked = ({ text }: Visit) => text.includes(`<span aria-hidden="true">${user_code}<`)
  const asked = await typeCode(server, codes, browser)
  t.true(isAsked(asked))
  const bad = await decide(browser, asked, { lifetime: 'long' })
  t.is(bad.status, 400)
  t.true(isAsked(await follow(bad, `${VERIFY}?`)))
  server.clock.pass(300_001)
  const old = await typeCode(server, codes, browser)
  t.regex(old.text, /Sign in again/)
  const fresh = await signIn(await follow(old, '/sign-in?'))
  t.true(isAsked(fresh))
  const other = await signIn(await browser.submit(fresh, '/switch-account', {}), 'bob')
  t.true(isAsked(other))
  // A sign-in that was not finished, and the link of its page.
  await browser.submit(other, '/switch-account', {})
  const link = `${server.url}${VERIFY}?user_code=${user_code}`
  const last = await signIn(await browser.open(link), 'bob')
  t.true(isAsked(last))
  t.is((await decide(browser, last)).status, 200)
  t.true(await isApproved(server, codes))
  const linked = await request(server)
  server.clock.pass(300_001)
  t.false((await openLink(server, linked, browser)).text.includes(linked.user_code))
})

test('CD-4: CONTESTED_LIMIT ends a code that so many accounts enter', async (t) => {
  const server = await start(t, { CONTESTED_LIMIT: '3' })
  const codes = await request(server)
  const { user_code } = codes
  t.is((await openLink(server, codes, new Proxied())).status, 200)
  const bob = await asFrontEnd(server, REVIEW, { user_code }, { person: 'bob' })
  t.regex(String(membersOf(bob)['detail']), /Another account/)
  t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')
  const cho = await openLink(server, codes, new Proxied({ person: 'cho' }))
  t.regex(cho.text, /This code no longer works/)
  t.is((await approve(server, codes)).status, 400)
  t.is(await pollOutcome(server.url, codes.device_code), 'expired_token')
  t.true(server.log.some((line) => line.includes('contested_code_ended')))
})

test('CD-13: LOGIN_HINT names who may approve, and is shown, stored and logged nowhere', async (t) => {
  const server = await start(t, { LOGIN_HINT: 'on' })
  const login_hint = 'alice@hidden.example'
  const codes = await request(server, { login_hint })
  const { user_code } = codes
  const unknown = 'BBBB-BBBB'
  const bob = { person: 'bob' }
  const [page, other] = [
    await openLink(server, codes, new Proxied(bob)),
    await openLink(server, { ...codes, user_code: unknown }, new Proxied(bob)),
  ]
  t.is(page.status, 400)
  t.is(other.status, 400)
  t.regex(page.text, /You have 4 attempts|code-problem/)
  for (const path of [REVIEW, VERIFY_AUTHENTICATED]) {
    const [mismatch, missing] = [
      await asFrontEnd(server, path, { user_code }, { person: `mallory ${path}` }),
      await asFrontEnd(server, path, { user_code: unknown }, { person: `mallory ${path}` }),
    ]
    t.deepEqual([mismatch.status, mismatch.text], [missing.status, missing.text], path)
  }
  for (let attempt = 0; attempt < 3; attempt += 1) await approve(server, codes, {}, bob)
  t.is((await approve(server, codes, {}, bob)).status, 429)
  const text = [page.text, server.dump(), ...server.log].join('\n')
  t.false(text.includes(login_hint))
  t.is((await approve(server, codes, {}, { person: login_hint })).status, 200)
  t.true(await isApproved(server, codes))
  const tooLong = { client_id: 'cli', login_hint: 'a'.repeat(257) }
  t.is((await post(server.url, AUTHORIZE, tooLong)).status, 400)
})

test('CD-12: REQUIRE_KNOWN_PERSON needs a key, and only its owner may approve', async (t) => {
  const server = await start(t, { REQUIRE_KNOWN_PERSON: 'true' })
  const first = issued(
    await server.useCases.authorizeDevice({
      clientId: 'cli',
      clientAuthenticated: true,
      device: { address: NEAR },
    }),
  )
  await server.useCases.answerUserCode({ ...first, person: 'alice', decision: 'approve' })
  const key = await pickUp(server.url, first.deviceCode)
  const ask = (headers: Readonly<Record<string, string>>) =>
    post(server.url, AUTHORIZE, { client_id: 'cli' }, headers)
  const without = await ask({})
  t.is(without.status, 401)
  t.is(without.headers['www-authenticate'], 'Bearer realm="device-grant"')
  const broken = await ask({ authorization: `Bearer ${key.slice(0, -7)}xxxxxxx` })
  t.is(broken.status, 401)
  t.is(membersOf(broken)['error'], 'invalid_token')
  t.is((await ask({ authorization: 'Basic Y2xpOg==' })).status, 401)
  const codes = membersOf(await ask({ authorization: `Bearer ${key}` })) as unknown as Codes
  const bob = await openLink(server, codes, new Proxied({ person: 'bob' }))
  t.is(bob.status, 400)
  t.is((await approve(server, codes, {}, { person: 'bob' })).status, 400)
  t.is((await approve(server, codes)).status, 200)
  t.true(await isApproved(server, codes))
})

test('CD-7: SENSITIVE_SCOPES refuses sensitive scopes, or demands more for them', async (t) => {
  const folder = await tempFolder(t)
  const SCOPES_FILE = await folder.write('scopes.json', {
    scopes: {
      read: { description: 'Read' },
      admin: { description: 'Everything', sensitive: true },
    },
  })
  const never = await start(t, { SENSITIVE_SCOPES: 'never', SCOPES_FILE })
  const refused = await post(never.url, AUTHORIZE, { client_id: 'cli', scope: 'read admin' })
  t.is(refused.status, 400)
  t.is(membersOf(refused)['error'], 'invalid_scope')
  t.is((await post(never.url, AUTHORIZE, { client_id: 'cli', scope: 'read' })).status, 200)
  const server = await start(t, { SENSITIVE_SCOPES: 'near,code_ending', SCOPES_FILE })
  const by = { from: FAR }
  t.is((await approve(server, await request(server, { scope: 'read' }), {}, by)).status, 200)
  const codes = await request(server, { scope: 'read admin' })
  const code_ending = codes.user_code.slice(-4)
  t.is((await openLink(server, codes, new Proxied(by))).status, 403)
  t.is((await approve(server, codes, { code_ending }, by)).status, 403)
  t.is((await approve(server, codes)).status, 400)
  t.is((await approve(server, codes, { code_ending })).status, 200)
})

test('CD-7: a scope that becomes sensitive after the approval is in no key', async (t) => {
  const folder = await tempFolder(t)
  const scopesFile = (name: string, sensitive: boolean) =>
    folder.write(name, {
      scopes: { read: { description: 'Read' }, admin: { description: 'All', sensitive } },
    })
  const DATA_DIR = join(folder.path, 'data')
  const marked = { STORES: '', DATA_DIR, SCOPES_FILE: await scopesFile('marked.json', true) }
  const before = await start(t, { ...marked, SCOPES_FILE: await scopesFile('open.json', false) })
  const METRICS_PORT = String(await freePort())
  const never = await start(t, { ...marked, SENSITIVE_SCOPES: 'never', METRICS_PORT })
  const guarded = await start(t, { ...marked, SENSITIVE_SCOPES: 'near,code_ending' })
  const [codes, other, harmless] = [
    await request(before, { scope: 'read admin' }),
    await request(before, { scope: 'read admin' }),
    await request(before, { scope: 'read' }),
  ]
  for (const each of [codes, harmless]) t.is((await approve(before, each)).status, 200)
  for (const server of [never, guarded]) {
    t.is(await pollOutcome(server.url, codes.device_code), 'access_denied')
    const line = server.log.find((each) => each.includes('pick_up_refused')) ?? t.fail()
    t.like(JSON.parse(line), { person: 'alice', reason: 'sensitive_scope' })
  }
  const metrics = await send(`http://127.0.0.1:${METRICS_PORT}`, {
    method: 'GET',
    path: '/metrics',
  })
  t.regex(metrics.text, /^device_grant_logins_total\{outcome="refused"\} 1$/m)
  t.is(await pollOutcome(never.url, harmless.device_code), 'token')
  // The first answer may be lost, but the same key is not issued again.
  t.is(await pollOutcome(before.url, codes.device_code), 'token')
  never.clock.pass(5_000)
  t.is(await pollOutcome(never.url, codes.device_code), 'access_denied')
  // No approval is accepted that gives no key.
  t.is((await approve(never, other)).status, 400)
  t.is((await approve(never, other, { scope: 'read' })).status, 200)
  t.is(await pollOutcome(guarded.url, other.device_code), 'token')
  const met = await request(guarded, { scope: 'read admin' })
  t.is((await approve(guarded, met, { code_ending: met.user_code.slice(-4) })).status, 200)
  t.is(await pollOutcome(guarded.url, met.device_code), 'token')
})

test('CD-13: FRESH_SIGN_IN asks to sign in again, on page and JSON', async (t) => {
  const server = await start(t, { SIGN_IN: 'demo', FRESH_SIGN_IN: '300' })
  const browser = new BrowserLike()
  const codes = await request(server)
  const signIn = (page: Visit) => browser.submit(page, '/sign-in', { name: 'alice' })
  const page = await signIn(await openLink(server, codes, browser))
  t.is(page.status, 200)
  server.clock.pass(300_001)
  const late = await decide(browser, page)
  t.is(late.status, 403)
  t.regex(late.text, /Sign in again/)
  const other = await request(server)
  const asked = await openLink(server, other, browser)
  t.regex(asked.text, DENY_BUTTON)
  t.false(asked.text.includes(`<bdi translate="no">${other.user_code}`), 'an end may be asked for')
  const report = await decide(browser, asked, { decision: 'report' })
  t.regex(report.text, /Request denied and reported/)
  t.is(await pollOutcome(server.url, other.device_code), 'access_denied')
  const cookies = [...browser.cookiesFor(server.url)].map(([name, value]) => `${name}=${value}`)
  const reply = await send(server.url, {
    path: VERIFY_AUTHENTICATED,
    body: JSON.stringify({ user_code: codes.user_code }),
    headers: { 'content-type': 'application/json', cookie: cookies.join('; ') },
  })
  t.is(reply.status, 403, reply.text)
  t.is(membersOf(reply)['blocked_by'], 'sign_in_again')
  const link = /href="(\/oauth\/device\/sign-in\?return_to=[^"]*)"/.exec(late.text)?.[1] ?? t.fail()
  const again = await signIn(await browser.open(server.url + link))
  t.true(again.text.includes(codes.user_code))
  t.is((await decide(browser, again)).status, 200)
  t.true(await isApproved(server, codes))
})

test('CD-13: with OpenID Connect, max_age is sent and auth_time is checked', async (t) => {
  const setting = await startOpenidSetting(
    t,
    { FRESH_SIGN_IN: '300', LOGIN_HINT: 'on' },
    {},
    (login) => ({ email: `${login}@x.example`, email_verified: login !== 'user-bob' }),
  )
  const { server, provider } = setting
  const hinted = await request(server, { login_hint: 'USER-ALICE@x.example' })
  const logIn = async (codes: Codes, login: string) => {
    const browser = new BrowserLike()
    const page = await openLink(server, codes, browser)
    t.is(new URL(page.url).origin, provider.issuer)
    return [
      await browser.submit(page, '/interaction/', { login, password: 'any' }),
      browser,
    ] as const
  }
  const unverified = await request(server, { login_hint: 'user-bob@x.example' })
  const [bob] = await logIn(unverified, 'user-bob')
  t.is(bob.status, 400, 'an e-mail address that is not verified names no person')
  const [page, browser] = await logIn(hinted, 'user-alice')
  t.is(page.status, 200, page.text)
  t.is((await decide(browser, page)).status, 200)
  t.true(await isApproved(server, hinted))
  server.clock.pass(1_800_000)
  const codes = await request(server)
  const late = await openLink(server, codes, browser)
  t.is(late.status, 403)
  provider.changeTokenAnswer = async (answer) => {
    const { auth_time: _, ...claims } = JSON.parse(
      Buffer.from(String(answer['id_token']).split('.')[1] ?? '', 'base64url').toString(),
    ) as Record<string, unknown>
    return { ...answer, id_token: await provider.signIdToken(claims) }
  }
  const [failed] = await logIn(codes, 'user-alice')
  t.is(failed.status, 400, 'an ID token without auth_time signs no person in')
})
