import { type ApiKeyStore, StoreUnavailableError } from '@device-grant/core'
import { forwardedSignIn } from '@device-grant/http-koa'
import { BrowserLike, type Sending, type Visit } from '@device-grant/test-support/browser-like'
import { authorize, type Codes, pickUp, poll, pollOutcome } from '@device-grant/test-support/device'
import { KEYS, VERIFY, VERIFY_AUTHENTICATED } from '@device-grant/test-support/endpoints'
import { formsIn } from '@device-grant/test-support/html-form'
import { type Answer, FORM, membersOf, send } from '@device-grant/test-support/http-exchange'
import { whoami } from '@device-grant/test-support/whoami'
import test, { type ExecutionContext } from 'ava'
import { ALL_SCOPES, type RegisteredServer, startRegisteredServer } from './registered-server.ts'
import { startRegistryServer } from './registry-setting.ts'
import { CLIENTS, SECRET } from './sample-clients.ts'

const DAY = 86_400_000
const JSON_TYPE = 'application/json'

const start = (
  t: ExecutionContext,
  changes: Parameters<typeof startRegisteredServer>[2] = {},
): Promise<RegisteredServer> =>
  startRegisteredServer(t, forwardedSignIn({ header: 'x-forwarded-user' }), changes)

const request = (
  { url }: RegisteredServer,
  parameters: Readonly<Record<string, string>> = {},
): Promise<Codes> => authorize(url, { client_id: 'cli', scope: ALL_SCOPES, ...parameters })

/** Sends a decision as a front end. */
const answer = (
  { url }: RegisteredServer,
  body: string | Readonly<Record<string, unknown>>,
  person = 'alice',
): Promise<Answer> =>
  send(url, {
    path: VERIFY_AUTHENTICATED,
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: {
      'content-type': typeof body === 'string' ? FORM : JSON_TYPE,
      'x-forwarded-user': person,
    },
  })

