import { gzipSync } from 'node:zlib'
import { TOKENS } from '@device-grant/core'
import { basic, bearer } from '@device-grant/test-support/authorization-header'
import { BrowserLike } from '@device-grant/test-support/browser-like'
import { cookieName } from '@device-grant/test-support/cookie-name'
import { authorize, pickUp, pollOutcome } from '@device-grant/test-support/device'
import { REVIEW, VERIFY_AUTHENTICATED } from '@device-grant/test-support/endpoints'
import { type Answer, FORM, membersOf, send } from '@device-grant/test-support/http-exchange'
import { whoami } from '@device-grant/test-support/whoami'
import test, { type ExecutionContext } from 'ava'
import { breakStore } from './break-store.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const FRONT_END = 'https://app.example'
const EVIL = 'https://evil.example'
const ALICE = { 'x-forwarded-user': 'alice' }
const JSON_TYPE = { 'content-type': 'application/json' }

let server: TestServer
test.before(async () => {
  server = await startTestServer({ FRONT_END_ORIGINS: FRONT_END })
})
test.after.always(() => server.stop())

const answer = (
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  to: TestServer = server,
): Promise<Answer> =>
  send(to.url, {
    path: VERIFY_AUTHENTICATED,
    body,
    headers: { 'content-type': FORM, ...ALICE, ...headers },
  })

const form = (fields: Readonly<Record<string, string>>): string =>
  new URLSearchParams(fields).toString()

const isProblem = (t: ExecutionContext, reply: Answer, status: number, detail: string): void => {
  t.is(reply.status, status, reply.text)
  t.is(reply.headers['content-type'], 'application/problem+json')
  t.is(reply.headers['cache-control'], 'no-store')
  const problem = membersOf(reply)
  t.like(problem, { type: 'about:blank', status, detail })
  t.is(typeof problem['title'], 'string')
}

const isPending = async (t: ExecutionContext, deviceCode: string): Promise<void> => {
  t.is(await pollOutcome(server.url, deviceCode), 'authorization_pending')
}

for (const [kind, encode, type] of [
  ['a form', form, FORM],
  ['JSON', JSON.stringify, 'application/json'],
  ['JSON with a charset', JSON.stringify, 'application/json; charset=utf-8'],
] as const) {
  test.serial(`a person approves with ${kind}, and the device gets its key`, async (t) => {
    const { user_code, device_code } = await authorize(server.url)
    const reply = await answer(encode({ user_code }), { 'content-type': type })
    t.is(reply.status, 200)
    t.regex(reply.headers['content-type'] ?? '', /^application\/json/)
    t.is(reply.headers['cache-control'], 'no-store')
    t.deepEqual(membersOf(reply), { message: 'Device authorized successfully!' })
    t.is(await pollOutcome(server.url, device_code), 'token')
  })

  test.serial(`a person denies with ${kind}, and the device gets access_denied`, async (t) => {
    const { user_code, device_code } = await authorize(server.url)
    const reply = await answer(encode({ user_code, decision: 'deny' }), { 'content-type': type })
    t.is(reply.status, 200)
    t.deepEqual(membersOf(reply), { message: 'Device denied.' })
    t.is(await pollOutcome(server.url, device_code), 'access_denied')
  })
}

