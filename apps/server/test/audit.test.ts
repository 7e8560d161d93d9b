import { createServer, type ServerResponse } from 'node:http'
import { authorize, pickUp, poll } from '@device-grant/test-support/device'
import { eventually } from '@device-grant/test-support/eventually'
import { freePort } from '@device-grant/test-support/free-port'
import { send } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import { decide } from '@device-grant/test-support/person'
import test from 'ava'
import { startOpenidSetting } from './openid-setting.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const SIGN_IN = '/oauth/device/sign-in'
const USER_AGENT = { 'user-agent': 'browser/1.0' }

type Line = Readonly<Record<string, unknown>>

/** The logged events of a type. */
const eventsOf = (server: TestServer, type: string): readonly Line[] =>
  server.log
    .map((line): Line => JSON.parse(line))
    .filter((line) => line['audit'] === true && line['msg'] === type)

const tryWrongCode = (server: TestServer): Promise<unknown> =>
  send(server.url, {
    path: '/oauth/device/verify-authenticated',
    headers: { 'content-type': 'application/json', 'x-forwarded-user': 'mallory' },
    body: JSON.stringify({ user_code: 'BBBB-BBBB' }),
  })

/** Logs a device in as alice. Returns its key. */
const logIn = async (server: TestServer): Promise<string> => {
  const { device_code, user_code } = await authorize(server.url)
  await decide(server.url, user_code, 'approve')
  return pickUp(server.url, device_code)
}

test('a login and its end are lines that need no other ones', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const { device_code, user_code } = await authorize(
    server.url,
    { client_id: 'cli' },
    { 'user-agent': 'cli/1.0' },
  )
  await decide(server.url, user_code, 'approve')
  await poll(server.url, device_code, { client_id: 'other' })
  const apiKey = await pickUp(server.url, device_code)
  const authorization = `Bearer ${apiKey}`
  const whoami = () =>
    send(server.url, { method: 'GET', path: '/api/whoami', headers: { authorization } })
  t.is((await whoami()).status, 200)
  const keyId = eventsOf(server, 'key_claimed')[0]?.['keyId']
  await send(server.url, {
    method: 'DELETE',
    path: `/oauth/device/keys/${String(keyId)}`,
    headers: { 'x-forwarded-user': 'alice', ...USER_AGENT },
  })
  await whoami()
  const device = { address: '127.0.0.1', userAgent: 'cli/1.0' }
  const ofKey = { keyId, owner: 'alice', clientId: 'cli', device }
  const approved = { person: 'alice', clientId: 'cli', device, browser: { address: '127.0.0.1' } }
  t.like(eventsOf(server, 'authorization_approved')[0], { ...approved, keyId })
  t.like(eventsOf(server, 'wrong_client')[0], { clientId: 'cli', callerClientId: 'other' })
  t.like(eventsOf(server, 'key_claimed')[0], ofKey)
  const browser = { address: '127.0.0.1', userAgent: 'browser/1.0' }
  t.like(eventsOf(server, 'key_revoked')[0], { ...ofKey, by: 'owner', browser })
  t.like(eventsOf(server, 'key_refused')[0], { ...ofKey, reason: 'revoked' })
  const text = server.log.join('')
  for (const secret of [device_code, user_code, apiKey, apiKey.slice(-49)]) {
    t.false(text.includes(secret))
  }
})

test('a sign-in header that is ignored is a failed sign-in', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  for (const value of [['alice', 'mallory'], 'x'.repeat(257)]) {
    const headers = { 'x-forwarded-user': value }
    await send(server.url, { method: 'GET', path: '/oauth/device/keys', headers })
  }
  const failed = eventsOf(server, 'sign_in_failed')
  t.deepEqual(
    failed.map(({ reason, address }) => [reason, address]),
    [
      ['forged_header', '127.0.0.1'],
      ['invalid_header', '127.0.0.1'],
    ],
  )
})

test('a sign-in that the OpenID provider refuses, or that was never begun, has failed', async (t) => {
  const { server, provider } = await startOpenidSetting(t)
  const callback = (query: string, cookie = '') =>
    send(server.url, { method: 'GET', path: `${SIGN_IN}/callback?${query}`, headers: { cookie } })
  await callback('state=unknown&code=1')
  const begun = await send(server.url, { method: 'GET', path: SIGN_IN })
  const state = new URL(String(begun.headers.location)).searchParams.get('state') ?? ''
  const cookie = (begun.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ')
  const iss = String(provider.env['OIDC_ISSUER'])
  const query = new URLSearchParams({ state, error: 'access_denied', iss })
  t.is((await callback(query.toString(), cookie)).status, 400)
  t.deepEqual(
    eventsOf(server, 'sign_in_failed').map(({ reason, address }) => [reason, address]),
    [
      ['no_sign_in_started', '127.0.0.1'],
      ['provider_refused', '127.0.0.1'],
    ],
  )
})

test('a sign-in at an OpenID provider that is down has failed', async (t) => {
  const server = await startTestServer({
    SIGN_IN: 'oidc',
    OIDC_ISSUER: `http://127.0.0.1:${await freePort()}`,
    OIDC_CLIENT_ID: 'device-grant',
    OIDC_CLIENT_SECRET: 'hush',
  })
  t.teardown(server.stop)
  t.is((await send(server.url, { method: 'GET', path: SIGN_IN })).status, 503)
  t.like(eventsOf(server, 'sign_in_failed')[0], { reason: 'provider_unavailable' })
})

test('a flood of refusals is cut, and the number is logged at the end', async (t) => {
  const server = await startTestServer()
  for (let i = 0; i < 125; i++) await tryWrongCode(server)
  await logIn(server)
  await server.stop()
  t.is(eventsOf(server, 'wrong_user_code').length, 5)
  t.is(eventsOf(server, 'too_many_wrong_user_codes').length, 100)
  t.deepEqual(eventsOf(server, 'events_left_out')[0]?.['leftOut'], {
    too_many_wrong_user_codes: 20,
  })
  t.is(eventsOf(server, 'key_claimed').length, 1)
})

/** A receiver of webhooks, with the responses that it has not sent yet. */
const startReceiver = async () => {
  const open: ServerResponse[] = []
  let lost = 0
  const server = createServer((request, response) => {
    request.resume()
    response.once('close', () => {
      if (!response.writableEnded) lost += 1
    })
    open.push(response)
  })
  const url = await listen(server)
  return { url, open, lost: () => lost, close: () => server.close() }
}

const SECRET = `whsec_${Buffer.alloc(32, 'a secret').toString('base64')}`

test('a webhook that hangs slows no request, and gets every event once it answers', async (t) => {
  const receiver = await startReceiver()
  t.teardown(receiver.close)
  const server = await startTestServer({ WEBHOOK_URL: receiver.url, WEBHOOK_SECRET: SECRET })
  for (let i = 0; i < 5; i++) await logIn(server)
  t.is(eventsOf(server, 'key_claimed').length, 5)
  await eventually('the first messages', () => receiver.open.length === 4)
  t.is(receiver.lost(), 0, 'the logins ended while no message was answered or given up')
  let answered = 0
  await eventually('an approval and a pick-up of each login', () => {
    for (const response of receiver.open.splice(0)) {
      answered += 1
      response.writeHead(204).end()
    }
    return answered === 10
  })
  await server.stop()
  t.false(
    server.log.some((line) => line.includes('webhook')),
    'nothing failed or was dropped',
  )
})
