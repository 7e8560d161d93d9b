import { type DeviceInfo, TOKENS } from '@device-grant/core'
import { basic, bearer } from '@device-grant/test-support/authorization-header'
import { BrowserLike } from '@device-grant/test-support/browser-like'
import { cookieName } from '@device-grant/test-support/cookie-name'
import { authorize, outcomeOf, pickUp, poll } from '@device-grant/test-support/device'
import { REVIEW, VERIFY, VERIFY_AUTHENTICATED } from '@device-grant/test-support/endpoints'
import { type Answer, FORM, membersOf, post, send } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import test, { type ExecutionContext } from 'ava'
import { breakStore } from './break-store.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const FRONT_END = 'https://app.example'
const EVIL = 'https://evil.example'
const ALICE = { 'x-forwarded-user': 'alice' }
const JSON_TYPE = { 'content-type': 'application/json' }
const WRONG_CODE = 'BBBB-BBBB'

let server: TestServer
test.before(async () => {
  server = await startTestServer({ FRONT_END_ORIGINS: FRONT_END })
})
test.after.always(() => server.stop())

type Headers = Readonly<Record<string, string>>

/** Asks what a code approves. */
type Ask = (userCode: string, headers?: Headers, of?: TestServer) => Promise<Answer>

const askByForm: Ask = (user_code, headers = {}, of = server) =>
  post(of.url, REVIEW, { user_code }, { ...ALICE, ...headers })

const askByJson: Ask = (user_code, headers = {}, of = server) =>
  send(of.url, {
    path: REVIEW,
    body: JSON.stringify({ user_code }),
    headers: { ...JSON_TYPE, ...ALICE, ...headers },
  })

const askByGet: Ask = (user_code, headers = {}, of = server) =>
  send(of.url, {
    method: 'GET',
    path: `${VERIFY}?user_code=${encodeURIComponent(user_code)}`,
    headers: { accept: 'application/json', ...ALICE, ...headers },
  })

const WAYS = [
  ['a form', askByForm],
  ['JSON', askByJson],
  ['GET', askByGet],
] as const

const isProblem = (t: ExecutionContext, reply: Answer, status: number, detail: string): void => {
  t.is(reply.status, status, reply.text)
  t.is(reply.headers['content-type'], 'application/problem+json')
  t.is(reply.headers['cache-control'], 'no-store')
  t.like(membersOf(reply), { type: 'about:blank', status, detail })
}

const as = (person: string): Headers => ({ 'x-forwarded-user': person })

/** How many wrong codes the server has counted so far. */
const charges = (): number => server.log.filter((line) => line.includes('"wrong_user_code"')).length

/** Whether no person has the code open, so that another one can look at it. */
const isUnopened = async (userCode: string): Promise<boolean> =>
  (await askByForm(userCode, as('a person who looks next'))).status === 200

