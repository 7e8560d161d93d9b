import { TOKENS } from '@device-grant/core'
import { bearer } from '@device-grant/test-support/authorization-header'
import { authorize, pickUp, pollOutcome } from '@device-grant/test-support/device'
import { type Answer, membersOf, type Sent, send } from '@device-grant/test-support/http-exchange'
import { decide } from '@device-grant/test-support/person'
import { whoami } from '@device-grant/test-support/whoami'
import test, { type ExecutionContext } from 'ava'
import { adminTokenHash } from '#src/admin/read-admin-tokens.js'
import { breakStore } from './break-store.ts'
import { tempFolder } from './temp-folder.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const TOKEN = `dga_${'t'.repeat(43)}`
const OTHER = `dga_${'o'.repeat(43)}`

const hashed = (name: string, token: string) => ({ name, hash: `sha256:${adminTokenHash(token)}` })

/** A server with two operators. */
const startAdminServer = async (
  t: ExecutionContext,
  tokens: readonly object[] = [hashed('support', TOKEN), hashed('other', OTHER)],
): Promise<TestServer> => {
  const folder = await tempFolder(t)
  const file = await folder.write('admin.json', { tokens })
  const server = await startTestServer({
    ADMIN_TOKENS_FILE: file,
    FRONT_END_ORIGINS: 'https://app.example',
  })
  t.teardown(server.stop)
  return server
}

const ask = ({ url }: TestServer, method: string, path: string, sent: Partial<Sent> = {}) =>
  send(url, { method, path, ...sent, headers: { ...bearer(TOKEN), ...sent.headers } })