/** The browser of a person whom the proxy signs in. */
class Proxied extends BrowserLike {
  readonly #person: string
  constructor(person = 'alice') {
    super()
    this.#person = person
  }
  override send(url: string, sending: Sending = {}): Promise<Visit> {
    const headers = { ...sending.headers, 'X-Forwarded-User': this.#person }
    return super.send(url, { ...sending, headers })
  }
}

const confirmPage = (
  { url }: RegisteredServer,
  { user_code }: Codes,
  browser: BrowserLike = new Proxied(),
): Promise<Visit> => browser.open(`${url}${VERIFY}?user_code=${user_code}`)

/** The hidden fields of the form that decides. */
const fieldsOf = ({ text }: Visit): Readonly<Record<string, string>> =>
  formsIn(text).find(({ action }) => action === VERIFY)?.fields ?? {}

interface Listed {
  readonly id: string
  readonly [name: string]: unknown
}

const keysOf = async ({ url }: RegisteredServer, person = 'alice'): Promise<readonly Listed[]> => {
  const headers = { 'x-forwarded-user': person }
  return membersOf(await send(url, { method: 'GET', path: KEYS, headers }))['keys'] as Listed[]
}

const NARROWED = 'projects:read billing'

test('a front end narrows the scope, and chooses lifetime and name of the device', async (t) => {
  const server = await start(t)
  const codes = await request(server, { device_name: 'ubuntu' })
  const { user_code } = codes
  const reply = await answer(server, {
    user_code,
    scope: 'billing projects:read',
    lifetime: 2_592_000,
    device_name: ' Maria’s\u202e  MacBook ',
  })
  t.is(reply.status, 200, reply.text)
  const device_name = 'Maria’s MacBook'
  t.deepEqual(membersOf(reply), { message: 'Device authorized successfully!', device_name })
  const token = membersOf(await poll(server.url, codes.device_code))
  t.is(token['scope'], NARROWED)
  t.is(token['expires_in'], 2_592_000)
  const expires_at = new Date(server.clock.now() + 30 * DAY).toISOString()
  const used = membersOf(await whoami(server.url, String(token['access_token'])))
  t.like(used, { user: 'alice', device_name, scope: NARROWED, expires_at })
  t.false('idle_expires_at' in used)
  const [listed] = await keysOf(server)
  t.like(listed, { device_name, scope: NARROWED, expires_at })
  t.false('idle_expires_at' in (listed ?? {}))
})

test('whoami and the list tell when an unused key expires', async (t) => {
  const server = await start(t, { keyIdleMs: DAY / 2 })
  const { user_code, device_code } = await request(server)
  await answer(server, { user_code })
  const key = await pickUp(server.url, device_code)
  const idle_expires_at = new Date(server.clock.now() + DAY / 2).toISOString()
  t.like(membersOf(await whoami(server.url, key)), { idle_expires_at })
  t.like((await keysOf(server))[0], { idle_expires_at })
})

for (const [title, body] of [
  ['a form', `scope=${encodeURIComponent(NARROWED)}&lifetime=86400&device_name=`],
  ['JSON', { scope: NARROWED, lifetime: '86400', device_name: '' }],
] as const) {
  test(`choices come as ${title} too, and an empty name removes the name`, async (t) => {
    const server = await start(t)
    const { user_code, device_code } = await request(server, { device_name: 'ubuntu' })
    const whole =
      typeof body === 'string' ? `${body}&user_code=${user_code}` : { ...body, user_code }
    t.deepEqual(membersOf(await answer(server, whole)), {
      message: 'Device authorized successfully!',
    })
    const token = membersOf(await poll(server.url, device_code))
    t.is(token['scope'], NARROWED)
    t.is(token['expires_in'], 86_400)
  })
}

test('without choices everything asked is granted, for the first lifetime', async (t) => {
  const server = await start(t)
  const { user_code, device_code } = await request(server, { device_name: 'ubuntu' })
  t.like(membersOf(await answer(server, { user_code })), { device_name: 'ubuntu' })
  const token = membersOf(await poll(server.url, device_code))
  t.deepEqual([token['scope'], token['expires_in']], [ALL_SCOPES, 86_400])
})

const SCOPE = /^scope must be/
const LIFETIME = /^lifetime must be/
const NAME = /^device_name must be/
const REPLACES = /^replaces must be/

for (const [title, choice, detail] of [
  ['an empty scope', { scope: '' }, SCOPE],
  ['a blank scope', { scope: ' ' }, SCOPE],
  ['a scope with two spaces', { scope: 'projects:read  billing' }, SCOPE],
  ['a scope that ends with a space', { scope: 'projects:read ' }, SCOPE],
  ['a repeated scope', { scope: 'projects:read billing billing' }, SCOPE],
  ['a scope that was not asked for', { scope: `${NARROWED} admin` }, SCOPE],
  ['a scope without the required one', { scope: 'billing' }, SCOPE],
  ['a scope as a list', { scope: ['projects:read'] }, SCOPE],
  ['a scope as a number', { scope: 7 }, SCOPE],
  ['a scope that is null', { scope: null }, SCOPE],
  ['an empty scope in a form', 'scope=', SCOPE],
  ['two scopes in a form', 'scope=projects%3Aread&scope=billing', SCOPE],
  ['a lifetime that is not offered', { lifetime: 3_600 }, LIFETIME],
  ['a lifetime above the maximum', { lifetime: 8_640_000 }, LIFETIME],
  ['a lifetime with a fraction', { lifetime: 86_400.5 }, LIFETIME],
  ['a lifetime below zero', { lifetime: -86_400 }, LIFETIME],
  ['a lifetime in milliseconds', { lifetime: 86_400_000 }, LIFETIME],
  ['a lifetime in words', { lifetime: '1 day' }, LIFETIME],
  ['a lifetime with an exponent', { lifetime: '864e2' }, LIFETIME],
  ['an empty lifetime', 'lifetime=', LIFETIME],
  ['a lifetime twice', 'lifetime=86400&lifetime=86400', LIFETIME],
  ['a lifetime that is null', { lifetime: null }, LIFETIME],
  ['a lifetime that is true', { lifetime: true }, LIFETIME],
  ['a name of 65 characters', { device_name: 'x'.repeat(65) }, NAME],
  ['a name that is a list', { device_name: ['ubuntu'] }, NAME],
  ['a name that is null', { device_name: null }, NAME],
  ['an unknown key to replace', { replaces: '0GSUisErIo4gm6Ox2tFZ4S' }, REPLACES],
  ['an empty key to replace', { replaces: '' }, REPLACES],
  ['a key to replace that is a list', { replaces: ['x'] }, REPLACES],
] as const) {
  test(`${title} is 400 and approves nothing`, async (t) => {
    const server = await start(t)
    const { user_code, device_code } = await request(server)
    const body =
      typeof choice === 'string' ? `${choice}&user_code=${user_code}` : { ...choice, user_code }
    const reply = await answer(server, body)
    t.is(reply.status, 400, reply.text)
    t.regex(String(membersOf(reply)['detail']), detail)
    t.is(await pollOutcome(server.url, device_code), 'authorization_pending')
    t.deepEqual(await keysOf(server), [])
    t.is((await answer(server, { user_code })).status, 200, 'the code can still be approved')
  })
}

test('a denial needs no choice, and ignores it', async (t) => {
  const server = await start(t)
  const { user_code, device_code } = await request(server)
  const reply = await answer(server, { user_code, decision: 'deny', scope: '', lifetime: null })
  t.is(reply.status, 200, reply.text)
  t.is(await pollOutcome(server.url, device_code), 'access_denied')
})

test('only a client that authenticated is verified, on the page and in the list', async (t) => {
  const { url } = await startRegistryServer(t, { clients: CLIENTS })
  const client_secret = SECRET
  for (const [parameters, isVerified] of [
    [{ client_id: 'poster', client_secret }, true],
    [{ client_id: 'cli' }, false],
  ] as const) {
    const { client_id } = parameters
    const { user_code } = await authorize(url, parameters)
    const browser = new Proxied(client_id)
    const page = await browser.open(`${url}${VERIFY}?user_code=${user_code}`)
    t.true(
      page.text.includes(
        `<h1>Connect <bdi translate="no">${client_id}</bdi> to your account?</h1>`,
      ),
    )
    t.is(page.text.includes('Any program can use this name.'), !isVerified)
    await browser.submit(page, '/verify', { decision: 'approve', device_name: 'Tablet' })
    const list = await browser.open(url + KEYS)
    t.true(list.text.includes('Tablet'))
    for (const { text } of [page, list]) {
      t.is(text.includes('<span class="badge good">Verified</span>'), isVerified)
      t.notRegex(text, /Unverified/)
    }
  }
})

test('the form narrows the scope by its boxes', async (t) => {
  const server = await start(t)
  const codes = await request(server, { device_name: 'ubuntu' })
  const browser = new Proxied()
  const page = await confirmPage(server, codes, browser)
  t.true(page.text.includes('<h1>Connect <bdi translate="no">Acme CLI</bdi> to your account?</h1>'))
  t.true(page.text.includes('Any program can use this name.'))
  const done = await browser.submit(page, '/verify', {
    decision: 'approve',
    'scope:projects.write[all]': 'on',
    lifetime: '7776000',
    device_name: 'Maria’s MacBook',
  })
  t.is(done.status, 200)
  t.true(done.text.includes('Maria’s MacBook'))
  t.true(done.text.includes('Acme CLI'))
  const token = membersOf(await poll(server.url, codes.device_code))
  t.is(token['scope'], 'projects:read projects.write[all]')
  t.is(token['expires_in'], 7_776_000)
})

test('a form that showed no boxes grants what was asked for', async (t) => {
  const server = await start(t)
  const codes = await request(server)
  const browser = new Proxied()
  const page = await confirmPage(server, codes, browser)
  const { scopes_shown, ...fields } = fieldsOf(page)
  t.is(scopes_shown, '1')
  await browser.send(server.url + VERIFY, {
    method: 'POST',
    body: new URLSearchParams({ ...fields, decision: 'approve' }),
  })
  t.is(membersOf(await poll(server.url, codes.device_code))['scope'], ALL_SCOPES)
})

test('a form whose scopes_shown is empty grants the ticked boxes, and one sent twice nothing', async (t) => {
  const server = await start(t)
  const codes = await request(server)
  const browser = new Proxied()
  const { scopes_shown: _, ...fields } = fieldsOf(await confirmPage(server, codes, browser))
  const body = new URLSearchParams({ ...fields, decision: 'approve' })
  const sent = (shown: string): Promise<Visit> =>
    browser.send(server.url + VERIFY, { method: 'POST', body: `${body}&${shown}` })
  t.is((await sent('scopes_shown=1&scopes_shown=1')).status, 400)
  t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')
  t.is((await sent('scopes_shown=')).status, 303)
  server.clock.pass(5_000)
  t.is(membersOf(await poll(server.url, codes.device_code))['scope'], 'projects:read')
})

test('a request for scopes that were all removed can be denied only', async (t) => {
  const server = await start(t)
  const codes = await request(server, { scope: 'projects.write[all] billing' })
  for (const name of ALL_SCOPES.split(' ')) server.catalogue.delete(name)
  server.catalogue.set('other', { description: { text: 'Something else' } })
  const browser = new Proxied()
  const page = await confirmPage(server, codes, browser)
  t.true(page.text.includes('nothing that this service still offers'))
  const refused = await browser.submit(page, '/verify', { decision: 'approve' })
  t.is(refused.status, 400)
  t.true(refused.text.includes('One of your choices isn’t possible any more'))
  t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')
  t.is((await browser.submit(refused, '/verify', { decision: 'deny' })).status, 200)
  server.clock.pass(5_000)
  t.is(await pollOutcome(server.url, codes.device_code), 'access_denied')
})

const WITHOUT_BOXES = { 'scope:projects:read': '' }

for (const [title, typed, text] of [
  ['no box', WITHOUT_BOXES, 'Tick at least one permission'],
  [
    'a box but the required one',
    { ...WITHOUT_BOXES, 'scope:billing': 'on' },
    'One of your choices',
  ],
  ['a box that was not asked for', { 'scope:admin': 'on' }, 'One of your choices'],
  ['a lifetime that is not offered', { lifetime: '60' }, 'One of your choices'],
  ['a name that is too long', { device_name: 'x'.repeat(65) }, 'may have 64 characters at most'],
  ['a key of no person to replace', { replaces: 'x' }, 'One of your choices'],
] as const) {
  test(`the form with ${title} shows the request again, and approves nothing`, async (t) => {
    const server = await start(t)
    const codes = await request(server)
    const browser = new Proxied()
    const page = await confirmPage(server, codes, browser)
    const refused = await browser.submit(page, '/verify', {
      decision: 'approve',
      device_name: 'Maria’s MacBook',
      ...typed,
    })
    t.is(refused.status, 400)
    t.true(refused.text.includes(text), refused.text)
    t.regex(refused.text, /role="alert"/)
    if (!('device_name' in typed)) t.true(refused.text.includes('value="Maria’s MacBook"'))
    t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')
    t.deepEqual(await keysOf(server), [])
    const done = await browser.submit(refused, '/verify', { decision: 'approve' })
    t.is(done.status, 200, 'the way back is the page itself')
    server.clock.pass(5_000)
    t.is(await pollOutcome(server.url, codes.device_code), 'token')
  })
}

for (const [title, typed] of [
  ['a lifetime in words', { lifetime: 'long' }],
  ['an empty key to replace', { replaces: '' }],
] as const) {
  test(`the form with ${title} cannot be read, and approves nothing`, async (t) => {
    const server = await start(t)
    const codes = await request(server)
    const browser = new Proxied()
    const page = await confirmPage(server, codes, browser)
    const refused = await browser.submit(page, '/verify', { decision: 'approve', ...typed })
    t.is(refused.status, 400)
    t.true(refused.text.includes(`${VERIFY}?user_code=${codes.user_code}`))
    t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')
    t.is((await browser.submit(page, '/verify', { decision: 'deny', ...typed })).status, 200)
  })
}

test('a second approval with other settings shows the first ones', async (t) => {
  const server = await start(t)
  const codes = await request(server, { device_name: 'ubuntu' })
  const browser = new Proxied()
  const page = await confirmPage(server, codes, browser)
  const chosen = { decision: 'approve', lifetime: '2592000', 'scope:billing': 'on' }
  const done = await browser.submit(page, '/verify', chosen)
  t.true(done.text.includes('Approved. Go back to your device'))
  const again = await browser.submit(page, '/verify', chosen)
  t.is(again.text, done.text, 'the form was sent twice')
  for (const other of [
    { lifetime: '7776000' },
    { device_name: 'Tablet' },
    { 'scope:projects.write[all]': 'on' },
  ]) {
    const changed = await browser.submit(page, '/verify', { ...chosen, ...other })
    t.is(changed.status, 400)
    t.true(changed.text.includes('already approved with these settings'))
    for (const part of ['30 days', 'ubuntu', 'billing']) t.true(changed.text.includes(part), part)
    t.notRegex(changed.text, /90 days|Tablet|projects\.write/)
  }
  const json = membersOf(await answer(server, { user_code: codes.user_code }))
  t.like(json, { detail: 'This device code has already been processed.', your_decision: 'approve' })
})

test('a page that is loaded again is the same answer, however the name was typed', async (t) => {
  const server = await start(t)
  const codes = await request(server, { device_name: 'ubuntu' })
  const browser = new Proxied()
  const page = await confirmPage(server, codes, browser)
  const chosen = { decision: 'approve', device_name: ' Maria’s  MacBook', 'scope:billing': 'on' }
  const done = await browser.submit(page, '/verify', chosen)
  t.is(done.status, 200)
  const again = await browser.submit(page, '/verify', chosen)
  t.is(again.status, 200)
  t.is(again.text, done.text)
})

test('a second approval that would replace a key is not answered as if it did', async (t) => {
  const server = await start(t)
  const old = await connect(server, 'Laptop')
  const codes = await request(server, { device_name: 'Laptop' })
  const browser = new Proxied()
  const page = await confirmPage(server, codes, browser)
  const chosen = { decision: 'approve', 'scope:billing': 'on' }
  t.is((await browser.submit(page, '/verify', chosen)).status, 200)
  const { keys } = await server.useCases.listApiKeys({ owner: 'alice' })
  const replaces = keys.find(({ status }) => status === 'active')?.id ?? t.fail()
  const changed = await browser.submit(page, '/verify', { ...chosen, replaces })
  t.is(changed.status, 400)
  t.true(changed.text.includes('already approved with these settings'))
  await whoami(server.url, old)
})

/** Approves a request, picks its key up and uses it. */
const connect = async (server: RegisteredServer, device_name: string): Promise<string> => {
  const { user_code, device_code } = await request(server, { device_name })
  await answer(server, { user_code })
  const key = await pickUp(server.url, device_code)
  await whoami(server.url, key)
  return key
}

test('an earlier key of the same device is offered, ticked once it is unused, and replaced', async (t) => {
  const server = await start(t, { keyLifetimesMs: [30 * DAY] })
  const old = await connect(server, 'Maria’s MacBook')
  const [{ id = '' } = {}] = await keysOf(server)
  const box = new RegExp(
    `<input type="checkbox" id="replaces" name="replaces" value="${id}"([^>]*)`,
  )
  const second = await request(server, { device_name: 'Maria’s MacBook' })
  t.notRegex(box.exec((await confirmPage(server, second)).text)?.[1] ?? 'absent', /checked|absent/)
  server.clock.pass(3 * DAY)
  const third = await request(server, { device_name: 'Maria’s MacBook' })
  const page = await confirmPage(server, third)
  t.regex(box.exec(page.text)?.[1] ?? 'absent', /checked/)
  t.regex(page.text, /, connected 3 days ago\?/)
  for (const [device_name, person] of [
    ['Another MacBook', 'alice'],
    ['Maria’s MacBook', 'bob'],
  ] as const) {
    const other = await request(server, { device_name })
    const shown = await confirmPage(server, other, new Proxied(person))
    t.false(shown.text.includes('replaces'), person)
    if (person === 'alice') continue
    const forged = await answer(server, { user_code: other.user_code, replaces: id }, person)
    t.is(forged.status, 400)
  }
  t.is((await answer(server, { user_code: third.user_code, replaces: id })).status, 200)
  const fresh = await pickUp(server.url, third.device_code)
  t.is((await whoami(server.url, old)).status, 200, 'until the first use of the new key')
  t.is((await whoami(server.url, fresh)).status, 200)
  t.is((await whoami(server.url, old)).status, 401)
  t.deepEqual(
    (await keysOf(server)).map((key) => key.id === id),
    [false],
  )
})

const rename = (
  { url }: RegisteredServer,
  id: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> =>
  send(url, {
    method: 'PATCH',
    path: `${KEYS}/${id}`,
    body,
    headers: { 'content-type': JSON_TYPE, 'x-forwarded-user': 'alice', ...headers },
  })

test('a front end renames the device of a key, which only its owner can', async (t) => {
  const server = await start(t)
  const key = await connect(server, 'ubuntu')
  const [{ id = '' } = {}] = await keysOf(server)
  const named = async (): Promise<unknown> =>
    membersOf(await whoami(server.url, key))['device_name']
  const renamed = await rename(server, id, '{"device_name":" Build\\u0000 server "}')
  t.deepEqual([renamed.status, renamed.text], [204, ''])
  t.is(await named(), 'Build server')
  t.is((await rename(server, id, 'device_name=Rack', { 'content-type': FORM })).status, 204)
  t.is(await named(), 'Rack')
  for (const [body, headers, status] of [
    ['{"device_name":7}', {}, 400],
    ['{"device_name":null}', {}, 400],
    ['{"device_name":["x"]}', {}, 400],
    ['{}', {}, 400],
    ['', {}, 400],
    [JSON.stringify({ device_name: 'x'.repeat(65) }), {}, 400],
    ['{"device_name":"x","device_name":"y"}', {}, 400],
    ['device_name=x&device_name=y', { 'content-type': FORM }, 400],
    ['{"device_name":"x"}', { 'x-forwarded-user': 'bob' }, 404],
    ['{"device_name":"x"}', { 'x-forwarded-user': '' }, 401],
    ['{"device_name":"x"}', { 'x-forwarded-user': '', authorization: `Bearer ${key}` }, 401],
    ['{"device_name":"x"}', { origin: 'https://evil.example' }, 403],
    ['{"device_name":"x"}', { 'sec-fetch-site': 'cross-site' }, 403],
  ] as const) {
    const refused = await rename(server, id, body, headers)
    t.is(refused.status, status, body)
    t.is(refused.headers['content-type'], 'application/problem+json')
  }
  t.is((await rename(server, 'nothing', '{"device_name":"x"}')).status, 404)
  t.is(await named(), 'Rack')
  t.is((await rename(server, id, '{"device_name":""}')).status, 204)
  t.is(await named(), undefined)
})

test('the form of the list renames a device, and names a disconnected one', async (t) => {
  const server = await start(t)
  await connect(server, 'ubuntu')
  const [{ id = '' } = {}] = await keysOf(server)
  const browser = new Proxied()
  const list = await browser.open(server.url + KEYS)
  const renamed = await browser.submit(list, `${id}/rename`, { device_name: 'Maria’s MacBook' })
  t.is(renamed.url, `${server.url}${KEYS}#key-${id}`)
  t.true(renamed.text.includes('The name is saved.'))
  t.regex(renamed.text, /<summary><strong><bdi translate="no">Maria’s MacBook<\/bdi><\/strong>/)
  t.true(renamed.text.includes('See your projects'), 'the sentences of the catalogue')
  const long = await browser.submit(list, `${id}/rename`, { device_name: 'x'.repeat(65) })
  t.is(long.status, 400)
  t.true(long.text.includes('A name can have 64 characters at most.'))
  t.true(long.text.includes(`name="device_name" value="${'x'.repeat(65)}"`), 'what was typed')
  const shorter = await browser.submit(long, `${id}/rename`, { device_name: 'Maria’s MacBook' })
  t.true(shorter.text.includes('The name is saved.'))
  const none = await browser.send(`${server.url}${KEYS}/nothing/rename`, {
    method: 'POST',
    body: new URLSearchParams({
      device_name: 'x',
      csrf_token: /name="csrf_token" value="([^"]*)"/.exec(list.text)?.[1] ?? '',
    }),
  })
  t.is(none.status, 404)
  const forged = await browser.send(`${server.url}${KEYS}/${id}/rename`, {
    method: 'POST',
    body: new URLSearchParams({ device_name: 'x', csrf_token: 'x' }),
  })
  t.is(forged.status, 403)
  t.is((await keysOf(server))[0]?.['device_name'], 'Maria’s MacBook')
  const revoked = await browser.submit(renamed, `${id}/revoke`, {})
  t.regex(revoked.text, /Maria’s MacBook<\/bdi> is disconnected\. It has to log in again\./)
  const again = await browser.open(server.url + KEYS)
  t.false(again.text.includes('is disconnected.'), 'the notice is shown once')
  t.true(again.text.includes('You disconnected it.'))
})

test('a renaming that failed is 503, and reports an unknown outcome to a person', async (t) => {
  const server = await start(t)
  await connect(server, 'ubuntu')
  const [{ id = '' } = {}] = await keysOf(server)
  const browser = new Proxied()
  const list = await browser.open(server.url + KEYS)
  const { apiKeys } = server.stores
  const { update } = apiKeys
  const broken: ApiKeyStore['update'] = async () => {
    throw new StoreUnavailableError('down')
  }
  Object.assign(apiKeys, { update: broken })
  const json = await rename(server, id, '{"device_name":"x"}')
  t.is(json.status, 503)
  t.is(json.headers['retry-after'], '5')
  const page = await browser.submit(list, `${id}/rename`, { device_name: 'x' })
  t.is(page.status, 503)
  t.is(page.headers.get('retry-after'), '5')
  t.true(page.text.includes('It’s safe to rename the device again.'))
  t.true(page.text.includes(`<a class="button" href="${KEYS}">`))
  Object.assign(apiKeys, { update })
  t.is((await rename(server, id, '{"device_name":"x"}')).status, 204)
})