for (const [way, ask] of WAYS) {
  test.serial(`by ${way}, a front end sees what an approval would approve`, async (t) => {
    const { user_code, device_code } = await authorize(
      server.url,
      { client_id: 'acme-cli', scope: 'read write', device_name: ' Maria\u2019s\u0000MacBook ' },
      { 'user-agent': 'acme-cli/1.0' },
    )
    const requestedAt = server.clock.now()
    const reply = await ask(user_code.toLowerCase().replace('-', ' '))
    t.is(reply.status, 200, reply.text)
    t.regex(reply.headers['content-type'] ?? '', /^application\/json/)
    t.is(reply.headers['cache-control'], 'no-store')
    t.is(reply.headers['x-content-type-options'], 'nosniff')
    t.deepEqual(membersOf(reply), {
      user_code,
      client: { client_id: 'acme-cli', verified: false },
      scopes: [
        { name: 'read', required: false, sensitive: false },
        { name: 'write', required: false, sensitive: false },
      ],
      device_name: 'Maria\u2019s MacBook',
      address: '127.0.0.1',
      you_are_at: '127.0.0.1',
      same_network: true,
      user_agent: 'acme-cli/1.0',
      requested_at: new Date(requestedAt).toISOString(),
      expires_at: new Date(requestedAt + 600_000).toISOString(),
      key_name: `Device Link Access Key (${user_code})`,
      lifetimes: [86_400, 2_592_000, 7_776_000],
    })
    const polled = await poll(server.url, device_code, { client_id: 'acme-cli' })
    t.is(outcomeOf(polled), 'authorization_pending', 'a review decides nothing')
  })

  test.serial(`by ${way}, no answer holds a device code or the id of a grant`, async (t) => {
    const { user_code, device_code } = await authorize(server.url)
    const { grantId } = JSON.parse(
      server.log.findLast((line) => line.includes('authorization_requested')) ?? '{}',
    )
    t.is(typeof grantId, 'string')
    const answers = [await ask(user_code), await ask(user_code, as('a second person'))]
    await post(server.url, VERIFY_AUTHENTICATED, { user_code }, ALICE)
    answers.push(await ask(user_code))
    t.deepEqual(
      answers.map(({ status }) => status),
      [200, 400, 400],
    )
    for (const { text, headers } of answers) {
      for (const secret of [device_code, grantId]) {
        t.false(text.includes(secret))
        t.false(JSON.stringify(headers).includes(secret))
      }
    }
  })

  test.serial(`by ${way}, a person who is not signed in is 401`, async (t) => {
    const { user_code } = await authorize(server.url)
    for (const person of ['', ' ', 'a\tb']) {
      const reply = await ask(user_code, as(person))
      isProblem(t, reply, 401, 'Authentication required')
      server.clock.pass(5_000)
    }
    t.true(await isUnopened(user_code))
  })

  test.serial(`by ${way}, an API key is no sign-in, in any place of a request`, async (t) => {
    const first = await authorize(server.url)
    await post(server.url, VERIFY_AUTHENTICATED, { user_code: first.user_code }, ALICE)
    const key = await pickUp(server.url, first.device_code)
    const { user_code } = await authorize(server.url)
    for (const headers of [
      bearer(key),
      { cookie: `${cookieName(server.url, 'session')}=${key}` },
      basic(`alice:${key}`),
      as(''),
    ]) {
      const reply = await ask(user_code, { ...as(''), ...headers })
      isProblem(t, reply, 401, 'Authentication required')
      server.clock.pass(5_000)
    }
    t.true(await isUnopened(user_code))
  })

  test.serial(`by ${way}, a wrong code is charged, and the sixth one is 429`, async (t) => {
    const person = as(`a person who guesses by ${way}`)
    const { user_code } = await authorize(server.url)
    const before = charges()
    const guesses = await Promise.all(Array.from({ length: 20 }, () => ask(WRONG_CODE, person)))
    const statuses = guesses.map(({ status }) => status).toSorted()
    t.deepEqual(statuses, [...Array<number>(5).fill(400), ...Array<number>(15).fill(429)])
    for (const reply of guesses.filter(({ status }) => status === 400)) {
      isProblem(t, reply, 400, 'The device code is invalid or has expired.')
    }
    t.is(charges(), before + 5)
    const right = await ask(user_code, person)
    isProblem(t, right, 429, 'Too many wrong codes, try again later.')
    t.is(right.headers['retry-after'], '600')
    const decided = await post(server.url, VERIFY_AUTHENTICATED, { user_code }, person)
    t.is(decided.status, 429, 'it is the same limit')
    t.true(await isUnopened(user_code))
  })

  test.serial(`by ${way}, a right code is not charged`, async (t) => {
    const person = as(`a person who types well by ${way}`)
    const { user_code } = await authorize(server.url)
    for (let i = 0; i < 12; i += 1) t.is((await ask(user_code, person)).status, 200)
  })

  test.serial(
    `by ${way}, a malformed code costs nothing, and the answer describes one`,
    async (t) => {
      const person = as(`a person who mistypes by ${way}`)
      for (let i = 0; i < 10; i += 1) {
        const reply = await ask('WDJB', person)
        isProblem(t, reply, 400, 'The device code is invalid or has expired.')
        t.like(membersOf(reply), {
          code_length: 8,
          code_characters: 'BCDFGHJKLMNPQRSTVWXZ',
          typed_length: 4,
        })
      }
      const { user_code } = await authorize(server.url)
      t.is((await ask(user_code, person)).status, 200)
    },
  )

  test.serial(`by ${way}, a code of two accounts is held for the first one`, async (t) => {
    const { user_code } = await authorize(server.url)
    const [first, second] = [as('the first account'), as('the second account')]
    t.is((await ask(user_code, first)).status, 200)
    for (let i = 0; i < 6; i += 1) {
      const contested = await ask(user_code, second)
      const detail = 'Another account has this code open. Try again in two minutes.'
      isProblem(t, contested, 400, detail)
      t.is(contested.headers['retry-after'], '120')
      t.notRegex(contested.text, /cli|127\.0\.0\.1|first/)
    }
    const page = { method: 'GET', path: `${VERIFY}?user_code=${user_code}` }
    const shown = await send(server.url, { ...page, headers: { accept: 'text/html', ...second } })
    t.is(shown.status, 400, 'the page is held too')
    server.clock.pass(120_000)
    t.is((await ask(user_code, second)).status, 200)
    t.is((await ask(user_code, first)).status, 400, 'now the second account has it open')
  })

  test.serial(`by ${way}, a decided code names the decision to its person only`, async (t) => {
    for (const decision of ['approve', 'deny']) {
      const { user_code } = await authorize(server.url)
      await post(server.url, VERIFY_AUTHENTICATED, { user_code, decision }, ALICE)
      const own = await ask(user_code)
      isProblem(t, own, 400, 'This device code has already been processed.')
      t.is(membersOf(own)['your_decision'], decision)
      server.clock.pass(120_000)
      const other = await ask(user_code, as('a stranger'))
      isProblem(t, other, 400, 'This device code has already been processed.')
      t.false('your_decision' in membersOf(other))
    }
  })

  test.serial(`by ${way}, an expired code looks like one that never was`, async (t) => {
    const { user_code } = await authorize(server.url)
    t.is((await ask(user_code)).status, 200)
    server.clock.pass(600_000)
    const expired = await ask(user_code)
    isProblem(t, expired, 400, 'The device code is invalid or has expired.')
    t.is(expired.text, (await ask(WRONG_CODE, as(`a comparer by ${way}`))).text)
  })

  test.serial(`by ${way}, a store that is down is 503, and nothing was charged`, async (t) => {
    for (const name of [TOKENS.CodeAttempts, TOKENS.UserCodeClaims, TOKENS.DeviceGrants]) {
      const person = as(`${way} ${name.toString()}`)
      const { user_code } = await authorize(server.url)
      const back = breakStore(server, name)
      for (let i = 0; i < 6; i += 1) {
        const reply = await ask(user_code, person)
        isProblem(t, reply, 503, 'The service is unavailable for now: try again.')
        t.is(reply.headers['retry-after'], '5')
      }
      back()
      t.is((await ask(user_code, person)).status, 200)
    }
  })
}

