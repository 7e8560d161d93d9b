import { createServer, IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { Socket } from 'node:net'
import { TOKENS } from '@device-grant/core'
import { authorize, pickUp, poll } from '@device-grant/test-support/device'
import {
  AUTHORIZE,
  GRANT_TYPE,
  TOKEN,
  VERIFY_AUTHENTICATED,
  WHOAMI,
} from '@device-grant/test-support/endpoints'
import { type Answer, membersOf, post, send } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import { listen } from '@device-grant/test-support/loopback'
import test from 'ava'
import Koa from 'koa'
import { logTo } from '#src/log.js'
import { StoreWatch } from '#src/store-watch.js'
import { answerRequests } from '#src/telemetry/answer-requests.js'
import { follow, identify } from '#src/telemetry/request-context.js'
import { parseTraceparent } from '#src/telemetry/traceparent.js'
import { breakStore } from '../break-store.ts'
import { tempFolder } from '../temp-folder.ts'
import { startTestServer, type TestServer } from '../test-server.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const TRACEPARENT = `00-${TRACE}-b7ad6b7169203331-01`
const RANDOM = /^[0-9a-f]{16}$/

type Line = Readonly<Record<string, unknown>>

const linesOf = ({ log }: Pick<TestServer, 'log'>): readonly Line[] =>
  log.map((line) => JSON.parse(line))

/** The texts of the log lines of a request. */
const textsOf = (server: Pick<TestServer, 'log'>, requestId: string): readonly unknown[] =>
  linesOf(server)
    .filter((line) => line['requestId'] === requestId)
    .map(({ msg }) => msg)

const idOf = ({ headers }: Answer): unknown => headers['x-request-id']

test('a valid X-Request-Id is in the response, and any other is replaced', async (t) => {
  const { url, stop } = await startTestServer()
  t.teardown(stop)
  const idFor = async (given?: string | string[]): Promise<unknown> =>
    idOf(
      await send(url, {
        method: 'GET',
        path: '/healthz',
        headers: given === undefined ? {} : { 'x-request-id': given },
      }),
    )
  for (const valid of ['a', 'A.b_c-9', 'x'.repeat(64)]) t.is(await idFor(valid), valid)
  const invalid = [
    undefined,
    '',
    'x'.repeat(65),
    'a b',
    'a"b',
    '{}',
    'caf\u00e9',
    ['a', 'b'],
    '1,2',
  ]
  const replaced = await Promise.all(invalid.map(idFor))
  for (const id of replaced) t.regex(String(id), RANDOM)
  t.is(new Set(replaced).size, invalid.length)
  const many = Array.from({ length: 2_000 }, () => identify(new IncomingMessage(new Socket())))
  t.is(new Set(many.map(({ requestId }) => requestId)).size, many.length)
})

test('every response has a request id, whatever its status', async (t) => {
  const server = await startTestServer()
  const { url } = server
  t.teardown(server.stop)
  const headers = { 'x-request-id': 'mine' }
  const answers = [
    await send(url, { method: 'GET', path: '/', headers }),
    await send(url, { method: 'GET', path: '/nowhere', headers }),
    await send(url, { method: 'PUT', path: TOKEN, headers }),
    await post(url, TOKEN, {}, headers),
    await send(url, { method: 'OPTIONS', path: TOKEN, headers }),
    await send(url, { method: 'GET', path: WHOAMI, headers }),
    await send(url, { method: 'GET', path: '/oauth/device/verify', headers }),
  ]
  t.deepEqual(
    answers.map(({ status }) => status),
    [200, 404, 405, 400, 204, 401, 401],
  )
  for (const answer of answers) t.is(idOf(answer), 'mine')
})

test('an error that no route catches is answered with the request id', async (t) => {
  const app = new Koa()
  app.silent = true
  app.use(() => {
    throw Object.assign(new Error('of the test'), { headers: { 'X-Own': 'kept' } })
  })
  const http = createServer(answerRequests(app, new Set()))
  t.teardown(() => void http.close())
  const url = await listen(http)
  const answer = await send(url, { path: '/', headers: { 'x-request-id': 'mine' } })
  t.deepEqual([answer.status, idOf(answer), answer.headers['x-own']], [500, 'mine', 'kept'])
})

/** Logs in with request ids that begin with this name, and uses the key. */
const logIn = async ({ url }: TestServer, name: string, more: OutgoingHttpHeaders = {}) => {
  const id = (step: string) => ({ 'x-request-id': `${name}.${step}`, ...more })
  const asked = membersOf(await post(url, AUTHORIZE, { client_id: 'cli' }, id('ask')))
  const { device_code, user_code } = asked as Record<string, string>
  const form = { grant_type: GRANT_TYPE, client_id: 'cli', device_code: String(device_code) }
  await post(url, TOKEN, form, id('pending'))
  const decision = { user_code: String(user_code), decision: 'approve' }
  await post(url, VERIFY_AUTHENTICATED, decision, { 'x-forwarded-user': name, ...id('approve') })
  const { access_token } = membersOf(await post(url, TOKEN, form, id('pick-up')))
  const headers = { authorization: `Bearer ${access_token}`, ...id('use') }
  await send(url, { method: 'GET', path: WHOAMI, headers })
}

test('every log line of a request has its id and its trace', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  await logIn(server, 'alice', { traceparent: TRACEPARENT })
  t.deepEqual(
    linesOf(server)
      .filter((line) => 'requestId' in line)
      .map(({ requestId, traceId, msg }) => [requestId, traceId, msg]),
    [
      ['alice.ask', TRACE, 'authorization_requested'],
      ['alice.approve', TRACE, 'authorization_approved'],
      ['alice.pick-up', TRACE, 'key_claimed'],
      ['alice.use', TRACE, 'key_used_first'],
    ],
  )
  t.true(linesOf(server).some(({ msg }) => msg === 'server started'))
})

