import { outcomeOf, poll } from '@device-grant/test-support/device'
import { AUTHORIZE } from '@device-grant/test-support/endpoints'
import { type Answer, membersOf, post, send } from '@device-grant/test-support/http-exchange'
import test from 'ava'
import { startTestServer } from './test-server.ts'

test('too many new codes from one address are 429, and its polls are not', async (t) => {
  const server = await startTestServer({ AUTHORIZE_LIMIT: '3', TRUSTED_PROXIES: '127.0.0.1' })
  const ask = (headers: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    send(server.url, { path: AUTHORIZE, headers })
  try {
    const first = await ask()
    await ask()
    await ask()
    server.clock.pass(10_000)
    const refused = await ask()
    t.is(refused.status, 429)
    t.is(refused.headers['retry-after'], '50')
    t.is(refused.headers['cache-control'], 'no-store')
    t.is(refused.headers['access-control-allow-origin'], '*')
    t.is(membersOf(refused)['error'], 'temporarily_unavailable')
    for (const [address, status] of [
      ['2001:db8::1', 200],
      ['2001:db8::2', 200],
      ['2001:db8::3', 200],
      ['2001:db8:0:0:ffff::1', 429],
      ['2001:db8:0:1::1', 200],
      ['192.0.2.1', 200],
    ] as const) {
      t.is((await ask({ 'x-forwarded-for': address })).status, status, address)
    }
    for (const headers of [
      { origin: 'https://a.test' },
      { 'sec-fetch-site': 'none' },
      { origin: 'null' },
    ]) {
      t.is((await ask(headers)).status, 200, 'requests of web pages count apart')
    }
    t.is((await ask({ origin: 'https://b.test' })).status, 429)
    const device_code = String(membersOf(first)['device_code'])
    for (let i = 0; i < 10; i += 1) {
      t.is(
        outcomeOf(await poll(server.url, device_code, { client_id: '' })),
        'authorization_pending',
      )
      server.clock.pass(5_000)
    }
    t.is((await ask()).status, 200, 'a minute later')
  } finally {
    await server.stop()
  }
})

test('worthless requests of one network close new codes to no other network', async (t) => {
  const server = await startTestServer({ AUTHORIZE_LIMIT: '2', LOG_LEVEL: 'silent' })
  t.teardown(server.stop)
  const ask = (address: string, fields: Readonly<Record<string, string>>): Promise<Answer> =>
    post(server.url, AUTHORIZE, fields, { 'x-forwarded-for': address })
  const statuses: Record<number, number> = {}
  for (let i = 0; i < 250; i += 1) {
    const { status } = await ask(`2001:db8:0:${i.toString(16)}::1`, { scope: '"' })
    statuses[status] = (statuses[status] ?? 0) + 1
  }
  t.deepEqual(statuses, { 400: 10, 429: 240 })
  for (let i = 0; i < 200; i += 1) {
    t.is((await ask(`192.0.2.${i}`, { client_id: 'cli' })).status, 200)
  }
  t.is((await ask('198.51.100.1', { client_id: 'cli' })).status, 503)
  t.is((await ask('198.51.100.1', { scope: '"' })).status, 400, 'only codes have that limit')
})

test('requests that are refused use up no codes of others', async (t) => {
  const server = await startTestServer({
    AUTHORIZE_LIMIT: '1',
    AUTHORIZE_LIMIT_EXEMPT: '192.0.2.1',
    RESOURCES: 'https://api.example.com',
    LOG_LEVEL: 'silent',
  })
  t.teardown(server.stop)
  const ask = (address: string, fields: Readonly<Record<string, string>>): Promise<Answer> =>
    post(server.url, AUTHORIZE, fields, { 'x-forwarded-for': address })
  for (let i = 0; i < 60; i += 1) {
    t.is((await ask('192.0.2.1', { device_name: 'x'.repeat(65) })).status, 400)
    const elsewhere = await ask('192.0.2.1', { resource: 'https://other.example.com' })
    t.is(membersOf(elsewhere)['error'], 'invalid_target')
  }
  t.is((await ask('198.51.100.1', { client_id: 'cli' })).status, 200)
  for (let i = 0; i < 99; i += 1) t.is((await ask('192.0.2.1', {})).status, 200)
  t.is((await ask('192.0.2.1', {})).status, 503, 'issued codes still count')
})

test('a code that a web page requested says which page', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  for (const [headers, webOrigin] of [
    [{ origin: 'https://evil.test' }, 'https://evil.test'],
    [{ origin: 'null', 'sec-fetch-site': 'cross-site' }, 'null'],
    [{ 'sec-fetch-site': 'same-origin' }, 'null'],
    [{ 'user-agent': 'cli' }, undefined],
  ] as const) {
    const answer = await send(server.url, { path: '/oauth/device/authorize', headers })
    const userCode = String(membersOf(answer)['user_code'])
    const review = await server.useCases.reviewUserCode({ userCode, person: 'ann' })
    t.is(review.outcome === 'pending' ? review.request.device.webOrigin : 'no review', webOrigin)
  }
})

test('refusals are counted, and an unlisted proxy is logged once', async (t) => {
  const server = await startTestServer({
    AUTHORIZE_LIMIT: '2',
    SIGN_IN: 'demo',
    TRUSTED_PROXIES: '192.0.2.1',
    LOG_LEVEL: 'warn',
  })
  const ask = (headers: Readonly<Record<string, string>>): Promise<Answer> =>
    send(server.url, { path: AUTHORIZE, headers })
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, i) => ask({ 'x-forwarded-for': `198.51.100.${i}` })),
  )
  t.is(answers.filter(({ status }) => status === 429).length, 10)
  await send(server.url, { path: '/oauth/device/token', headers: { forwarded: 'for=::1' } })
  const userCode = answers.map((answer) => membersOf(answer)['user_code']).find(Boolean)
  const review = await server.useCases.reviewUserCode({
    userCode: String(userCode),
    person: 'ann',
  })
  t.is(review.outcome === 'pending' && review.request.device.unlistedProxy, '127.0.0.1')
  await server.stop()
  const logged = server.log.map((line): Record<string, unknown> => JSON.parse(line))
  const [events, lines] = [true, undefined].map((audit) =>
    logged.filter((line) => line['audit'] === audit),
  ) as [typeof logged, typeof logged]
  t.is(events.length, 10)
  for (const event of events) {
    t.like(event, { msg: 'too_many_codes', limit: 'address_limit', address: '127.0.0.1' })
  }
  t.is(lines.length, 2)
  t.like(lines[0], {
    address: '127.0.0.1',
    msg: 'ignored forwarding headers, because TRUSTED_PROXIES does not list this',
  })
  t.like(lines[1], {
    address_limit: 10,
    lastAddress: '127.0.0.1',
    msg: 'new codes refused by the limit',
  })
})