const BAD: readonly (readonly [title: string, body: string, headers?: Headers])[] = [
  ['nothing', ''],
  ['no code', 'code=BBBB-BBBB'],
  ['an empty code', 'user_code='],
  ['a code twice', 'user_code=BBBB-BBBB&user_code=BBBB-BBBB'],
  ['a code as an object', 'user_code[$ne]=x'],
  ['empty JSON', '', JSON_TYPE],
  ['broken JSON', '{"user_code":', JSON_TYPE],
  ['null', 'null', JSON_TYPE],
  ['a list', '["user_code"]', JSON_TYPE],
  ['a code that is a number', '{"user_code":12345678}', JSON_TYPE],
  ['a code that is a list', '{"user_code":["BBBB-BBBB"]}', JSON_TYPE],
  ['a code that is null', '{"user_code":null}', JSON_TYPE],
  ['a code by inheritance', '{"__proto__":{"user_code":"BBBB-BBBB"}}', JSON_TYPE],
  ['plain text', 'user_code=BBBB-BBBB', { 'content-type': 'text/plain' }],
  ['more than 16 KiB', `user_code=BBBB-BBBB&x=${'x'.repeat(20_000)}`],
]

for (const [title, body, headers] of BAD) {
  test.serial(`an unreadable body is a 400 problem and charges nothing: ${title}`, async (t) => {
    const before = charges()
    const sent = { 'content-type': FORM, ...as('a fumbling front end'), ...headers }
    const reply = await send(server.url, { path: REVIEW, body, headers: sent })
    t.is(reply.status, 400, reply.text)
    t.is(reply.headers['content-type'], 'application/problem+json')
    t.regex(String(membersOf(reply)['detail']), /^(The body|user_code) must be /)
    t.is(charges(), before)
  })
}