test.serial(
  'members in the query or given twice approve nothing, and the answer names them',
  async (t) => {
    const { user_code, device_code } = await authorize(server.url)
    const headers = { 'content-type': 'application/json', 'x-forwarded-user': 'alice' }
    const body = JSON.stringify({ user_code })
    for (const name of [
      'decision',
      'user_code',
      'scope',
      'lifetime',
      'device_name',
      'replaces',
      'elsewhere_reason',
      'code_ending',
    ]) {
      for (const path of [VERIFY_AUTHENTICATED, REVIEW]) {
        const reply = await send(server.url, { path: `${path}?${name}=x`, body, headers })
        isProblem(t, reply, 400, `${name} must be in the body`)
      }
    }
    for (const [twice, name] of [
      [`{"user_code":"${user_code}","decision":"deny","decision":"approve"}`, 'decision'],
      [`{"user_code":"${user_code}","decision":"deny","d\\u0065cision":"approve"}`, 'decision'],
      [`{"user_code":"${user_code}","a":["}",{"user_code":1}],"user_code":"x"}`, 'user_code'],
      [`{"user_code":"${user_code}","lifetime":1,"lifetime":86400}`, 'lifetime'],
      [`{"user_code":"${user_code}","a b":1,"a b":1}`, 'Every name'],
    ] as const) {
      isProblem(t, await answer(twice, headers), 400, `${name} must be given once`)
    }
    const nested = `{"user_code":"${user_code}","a":{"decision":"deny"},"b":["decision"]}`
    t.is(await pollOutcome(server.url, device_code), 'authorization_pending')
    t.is((await answer(nested, headers)).status, 200)
  },
)

test.serial('a code is read as people type it', async (t) => {
  const { user_code } = await authorize(server.url)
  const typed = ` ${user_code.toLowerCase().replace('-', '\u0000 \u2013 ')} `
  t.is((await answer(form({ user_code: typed }))).status, 200)
})

test.serial('UI-2: a decision needs a person who is signed in', async (t) => {
  const { user_code, device_code } = await authorize(server.url)
  for (const person of ['', ' ', 'x'.repeat(257), 'a\tb']) {
    const reply = await answer(form({ user_code }), { 'x-forwarded-user': person })
    isProblem(t, reply, 401, 'Authentication required')
    server.clock.pass(5_000)
  }
  await isPending(t, device_code)
  const ignored = server.log.filter((line) =>
    line.includes('ignored a sign-in header that is no id'),
  )
  t.is(ignored.length, 2)
  for (const line of ignored) t.like(JSON.parse(line), { level: 40, address: '127.0.0.1' })
})

test.serial('a wrong code is refused, and so is an expired one', async (t) => {
  const as = { 'x-forwarded-user': 'a person who mistypes' }
  for (const wrong of ['BBBB-BBBB', 'B', 'x'.repeat(3_000)]) {
    const reply = await answer(form({ user_code: wrong }), as)
    isProblem(t, reply, 400, 'The device code is invalid or has expired.')
    t.is('code_length' in membersOf(reply), wrong !== 'BBBB-BBBB')
  }
  const { user_code } = await authorize(server.url)
  server.clock.pass(600_000)
  isProblem(
    t,
    await answer(form({ user_code }), as),
    400,
    'The device code is invalid or has expired.',
  )
})

test.serial('a malformed code costs no attempt, and the answer describes a code', async (t) => {
  const as = { 'x-forwarded-user': 'a person who mistypes' }
  for (let i = 0; i < 10; i += 1) {
    const reply = await answer(form({ user_code: 'WDJB' }), as)
    isProblem(t, reply, 400, 'The device code is invalid or has expired.')
    t.like(membersOf(reply), {
      code_length: 8,
      code_characters: 'BCDFGHJKLMNPQRSTVWXZ',
      typed_length: 4,
    })
  }
  const { user_code } = await authorize(server.url)
  t.is((await answer(form({ user_code }), as)).status, 200)
})

test.serial('a decision is final, and only the person who made it sees it', async (t) => {
  const { user_code, device_code } = await authorize(server.url)
  await answer(form({ user_code, decision: 'deny' }))
  const again = await answer(form({ user_code }))
  isProblem(t, again, 400, 'This device code has already been processed.')
  t.is(membersOf(again)['your_decision'], 'deny')
  server.clock.pass(120_000)
  const other = await answer(form({ user_code }), { 'x-forwarded-user': 'bob' })
  isProblem(t, other, 400, 'This device code has already been processed.')
  t.false('your_decision' in membersOf(other))
  t.is(await pollOutcome(server.url, device_code), 'access_denied')
})