test('parallel requests keep their ids apart', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const names = Array.from({ length: 40 }, (_, i) => `person-${i}`)
  await Promise.all(names.map((name) => logIn(server, name)))
  for (const name of names) {
    for (const [step, text] of [
      ['ask', 'authorization_requested'],
      ['approve', 'authorization_approved'],
      ['pick-up', 'key_claimed'],
      ['use', 'key_used_first'],
    ] as const) {
      t.deepEqual(textsOf(server, `${name}.${step}`), [text])
    }
  }
  const owners = linesOf(server).filter(({ msg }) => msg === 'authorization_approved')
  for (const { requestId, person } of owners) t.is(requestId, `${person}.approve`)
})

test('the line of a refused client has the id of its request, of a poll too', async (t) => {
  const folder = await tempFolder(t)
  const clients = [{ client_id: 'cli', token_endpoint_auth_method: 'none' }]
  const server = await startTestServer({
    CLIENTS_FILE: await folder.write('clients.json', { clients }),
  })
  t.teardown(server.stop)
  const form = { grant_type: GRANT_TYPE, client_id: 'other', device_code: 'x' }
  await post(server.url, TOKEN, form, { 'x-request-id': 'refused.poll', traceparent: TRACEPARENT })
  await post(server.url, AUTHORIZE, form, { 'x-request-id': 'refused.ask' })
  t.deepEqual(textsOf(server, 'refused.poll'), ['client_refused'])
  t.deepEqual(textsOf(server, 'refused.ask'), ['client_refused'])
})

test('the lines of polls that are refused have their ids', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const { url, clock } = server
  const { device_code } = await authorize(url)
  const form = { grant_type: GRANT_TYPE, client_id: 'cli', device_code }
  for (const id of ['first', 'twin', 'early']) await post(url, TOKEN, form, { 'x-request-id': id })
  t.deepEqual(textsOf(server, 'early'), ['poll_too_early'])
  clock.pass(601_000)
  await post(url, TOKEN, form, { 'x-request-id': 'late' })
  t.deepEqual(textsOf(server, 'late'), ['expired_on_poll'])
  breakStore(server, TOKENS.DeviceGrants)
  await post(url, TOKEN, form, { 'x-request-id': 'failed' })
  t.deepEqual(textsOf(server, 'failed'), ['operation failed: poll'])
})

test('the lines of refused requests for codes have their ids', async (t) => {
  const server = await startTestServer({ AUTHORIZE_LIMIT: '1' })
  t.teardown(server.stop)
  const ask = (address: number, id: string) => {
    const headers = { 'x-forwarded-for': `192.0.2.${address}`, 'x-request-id': id }
    return post(server.url, AUTHORIZE, { client_id: 'cli' }, headers)
  }
  for (let address = 1; address <= 100; address++) await ask(address, 'admitted')
  await ask(1, 'limit-of-address')
  await ask(101, 'limit-of-all')
  t.deepEqual(textsOf(server, 'limit-of-address'), ['too_many_codes'])
  t.deepEqual(textsOf(server, 'limit-of-all'), ['too_many_codes'])
  breakStore(server, TOKENS.UserCodeClaims)
  server.clock.pass(60_000)
  await ask(102, 'failed')
  t.deepEqual(textsOf(server, 'failed'), ['operation failed: authorize'])
})