for (const query of ['', '?user_code=', '?user_code=BBBB-BBBB&user_code=BBBB-BBBB', '?code=x']) {
  test.serial(`a GET of JSON needs one code in the query: verify${query}`, async (t) => {
    const before = charges()
    const headers = { accept: 'application/json', ...ALICE }
    const reply = await send(server.url, { method: 'GET', path: VERIFY + query, headers })
    isProblem(t, reply, 400, 'user_code must be given once, in the query')
    t.is(charges(), before)
  })
}

const SITES = [undefined, 'same-origin', 'same-site', 'cross-site', 'none']

/** Only requests that may decide for a person show a code. All others are 403, and open nothing. */
const combinations = async (
  t: ExecutionContext,
  ask: Ask,
  of: TestServer,
  carried: Headers,
): Promise<void> => {
  const origins = [undefined, of.url, FRONT_END, EVIL, 'null']
  for (const site of SITES) {
    for (const origin of origins) {
      for (const user of [undefined, '?1']) {
        const { user_code } = await authorize(of.url)
        const headers = {
          ...carried,
          ...(site === undefined ? {} : { 'sec-fetch-site': site }),
          ...(user === undefined ? {} : { 'sec-fetch-user': user }),
          ...(origin === undefined ? {} : { origin }),
        }
        const reply = await ask(user_code, headers, of)
        const isOwn = site === 'same-origin' || origin === of.url || origin === FRONT_END
        const counts = isOwn || (site === undefined && origin === undefined)
        const title = `Sec-Fetch-Site ${site}, Sec-Fetch-User ${user}, Origin ${origin}`
        t.is(reply.status, counts ? 200 : 403, title)
        const readable = reply.headers['access-control-allow-origin']
        t.is(readable, origin === FRONT_END ? FRONT_END : undefined, title)
        if (counts) continue
        isProblem(t, reply, 403, 'This origin may not answer for people')
        const again = await ask(WRONG_CODE, headers, of)
        t.is(again.text, reply.text, 'a wrong code looks the same')
      }
    }
  }
}

for (const [way, ask] of WAYS) {
  test.serial(`by ${way}, another site sees nothing if a proxy signs people in`, async (t) => {
    const before = charges()
    await combinations(t, ask, server, as('visitor of another site'))
    t.is(charges(), before, 'nothing is charged')
    const { user_code } = await authorize(server.url)
    const evil = { origin: EVIL, 'sec-fetch-site': 'cross-site' }
    t.is((await ask(user_code, evil)).status, 403)
    t.true(await isUnopened(user_code))
  })

  test.serial(`by ${way}, another site sees nothing if a cookie signs people in`, async (t) => {
    const demo = await startTestServer({ SIGN_IN: 'demo', FRONT_END_ORIGINS: FRONT_END })
    t.teardown(() => demo.stop())
    const browser = new BrowserLike()
    const signIn = await browser.open(`${demo.url}/oauth/device/keys`)
    await browser.submit(signIn, '/sign-in', { name: 'alice' })
    const cookies = [...browser.cookiesFor(demo.url + VERIFY)]
    const cookie = cookies.map(([name, value]) => `${name}=${value}`).join('; ')
    await combinations(t, ask, demo, { cookie })
    const { user_code } = await authorize(demo.url)
    isProblem(t, await ask(user_code, {}, demo), 401, 'Authentication required')
  })
}

test.serial('right codes in parallel are approved, or wait for a second', async (t) => {
  const person = as('a person with many devices')
  const left = new Set<string>()
  for (let i = 0; i < 12; i += 1) left.add((await authorize(server.url)).user_code)
  while (left.size > 0) {
    const before = left.size
    const approve = async (user_code: string): Promise<void> => {
      const reply = await post(server.url, VERIFY_AUTHENTICATED, { user_code }, person)
      if (reply.status === 200) return void left.delete(user_code)
      const detail = 'Earlier codes are still being checked: try again in a moment.'
      isProblem(t, reply, 429, detail)
      t.is(reply.headers['retry-after'], '1')
    }
    await Promise.all(Array.from(left, approve))
    t.true(left.size < before, 'some are approved each time')
  }
})