test.serial('a code that another account has open is contested', async (t) => {
  const { user_code, device_code } = await authorize(server.url)
  const path = `/oauth/device/verify?user_code=${user_code}`
  t.is((await send(server.url, { method: 'GET', path, headers: ALICE })).status, 200)
  const as = { 'x-forwarded-user': 'a second person' }
  const contested = await answer(form({ user_code }), as)
  const detail = 'Another account has this code open. Try again in two minutes.'
  isProblem(t, contested, 400, detail)
  t.is(contested.headers['retry-after'], '120')
  t.notRegex(contested.text, /cli|127\.0\.0\.1|alice/)
  await isPending(t, device_code)
  server.clock.pass(120_000)
  t.is((await answer(form({ user_code }), as)).status, 200)
})

test.serial('a person is 429 after five wrong codes, and other people are not', async (t) => {
  const as = { 'x-forwarded-user': 'a person who guesses' }
  const { user_code, device_code } = await authorize(server.url)
  const guesses = await Promise.all(
    Array.from({ length: 20 }, () => answer(form({ user_code: 'BBBB-BBBB' }), as)),
  )
  const statuses = guesses.map(({ status }) => status).toSorted()
  t.deepEqual(statuses, [...Array<number>(5).fill(400), ...Array<number>(15).fill(429)])
  const right = await answer(form({ user_code }), as)
  isProblem(t, right, 429, 'Too many wrong codes, try again later.')
  t.is(right.headers['retry-after'], '600')
  await isPending(t, device_code)
  t.is((await answer(form({ user_code }))).status, 200)
})

const BAD: readonly (readonly [
  title: string,
  body: string | Buffer,
  headers?: Readonly<Record<string, string>>,
])[] = [
  ['nothing', ''],
  ['no code', form({ decision: 'approve' })],
  ['an empty code', form({ user_code: '' })],
  ['a code twice', 'user_code=BBBB-BBBB&user_code=BBBB-BBBB'],
  ['a code as a list', 'user_code[]=BBBB-BBBB'],
  ['a code as an object', 'user_code[$ne]=x'],
  ['an empty decision', form({ user_code: 'BBBB-BBBB', decision: '' })],
  ['an empty decision in JSON', '{"user_code":"BBBB-BBBB","decision":""}', JSON_TYPE],
  ['another decision', form({ user_code: 'BBBB-BBBB', decision: 'Approve' })],
  ['a decision twice', 'user_code=BBBB-BBBB&decision=deny&decision=approve'],
  ['malformed percent-encoding', 'user_code=%E0%A4%A&decision=%'],
  ['empty JSON', '', JSON_TYPE],
  ['broken JSON', '{"user_code":', JSON_TYPE],
  ['a JSON string', '"BBBB-BBBB"', JSON_TYPE],
  ['a JSON number', '17', JSON_TYPE],
  ['null', 'null', JSON_TYPE],
  ['a list', '["user_code"]', JSON_TYPE],
  ['a code that is a number', '{"user_code":12345678}', JSON_TYPE],
  ['a code that is a list', '{"user_code":["BBBB-BBBB"]}', JSON_TYPE],
  ['a code that is an object', '{"user_code":{"$gt":""}}', JSON_TYPE],
  ['a code that is null', '{"user_code":null}', JSON_TYPE],
  ['a decision that is null', '{"user_code":"BBBB-BBBB","decision":null}', JSON_TYPE],
  ['a decision that is true', '{"user_code":"BBBB-BBBB","decision":true}', JSON_TYPE],
  ['a code by inheritance', '{"__proto__":{"user_code":"BBBB-BBBB"}}', JSON_TYPE],
  ['a code by inheritance in a form', '__proto__[user_code]=BBBB-BBBB'],
  ['a constructor', '{"constructor":{"prototype":{"user_code":"x"}}}', JSON_TYPE],
  ['a form that says it is JSON', form({ user_code: 'BBBB-BBBB' }), JSON_TYPE],
  ['JSON that says it is a form', '{"user_code":"BBBB-BBBB"}'],
  ['plain text', 'user_code=BBBB-BBBB', { 'content-type': 'text/plain' }],
  ['JSON as plain text', '{"user_code":"BBBB-BBBB"}', { 'content-type': 'text/plain' }],
  ['XML', '<user_code>BBBB-BBBB</user_code>', { 'content-type': 'text/xml' }],
  ['an unknown type', 'user_code=BBBB-BBBB', { 'content-type': 'x' }],
  [
    'multipart',
    '--b\r\nContent-Disposition: form-data; name="user_code"\r\n\r\nBBBB-BBBB\r\n--b--\r\n',
    { 'content-type': 'multipart/form-data; boundary=b' },
  ],
  ['more than 16 KiB of form', `user_code=BBBB-BBBB&x=${'x'.repeat(20_000)}`],
  ['more than 16 KiB of JSON', JSON.stringify({ x: 'x'.repeat(20_000) }), JSON_TYPE],
  ['a megabyte', `user_code=${'B'.repeat(1_000_000)}`],
  ['two thousand parameters', Array.from({ length: 2_000 }, (_, i) => `p${i}=1`).join('&')],
  [
    'a gzip bomb',
    gzipSync(Buffer.alloc(5_000_000, 'x')),
    { ...JSON_TYPE, 'content-encoding': 'gzip' },
  ],
  ['a small compressed body', gzipSync('user_code=BBBB-BBBB'), { 'content-encoding': 'gzip' }],
  ['gzip that is none', 'user_code=BBBB-BBBB', { 'content-encoding': 'gzip' }],
  ['an unknown encoding', 'user_code=BBBB-BBBB', { 'content-encoding': 'zip' }],
  ['deep brackets', `user_code${'[a]'.repeat(3_000)}=x`],
  ['deep JSON', `${'['.repeat(7_000)}${']'.repeat(7_000)}`, JSON_TYPE],
]