test('the check of a key that comes with a request for a code has its id', async (t) => {
  const server = await startTestServer({ REQUIRE_KNOWN_PERSON: 'true' })
  t.teardown(server.stop)
  await post(server.url, AUTHORIZE, { client_id: 'cli' }, { 'x-request-id': 'no-key' })
  t.deepEqual(textsOf(server, 'no-key'), ['client_refused'])
  const { useCases } = server
  const client = { clientId: 'cli', clientAuthenticated: true } as const
  const codes = issued(await useCases.authorizeDevice({ ...client, device: {} }))
  await useCases.answerUserCode({ ...codes, person: 'alice', decision: 'approve' })
  const apiKey = await pickUp(server.url, codes.deviceCode)
  const headers = { authorization: `Bearer ${apiKey}`, 'x-request-id': 'known' }
  t.is((await post(server.url, AUTHORIZE, { client_id: 'cli' }, headers)).status, 200)
  t.deepEqual(textsOf(server, 'known'), ['key_used_first', 'authorization_requested'])
})

test('error pages show the request and its trace, and other pages do not', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const open = (traceparent: string): Promise<Answer> =>
    send(server.url, {
      method: 'GET',
      path: '/oauth/device/keys',
      headers: {
        accept: 'text/html',
        'x-forwarded-user': 'alice',
        'x-request-id': 'page-1',
        traceparent,
      },
    })
  t.notRegex((await open(TRACEPARENT)).text, /page-1/)
  breakStore(server, TOKENS.ApiKeys)
  const traced = await open(TRACEPARENT)
  t.is(traced.status, 503)
  t.regex(traced.text, new RegExp(`Reference</dt>.*page-1 / ${TRACE}<`))
  t.regex((await open('none')).text, /page-1</)
  t.deepEqual(textsOf(server, 'page-1').slice(0, 1), ['operation failed: /oauth/device/keys'])
})

test('the line that a store is back belongs to no request', async (t) => {
  const log: string[] = []
  let endPause = (): void => {}
  const watch = new StoreWatch({
    store: { name: 'redis', probe: async () => {} },
    log: logTo({ write: (line: string) => log.push(line) }, 'info'),
    clock: { now: Date.now },
    signal: new AbortController().signal,
    pause: () =>
      new Promise((resolve) => {
        endPause = resolve
      }),
  })
  await follow({ requestId: 'failing' }, async () => {
    watch.failed(new Error('down'), 'error', 'a command failed')
    endPause()
    await new Promise(setImmediate)
  })
  t.deepEqual(
    linesOf({ log }).map(({ requestId, msg }) => [requestId, msg]),
    [
      ['failing', 'a command failed'],
      [undefined, 'store is back'],
    ],
  )
})

test('a poll with a query or an own prefix has the same answer and id', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const { device_code } = await authorize(server.url)
  t.regex(String(idOf(await poll(server.url, device_code))), RANDOM)
  const answer = await post(server.url, `${TOKEN}?x=1`, {}, { 'x-request-id': 'queried' })
  t.deepEqual([answer.status, idOf(answer)], [400, 'queried'])
})

const SPAN = 'b7ad6b7169203331'

test('a traceparent is read if W3C Trace Context allows it', (t) => {
  const read = { traceId: TRACE, spanId: SPAN, isRemote: true }
  t.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), { ...read, traceFlags: 1 })
  t.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-00`), { ...read, traceFlags: 0 })
  t.deepEqual(parseTraceparent(`cc-${TRACE}-${SPAN}-03-more`), { ...read, traceFlags: 1 })
  for (const invalid of [
    undefined,
    '',
    [TRACEPARENT],
    `00-${TRACE}-${SPAN}`,
    `00-${TRACE}-${SPAN}-01-more`,
    `ff-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `${TRACEPARENT}, ${TRACEPARENT}`,
  ]) {
    t.is(parseTraceparent(invalid), undefined, String(invalid))
  }
})