test.serial('HEAD requests and prefetches look nothing up', async (t) => {
  const { user_code } = await authorize(server.url)
  const before = charges()
  for (const [method, headers] of [
    ['HEAD', {}],
    ['GET', { 'sec-purpose': 'prefetch;prerender' }],
    ['GET', { purpose: 'prefetch' }],
    ['GET', { 'x-moz': 'prefetch' }],
  ] as const) {
    for (const code of [user_code, WRONG_CODE]) {
      const reply = await send(server.url, {
        method,
        path: `${VERIFY}?user_code=${code}`,
        headers: { accept: 'application/json', ...ALICE, ...headers },
      })
      t.is(reply.status, 204)
      t.is(reply.text, '')
    }
  }
  t.is(charges(), before)
  t.true(await isUnopened(user_code))
})

test.serial('a request without a preference for JSON gets the page', async (t) => {
  const { user_code } = await authorize(server.url)
  for (const [accept, type] of [
    [undefined, /^text\/html/],
    ['*/*', /^text\/html/],
    ['text/html,application/xhtml+xml,*/*;q=0.8', /^text\/html/],
    ['text/html, application/json', /^text\/html/],
    ['image/png', /^text\/html/],
    ['application/json', /^application\/json/],
    ['application/json, text/plain, */*', /^application\/json/],
    ['application/json, text/html;q=0.5', /^application\/json/],
  ] as const) {
    const headers = { ...ALICE, ...(accept === undefined ? {} : { accept }) }
    const path = `${VERIFY}?user_code=${user_code}`
    const reply = await send(server.url, { method: 'GET', path, headers })
    t.is(reply.status, 200)
    t.regex(reply.headers['content-type'] ?? '', type, accept)
    t.false(type.source.includes('html') && !reply.text.includes('value="approve"'), accept)
  }
})

test.serial(
  'only listed front ends may read answers, and no other origin may read a page',
  async (t) => {
    for (const origin of [FRONT_END, EVIL, 'null', `${FRONT_END}.evil.example`]) {
      const { status, headers } = await send(server.url, {
        method: 'OPTIONS',
        path: REVIEW,
        headers: { origin, 'access-control-request-method': 'POST' },
      })
      t.is(status, 204)
      const isListed = origin === FRONT_END
      t.is(headers['access-control-allow-origin'], isListed ? FRONT_END : undefined)
      t.is(headers['access-control-allow-credentials'], isListed ? 'true' : undefined)
      t.is(headers['access-control-allow-methods'], isListed ? 'POST' : undefined)
      t.regex(headers.vary ?? '', /\bOrigin\b/)
    }
    for (const [, ask] of WAYS) {
      const wrong = await ask(WRONG_CODE, { origin: FRONT_END, ...as('cors') })
      t.is(wrong.headers['access-control-allow-origin'], FRONT_END)
      t.is(wrong.headers['access-control-allow-credentials'], 'true')
    }
    const page = await askByGet(WRONG_CODE, {
      origin: FRONT_END,
      accept: 'text/html',
      ...as('cors'),
    })
    t.is(page.headers['access-control-allow-origin'], undefined)
  },
)

/** What the answer says of the places of a device and of the person. */
const placesOf = async (
  of: TestServer,
  device: DeviceInfo,
  headers: Headers = {},
): Promise<Record<string, unknown>> => {
  const { userCode } = issued(await of.useCases.authorizeDevice({ device }))
  const members = membersOf(await askByJson(userCode, headers, of))
  const names = ['address', 'web_origin', 'you_are_at', 'same_network']
  return Object.fromEntries(
    names.flatMap((name) => (name in members ? [[name, members[name]]] : [])),
  )
}