for (const [title, body, headers] of BAD) {
  test.serial(`an unreadable body is a 400 problem and costs no attempt: ${title}`, async (t) => {
    const reply = await answer(body, { 'x-forwarded-user': 'a fumbling front end', ...headers })
    t.is(reply.status, 400, reply.text)
    t.is(reply.headers['content-type'], 'application/problem+json')
    t.regex(String(membersOf(reply)['detail']), /^(The body|user_code|decision) must be /)
  })
}

test.serial('names that objects inherit are not codes', async (t) => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    const reply = await answer(JSON.stringify({ user_code: name, decision: 'deny' }), {
      ...JSON_TYPE,
      'x-forwarded-user': name,
    })
    isProblem(t, reply, 400, 'The device code is invalid or has expired.')
  }
})

for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
  test.serial(`${method} is not allowed`, async (t) => {
    const reply = await send(server.url, { method, path: VERIFY_AUTHENTICATED, headers: ALICE })
    t.is(reply.status, 405)
    t.is(reply.headers.allow, 'POST, OPTIONS')
  })
}

test.serial(
  'the answer is true while a store is down, and the decision can be repeated',
  async (t) => {
    for (const [name, after, detail] of [
      [TOKENS.CodeAttempts, 0, 'Failed to create API key for device access.'],
      [TOKENS.UserCodeClaims, 0, 'Failed to create API key for device access.'],
      [TOKENS.ApiKeys, 0, 'Failed to create API key for device access.'],
      [TOKENS.DeviceGrants, 0, 'Failed to create API key for device access.'],
      [TOKENS.DeviceGrants, 1, 'The outcome is unknown: try again.'],
    ] as const) {
      const { user_code, device_code } = await authorize(server.url)
      const as = { 'x-forwarded-user': `${name.toString()} ${after}` }
      const back = breakStore(server, name, after)
      const reply = await answer(form({ user_code }), as)
      back()
      isProblem(t, reply, 503, detail)
      t.is(reply.headers['retry-after'], '5')
      await isPending(t, device_code)
      t.is((await answer(form({ user_code }), as)).status, 200)
      t.is(await pollOutcome(server.url, device_code), 'token')
    }
    t.true(server.log.some((line) => line.includes('StoreUnavailableError')))
  },
)