const postJson = (server: TestServer, path: string, body: unknown): Promise<Answer> =>
  ask(server, 'POST', path, {
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

const approved = async ({ url }: TestServer, person: string, client = 'cli') => {
  const codes = await authorize(url, { client_id: client })
  await decide(url, codes.user_code, 'approve', person)
  return codes
}

const logIn = async (server: TestServer, person: string): Promise<string> =>
  pickUp(server.url, (await approved(server, person)).device_code)

const idOf = (apiKey: string): string => apiKey.split('_')[1] ?? ''

const keysOf = (answer: Answer) =>
  membersOf(answer)['keys'] as readonly Readonly<Record<string, unknown>>[]

const adminLines = ({ log }: TestServer) =>
  log.filter((line) => line.includes('"admin request"')).map((line) => JSON.parse(line))

test('without ADMIN_TOKENS_FILE there is nothing', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  for (const [method, path] of [
    ['GET', '/admin/keys'],
    ['DELETE', '/admin/keys/x'],
    ['POST', '/admin/revoke'],
    ['POST', '/admin/erase'],
  ] as const) {
    t.is((await ask(server, method, path)).status, 404)
  }
})

test('an operator lists keys by owner, client and status, in pages', async (t) => {
  const server = await startAdminServer(t)
  const used = await logIn(server, 'ann')
  await whoami(server.url, used)
  server.clock.pass(1_000)
  const unused = await logIn(server, 'ann')
  server.clock.pass(1_000)
  await approved(server, 'bob', 'acme')
  const list = async (query: string): Promise<readonly unknown[]> =>
    keysOf(await ask(server, 'GET', `/admin/keys${query}`)).map(({ status }) => status)
  t.deepEqual(await list(''), ['waiting', 'unused', 'active'])
  t.deepEqual(await list('?owner=ann'), ['unused', 'active'])
  t.deepEqual(await list('?client_id=acme'), ['waiting'])
  t.deepEqual(await list('?client_id=cli&status=active&owner=ann'), ['active'])
  t.deepEqual(await list('?owner=nobody'), [])
  const page = await ask(server, 'GET', '/admin/keys?owner=ann&limit=1')
  const [first] = keysOf(page)
  t.like(first, { id: idOf(unused), owner: 'ann', client_id: 'cli', status: 'unused' })
  const rest = await ask(server, 'GET', `/admin/keys?limit=1&after=${membersOf(page)['next']}`)
  t.is(keysOf(rest)[0]?.['id'], idOf(used))
  const one = await ask(server, 'GET', `/admin/keys/${idOf(used)}`)
  t.like(membersOf(one), { id: idOf(used), owner: 'ann', status: 'active' })
  t.is((await ask(server, 'GET', '/admin/keys/nothing')).status, 404)
  for (const answer of [page, rest, one]) {
    t.is(answer.status, 200)
    t.is(answer.headers['cache-control'], 'no-store')
    t.notRegex(answer.text, /hash|salt|secret|null/i)
    for (const key of [used, unused]) t.false(answer.text.includes(key.slice(-49)))
  }
})

for (const query of [
  'onwer=ann',
  'owner=',
  'owner=ann&owner=bob',
  'status=live',
  'after=x',
  'limit=0',
  'limit=1001',
  'limit=ten',
  '__proto__=x',
]) {
  test(`a list of ${query} is refused`, async (t) => {
    const server = await startAdminServer(t)
    const answer = await ask(server, 'GET', `/admin/keys?${query}`)
    t.is(answer.status, 400)
    t.is(membersOf(answer)['error'], 'invalid_request')
  })
}

test('an operator revokes one key, which stops working at once', async (t) => {
  const server = await startAdminServer(t)
  const key = await logIn(server, 'ann')
  t.is((await whoami(server.url, key)).status, 200)
  const path = `/admin/keys/${idOf(key)}`
  for (const _ of ['once', 'twice']) {
    const answer = await ask(server, 'DELETE', path)
    t.deepEqual([answer.status, answer.text], [204, ''])
    t.is((await whoami(server.url, key)).status, 401)
  }
  t.is(membersOf(await ask(server, 'GET', path))['status'], 'revoked')
  const unknown = await ask(server, 'DELETE', '/admin/keys/nothing')
  t.is(unknown.status, 404)
  t.is(membersOf(unknown)['error'], 'not_found')
})

test('an operator revokes all keys of a person or client, picked up or not', async (t) => {
  const server = await startAdminServer(t)
  const anns = await logIn(server, 'ann')
  const bobs = await logIn(server, 'bob')
  const waiting = await approved(server, 'ann')
  const byOwner = await postJson(server, '/admin/revoke', { owner: 'ann' })
  t.deepEqual([byOwner.status, membersOf(byOwner)], [200, { revoked: 2 }])
  t.is((await whoami(server.url, anns)).status, 401)
  t.is((await whoami(server.url, bobs)).status, 200)
  t.is(await pollOutcome(server.url, waiting.device_code), 'access_denied')
  const byClient = await postJson(server, '/admin/revoke', { client_id: 'cli' })
  t.deepEqual(membersOf(byClient), { revoked: 1 })
  t.is((await whoami(server.url, bobs)).status, 401)
})

test('an operator erases the keys of a person', async (t) => {
  const server = await startAdminServer(t)
  const key = await logIn(server, 'a person to forget')
  const answer = await postJson(server, '/admin/erase', { owner: 'a person to forget' })
  t.deepEqual(membersOf(answer), { erased: 1 })
  t.is((await whoami(server.url, key)).status, 401)
  t.is((await ask(server, 'GET', `/admin/keys/${idOf(key)}`)).status, 404)
  const store = server.server.container.get<{ entries(): Iterable<unknown> }>(TOKENS.ApiKeys)
  t.false(JSON.stringify([...store.entries()]).includes('a person to forget'))
})

for (const body of [
  '',
  '{',
  'null',
  '[]',
  '"ann"',
  {},
  { owner: '' },
  { owner: 1 },
  { owner: ['ann'] },
  { onwer: 'ann' },
  { owner: 'ann', client_id: 'cli' },
  { owner: 'ann', more: true },
]) {
  test(`the body ${JSON.stringify(body)} revokes and erases nothing`, async (t) => {
    const server = await startAdminServer(t)
    const key = await logIn(server, 'ann')
    for (const path of ['/admin/revoke', '/admin/erase']) {
      const answer = await postJson(server, path, body)
      t.is(answer.status, 400, path)
      t.is(membersOf(answer)['error'], 'invalid_request')
    }
    t.is((await whoami(server.url, key)).status, 200)
  })
}

test('a form, a compressed body, a body that is too long and a repeated name are refused', async (t) => {
  const server = await startAdminServer(t)
  const path = '/admin/revoke'
  const form = await ask(server, 'POST', path, {
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'owner=ann',
  })
  t.is(form.status, 415)
  const compressed = await ask(server, 'POST', path, {
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: '{"owner":"ann"}',
  })
  t.is(compressed.status, 415)
  const long = await postJson(server, path, { owner: 'x'.repeat(20_000) })
  t.is(long.status, 413)
  const twice = await ask(server, 'POST', path, {
    headers: { 'content-type': 'application/json' },
    body: '{"owner":"ann","owner":"bob"}',
  })
  t.is(twice.status, 400)
})

const REQUESTS = [
  ['GET', '/admin/keys'],
  ['GET', '/admin/keys/x'],
  ['DELETE', '/admin/keys/x'],
  ['POST', '/admin/revoke'],
  ['POST', '/admin/erase'],
] as const

test('nothing but a known admin token passes', async (t) => {
  const server = await startAdminServer(t)
  const key = await logIn(server, 'ann')
  const path = `/admin/keys/${idOf(key)}`
  const refused = async (headers: Sent['headers'], status: number, error: string) => {
    for (const [method, other] of [...REQUESTS, ['DELETE', path] as const]) {
      const answer = await send(server.url, { method, path: other, headers: headers ?? {} })
      t.is(answer.status, status, `${method} ${other}`)
      t.is(membersOf(answer)['error'], error)
      t.regex(answer.headers['www-authenticate'] ?? '', /^Bearer realm="device-grant admin"/)
      t.is(answer.headers['cache-control'], 'no-store')
    }
  }
  await refused({}, 401, 'unauthorized')
  await refused({ 'x-forwarded-user': 'ann' }, 401, 'unauthorized')
  await refused(bearer(key), 401, 'invalid_token')
  await refused(bearer(`${TOKEN}x`), 401, 'invalid_token')
  await refused(bearer(adminTokenHash(TOKEN)), 401, 'invalid_token')
  await refused({ authorization: `Basic ${TOKEN}` }, 401, 'unauthorized')
  await refused({ authorization: 'Bearer ' }, 400, 'invalid_request')
  await refused({ authorization: `Bearer ${TOKEN} x` }, 400, 'invalid_request')
  await refused({ Authorization: [`Bearer ${TOKEN}`, `Bearer ${OTHER}`] }, 400, 'invalid_request')
  t.is((await whoami(server.url, key)).status, 200)
  t.deepEqual(adminLines(server), [])
  t.is(server.log.filter((line) => line.includes('admin token refused')).length, 1, 'throttled')
  t.false(server.log.join('').includes(TOKEN))
})

test('log lines have the address behind trusted proxies, and no forged one', async (t) => {
  const server = await startAdminServer(t)
  const addresses = (msg: string): readonly unknown[] =>
    server.log.flatMap((line) => (line.includes(`"${msg}"`) ? [JSON.parse(line).address] : []))
  const forwarded = { 'x-forwarded-for': '198.51.100.66, 192.0.2.10' }
  await ask(server, 'GET', '/admin/keys', { headers: forwarded })
  await ask(server, 'GET', '/admin/keys')
  await ask(server, 'GET', '/admin/keys', { headers: { ...forwarded, ...bearer('unknown') } })
  t.deepEqual(addresses('admin request'), ['192.0.2.10', '127.0.0.1'])
  t.deepEqual(addresses('admin token refused'), ['192.0.2.10'])
})

test('an API key is no admin token, even if the file has its hash', async (t) => {
  const first = await startAdminServer(t)
  const key = await logIn(first, 'ann')
  const server = await startAdminServer(t, [hashed('mistake', key), hashed('support', TOKEN)])
  t.is(
    (await send(server.url, { method: 'GET', path: '/admin/keys', headers: bearer(key) })).status,
    401,
  )
  t.is((await ask(server, 'GET', '/admin/keys')).status, 200)
})

test('an admin token opens nothing that needs an API key or a person', async (t) => {
  const server = await startAdminServer(t)
  t.is((await whoami(server.url, TOKEN)).status, 401)
  const keys = { method: 'GET', path: '/oauth/device/keys', headers: bearer(TOKEN) }
  t.is((await send(server.url, keys)).status, 401)
})

test('pages of other origins cannot call it', async (t) => {
  const server = await startAdminServer(t)
  for (const [method, path] of REQUESTS) {
    const origin = { origin: 'https://app.example' }
    const answer = await ask(server, method, path, { headers: origin })
    t.is(answer.headers['access-control-allow-origin'], undefined)
    t.is((await ask(server, 'OPTIONS', path, { headers: origin })).status, 405)
  }
})

test('the log names the token and what it did, and events name it too', async (t) => {
  const server = await startAdminServer(t)
  const key = await logIn(server, 'ann')
  await logIn(server, 'bob')
  await ask(server, 'GET', '/admin/keys?owner=ann')
  await ask(server, 'DELETE', `/admin/keys/${idOf(key)}`)
  await postJson(server, '/admin/revoke', { client_id: 'cli' })
  await ask(server, 'POST', '/admin/erase', {
    headers: { ...bearer(OTHER), 'content-type': 'application/json' },
    body: '{"owner":"ann"}',
  })
  const withoutTime = adminLines(server).map(
    ({ requestId: _, time: __, msg: ___, level: ____, address: _____, ...line }) => line,
  )
  t.deepEqual(withoutTime, [
    { admin: 'support', request: 'GET /admin/keys', status: 200, owner: 'ann' },
    {
      admin: 'support',
      request: `DELETE /admin/keys/${idOf(key)}`,
      status: 204,
      keyId: idOf(key),
      owner: 'ann',
      revoked: 1,
    },
    {
      admin: 'support',
      request: 'POST /admin/revoke',
      status: 200,
      clientId: 'cli',
      revoked: 1,
    },
    { admin: 'other', request: 'POST /admin/erase', status: 200, owner: 'ann', erased: 1 },
  ])
  const events = server.log
    .filter((line) => /"key_(revoked|erased)"/.test(line))
    .map((line) => JSON.parse(line).operator)
  t.deepEqual(events, ['support', 'support', 'other'])
})

test('a whole key in the wrong place is refused, and is not logged', async (t) => {
  const server = await startAdminServer(t)
  const key = await logIn(server, 'ann')
  const encoded = key.replace('_', '%5F')
  const ask404 = async () => {
    for (const id of [key, encoded, ` ${key}`, `Bearer%20${key}`, key.slice(3), key.slice(0, -1)]) {
      for (const method of ['GET', 'HEAD', 'DELETE']) {
        const answer = await ask(server, method, `/admin/keys/${id.replace(' ', '%20')}`)
        t.is(answer.status, 404, `${method} ${id}`)
      }
    }
  }
  await ask404()
  const back = breakStore(server, TOKENS.ApiKeys)
  await ask404()
  const { status } = await ask(server, 'GET', `/admin/keys/${idOf(key)}`)
  t.is(status, 503)
  back()
  for (const value of [key, ` ${key}\n`]) {
    for (const name of ['owner', 'client_id']) {
      const query = new URLSearchParams({ [name]: value })
      t.is((await ask(server, 'GET', `/admin/keys?${query}`)).status, 400)
      t.is((await postJson(server, '/admin/revoke', { [name]: value })).status, 400)
    }
    t.is((await postJson(server, '/admin/erase', { owner: value })).status, 400)
  }
  t.is((await whoami(server.url, key)).status, 200)
  const log = server.log.join('')
  t.true(log.includes(idOf(key)))
  for (const secret of [key, encoded, key.slice(-49), key.slice(-49, -1)]) {
    t.false(log.includes(secret))
  }
  const dump = server.dump()
  t.false(dump.includes(key.slice(-49)))
  t.true(adminLines(server).some(({ request }) => request === 'DELETE /admin/keys/:id'))
})

test('a store that is down is 503, is logged, and the keys work on', async (t) => {
  const server = await startAdminServer(t)
  const key = await logIn(server, 'ann')
  for (const name of [TOKENS.ApiKeys, TOKENS.CutOffs]) {
    const back = breakStore(server, name)
    const answer = await postJson(server, '/admin/revoke', { owner: 'ann' })
    back()
    t.is(answer.status, 503)
    t.is(answer.headers['retry-after'], '5')
    t.is(membersOf(answer)['error'], 'temporarily_unavailable')
  }
  t.deepEqual(
    adminLines(server).map(({ admin, status }) => [admin, status]),
    [
      ['support', 503],
      ['support', 503],
    ],
  )
  t.is((await whoami(server.url, key)).status, 200)
  const again = await postJson(server, '/admin/revoke', { owner: 'ann' })
  t.deepEqual(membersOf(again), { revoked: 1 })
})

test('it is below the path of PUBLIC_URL too', async (t) => {
  const folder = await tempFolder(t)
  const file = await folder.write('admin.json', { tokens: [hashed('support', TOKEN)] })
  const server = await startTestServer({
    ADMIN_TOKENS_FILE: file,
    PUBLIC_URL: 'https://login.example/auth',
  })
  t.teardown(server.stop)
  t.is((await ask(server, 'GET', '/auth/admin/keys')).status, 200)
})