test.serial('the places are compared as on the page', async (t) => {
  const own = { 'x-forwarded-for': '203.0.113.7' }
  const webOrigin = 'https://evil.test'
  const rows: readonly (readonly [DeviceInfo, Headers, Record<string, unknown>])[] = [
    [
      { address: '203.0.113.7' },
      own,
      { address: '203.0.113.7', you_are_at: '203.0.113.7', same_network: true },
    ],
    [
      { address: '203.0.113.8' },
      own,
      { address: '203.0.113.8', you_are_at: '203.0.113.7', same_network: false },
    ],
    [
      { address: '2001:db8:1:2::1' },
      { 'x-forwarded-for': '2001:db8:1:2::2' },
      { address: '2001:db8:1:2::1', you_are_at: '2001:db8:1:2::2', same_network: true },
    ],
    [
      { address: '203.0.113.7', webOrigin },
      own,
      { address: '203.0.113.7', web_origin: webOrigin, you_are_at: '203.0.113.7' },
    ],
    [{ webOrigin: 'null' }, own, { web_origin: 'null', you_are_at: '203.0.113.7' }],
    [{}, own, { you_are_at: '203.0.113.7' }],
  ]
  for (const [device, headers, expected] of rows) {
    t.deepEqual(await placesOf(server, device, headers), expected)
  }
  const unlisted = await startTestServer({ SIGN_IN: 'demo', TRUSTED_PROXIES: '192.0.2.1' })
  t.teardown(() => unlisted.stop())
  const browser = new BrowserLike()
  const signIn = await browser.open(unlisted.url + VERIFY)
  await browser.submit(signIn, '/sign-in', { name: 'alice' })
  const cookies = [...browser.cookiesFor(unlisted.url + VERIFY)]
  const cookie = cookies.map(([name, value]) => `${name}=${value}`).join('; ')
  const proxy = { address: '127.0.0.1', unlistedProxy: '127.0.0.1' }
  t.deepEqual(await placesOf(unlisted, proxy, { cookie, ...own }), {})
  t.deepEqual(
    await placesOf(unlisted, { ...proxy, unlistedProxy: '192.0.2.7' }, { cookie, ...own }),
    {
      address: '127.0.0.1',
      you_are_at: '127.0.0.1',
      same_network: true,
    },
  )
})

test.serial('a request without a client and without a scope has neither', async (t) => {
  const { user_code } = await authorize(server.url, {})
  const members = membersOf(await askByForm(user_code))
  t.false('client' in members)
  t.deepEqual(members['scopes'], [])
  t.false('device_name' in members)
})

test.serial('a key of the same device may be replaced', async (t) => {
  const owner = as('an owner')
  const parameters = { client_id: 'cli', device_name: 'ubuntu' }
  const first = await authorize(server.url, parameters)
  await post(server.url, VERIFY_AUTHENTICATED, { user_code: first.user_code }, owner)
  const approvedAt = server.clock.now()
  const key = await pickUp(server.url, first.device_code)
  const [, id] = key.split('_')
  const replaceable = async (person: Headers): Promise<unknown> => {
    const { user_code } = await authorize(server.url, parameters)
    return membersOf(await askByForm(user_code, person))['replaceable']
  }
  const expected = {
    id,
    name: `Device Link Access Key (${first.user_code})`,
    device_name: 'ubuntu',
    approved_at: new Date(approvedAt).toISOString(),
    preselected: false,
  }
  t.deepEqual(await replaceable(owner), expected)
  t.is(await replaceable(as('another owner of an ubuntu')), undefined)
  server.clock.pass(86_399_000)
  t.is(
    (await send(server.url, { method: 'GET', path: '/api/whoami', headers: bearer(key) })).status,
    200,
  )
  const last_used_at = new Date(server.clock.now()).toISOString()
  t.like(await replaceable(owner), { id, last_used_at, preselected: false })
})

test.serial('a key that was unused for a day is preselected', async (t) => {
  const lasting = await startTestServer({ API_KEY_TTL: '2592000' })
  t.teardown(() => lasting.stop())
  const parameters = { client_id: 'cli', device_name: 'ubuntu' }
  const first = await authorize(lasting.url, parameters)
  await post(lasting.url, VERIFY_AUTHENTICATED, { user_code: first.user_code }, ALICE)
  await pickUp(lasting.url, first.device_code)
  lasting.clock.pass(86_400_000)
  const { user_code } = await authorize(lasting.url, parameters)
  const members = membersOf(await askByForm(user_code, {}, lasting))
  t.like(members['replaceable'], { device_name: 'ubuntu', preselected: true })
  t.deepEqual(members['lifetimes'], [2_592_000])
})