const SITES = [undefined, 'same-origin', 'same-site', 'cross-site', 'none']
const originsOf = ({ url }: TestServer): readonly (readonly [string | undefined, boolean])[] => [
  [undefined, false],
  [url, true],
  [FRONT_END, true],
  [EVIL, false],
  ['null', false],
]

/** The test fails unless exactly the combinations of the two headers that may decide do. */
const combinations = async (
  t: ExecutionContext,
  of: TestServer,
  carried: (userCode: string, headers: Record<string, string>) => Promise<Answer>,
): Promise<void> => {
  for (const site of SITES) {
    for (const [origin, allowed] of originsOf(of)) {
      const { user_code, device_code } = await authorize(of.url)
      const reply = await carried(user_code, {
        ...(site === undefined ? {} : { 'sec-fetch-site': site }),
        ...(origin === undefined ? {} : { origin }),
      })
      const counts = site === 'same-origin' || allowed || (!site && !origin)
      const title = `Sec-Fetch-Site ${site}, Origin ${origin}`
      t.is(reply.status, counts ? 200 : 403, title)
      if (!counts) isProblem(t, reply, 403, 'This origin may not answer for people')
      const outcome = await pollOutcome(of.url, device_code)
      t.is(outcome, counts ? 'token' : 'authorization_pending', title)
    }
  }
}

test.serial('a request of another site is refused if a proxy signs people in', async (t) => {
  await combinations(t, server, (user_code, headers) => answer(form({ user_code }), headers))
  await combinations(t, server, (user_code, headers) =>
    answer(JSON.stringify({ user_code }), { ...JSON_TYPE, ...headers }),
  )
})

test.serial('a request of another site is refused if a cookie signs people in', async (t) => {
  const demo = await startTestServer({ SIGN_IN: 'demo', FRONT_END_ORIGINS: FRONT_END })
  try {
    const browser = new BrowserLike()
    const signIn = await browser.open(`${demo.url}/oauth/device/keys`)
    await browser.submit(signIn, '/sign-in', { name: 'alice' })
    const cookies = [...browser.cookiesFor(demo.url + VERIFY_AUTHENTICATED)]
    const cookie = cookies.map(([name, value]) => `${name}=${value}`).join('; ')
    t.true(cookie.startsWith(`${cookieName(demo.url, 'session')}=`), cookie)
    await combinations(t, demo, (user_code, headers) =>
      answer(form({ user_code }), { cookie, ...headers }, demo),
    )
    const { user_code } = await authorize(demo.url)
    const bare = await answer(form({ user_code }), {}, demo)
    isProblem(t, bare, 401, 'Authentication required')
  } finally {
    await demo.stop()
  }
})

test.serial('only listed front ends may read the answer', async (t) => {
  const preflight = (origin: string): Promise<Answer> =>
    send(server.url, {
      method: 'OPTIONS',
      path: VERIFY_AUTHENTICATED,
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })
  const allowed = await preflight(FRONT_END)
  t.is(allowed.status, 204)
  t.is(allowed.headers['access-control-allow-origin'], FRONT_END)
  t.is(allowed.headers['access-control-allow-credentials'], 'true')
  t.is(allowed.headers['access-control-allow-methods'], 'POST')
  t.is(allowed.headers['access-control-allow-headers'], 'Content-Type')
  t.regex(allowed.headers.vary ?? '', /\bOrigin\b/)
  for (const origin of [EVIL, 'null', `${FRONT_END}.evil.example`, `${FRONT_END}/`, server.url]) {
    const { headers } = await preflight(origin)
    t.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('access-control-')),
      [],
    )
    t.regex(headers.vary ?? '', /\bOrigin\b/)
  }
  // A front end must be able to read errors too, to show them.
  for (const body of ['', form({ user_code: 'B' }), 'x'.repeat(20_000)]) {
    const reply = await answer(body, { origin: FRONT_END, 'x-forwarded-user': 'cors' })
    t.is(reply.headers['access-control-allow-origin'], FRONT_END)
    t.is(reply.headers['access-control-allow-credentials'], 'true')
    const foreign = await answer(body, { origin: EVIL, 'x-forwarded-user': 'cors' })
    t.is(foreign.headers['access-control-allow-origin'], undefined)
  }
})

test.serial('no origin may read anything without a listed front end', async (t) => {
  const alone = await startTestServer()
  try {
    for (const method of ['OPTIONS', 'POST']) {
      for (const origin of [FRONT_END, alone.url]) {
        const { headers } = await send(alone.url, {
          method,
          path: VERIFY_AUTHENTICATED,
          headers: { ...ALICE, origin },
        })
        t.is(headers['access-control-allow-origin'], undefined)
      }
    }
    const { user_code } = await authorize(alone.url)
    const reply = await answer(form({ user_code }), { origin: FRONT_END }, alone)
    isProblem(t, reply, 403, 'This origin may not answer for people')
  } finally {
    await alone.stop()
  }
})

test.serial('an API key approves nothing, in any place of a request', async (t) => {
  const first = await authorize(server.url)
  await answer(form({ user_code: first.user_code }))
  const key = await pickUp(server.url, first.device_code)
  const { user_code, device_code } = await authorize(server.url)
  for (const [body, headers] of [
    [form({ user_code }), bearer(key)],
    [form({ user_code, access_token: key }), {}],
    [form({ user_code }), { cookie: `${cookieName(server.url, 'session')}=${key}` }],
    [form({ user_code }), basic(`alice:${key}`)],
  ] as const) {
    const reply = await send(server.url, {
      path: VERIFY_AUTHENTICATED,
      body,
      headers: { 'content-type': FORM, ...headers },
    })
    isProblem(t, reply, 401, 'Authentication required')
  }
  await isPending(t, device_code)
})

test.serial(
  'a sign-in header is ignored and logged unless it comes from a trusted proxy',
  async (t) => {
    const strict = await startTestServer({ TRUSTED_PROXIES: '192.0.2.1' })
    try {
      const { user_code, device_code } = await authorize(strict.url)
      for (const headers of [ALICE, { ...ALICE, 'x-forwarded-for': '192.0.2.1' }]) {
        const reply = await answer(form({ user_code }), headers, strict)
        isProblem(t, reply, 401, 'Authentication required')
        strict.clock.pass(5_000)
      }
      t.is(await pollOutcome(strict.url, device_code), 'authorization_pending')
      const lines = strict.log.filter((line) => line.includes('ignored a sign-in header'))
      t.is(lines.length, 2)
      for (const line of lines) {
        t.like(JSON.parse(line), { level: 40, address: '127.0.0.1' })
        t.false(line.includes('alice'))
      }
    } finally {
      await strict.stop()
    }
  },
)

test.serial('a repeated sign-in header does not count', async (t) => {
  const { user_code, device_code } = await authorize(server.url)
  const reply = await send(server.url, {
    path: VERIFY_AUTHENTICATED,
    body: form({ user_code }),
    headers: { 'content-type': FORM, 'x-forwarded-user': ['mallory', 'alice'] },
  })
  isProblem(t, reply, 401, 'Authentication required')
  await isPending(t, device_code)
})

test.serial('a name in UTF-8 from a proxy is the same everywhere', async (t) => {
  const { user_code, device_code } = await authorize(server.url)
  const zoe = Buffer.from('Zoë 蔵').toString('latin1')
  const body = Buffer.from(form({ user_code }))
  t.is((await answer(body, { 'x-forwarded-user': zoe })).status, 200)
  const used = await whoami(server.url, await pickUp(server.url, device_code))
  t.is(membersOf(used)['user'], 'Zoë 蔵')
})
