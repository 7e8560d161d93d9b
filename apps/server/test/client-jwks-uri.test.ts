import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { AUTHORIZE } from '@device-grant/test-support/endpoints'
import { membersOf } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import test, { type ExecutionContext } from 'ava'
import { newSigningKey, type SigningKey } from './client-assertion.ts'
import { type RegistryServer, startRegistryServer } from './registry-setting.ts'
import { asserting, jwksOf, registered, sendAs } from './sample-clients.ts'

type Respond = (request: IncomingMessage, response: ServerResponse) => void

const OLD = await newSigningKey('ES256', 'old')
const NEW = await newSigningKey('ES256', 'new')

const sendKeys =
  (...keys: readonly SigningKey[]): Respond =>
  (_request, response) =>
    void response.end(JSON.stringify(jwksOf(...keys)))

/** A server with one client, and the server of this client's keys. `fetch` takes one for the other. */
const start = async (t: ExecutionContext, uri = 'https://keys.example/jwks') => {
  const keyServer = createServer((request, response) => {
    state.loads += 1
    state.respond(request, response)
  })
  t.teardown(() => {
    keyServer.close()
    keyServer.closeAllConnections()
  })
  const origin = await listen(keyServer)
  const state = {
    loads: 0,
    respond: sendKeys(OLD),
    /** What the last request was made with. */
    init: undefined as RequestInit | undefined,
  }
  const server = await startRegistryServer(t, {
    clients: [registered('remote', { method: 'private_key_jwt', keys: { jwksUri: uri } })],
    fetch: (input, init) => {
      state.init = init
      return fetch(String(input).replace('https://keys.example', origin), init)
    },
  })
  return { server, state }
}

/** Asks for codes. Returns the error, or `codes`. */
const ask = async (server: RegistryServer, key: SigningKey): Promise<string> => {
  const assertion = await asserting({}, { clientId: 'remote', key })(server)
  return String(membersOf(await sendAs(server, AUTHORIZE, assertion))['error'] ?? 'codes')
}

test('the keys at a jwks_uri are loaded once, and again after ten minutes', async (t) => {
  const { server, state } = await start(t)
  t.deepEqual(await Promise.all([ask(server, OLD), ask(server, OLD)]), ['codes', 'codes'])
  server.clock.pass(599_999)
  t.is(await ask(server, OLD), 'codes')
  t.is(state.loads, 1)
  state.respond = sendKeys(NEW)
  server.clock.pass(1)
  t.is(await ask(server, OLD), 'invalid_client', 'the client has withdrawn this key')
  t.is(state.loads, 2)
})

test('an unknown key loads the keys again, once in half a minute at most', async (t) => {
  const { server, state } = await start(t)
  t.is(await ask(server, OLD), 'codes')
  state.respond = sendKeys(OLD, NEW)
  for (let requests = 0; requests < 3; requests++) {
    t.is(await ask(server, NEW), 'invalid_client')
  }
  t.is(state.loads, 1)
  server.clock.pass(30_000)
  t.is(await ask(server, NEW), 'codes')
  t.is(await ask(server, OLD), 'codes')
  t.is(await ask(server, { ...NEW, kid: 'third' }), 'invalid_client')
  t.is(state.loads, 2)
})

test('a request for keys follows no redirect, and can be aborted', async (t) => {
  const { server, state } = await start(t)
  t.is(await ask(server, OLD), 'codes')
  t.is(state.init?.redirect, 'error')
  t.true(state.init?.signal instanceof AbortSignal)
})

const DOWN: Readonly<Record<string, Respond>> = {
  'a redirect': (request, response) =>
    request.url === '/jwks'
      ? response.writeHead(302, { location: '/other' }).end()
      : sendKeys(OLD)(request, response),
  'an error': (_request, response) => response.writeHead(500).end(JSON.stringify(jwksOf(OLD))),
  'a broken connection': (request) => request.socket.destroy(),
  'no JSON': (_request, response) => response.end('<html>'),
  'no key set': (_request, response) => response.end('[]'),
  'more than 64 KiB': (_request, response) =>
    response.end(JSON.stringify({ ...jwksOf(OLD), padding: 'p'.repeat(64 * 1_024) })),
}

for (const [what, respond] of Object.entries(DOWN)) {
  test(`a jwks_uri that answers with ${what} is an outage`, async (t) => {
    const { server, state } = await start(t)
    state.respond = respond
    t.is(await ask(server, OLD), 'temporarily_unavailable')
    const [error] = server.errors
    t.true(error instanceof Error)
    t.is((error as Error).message, 'No keys could be loaded from https://keys.example/jwks')
    state.respond = sendKeys(OLD)
    const { loads } = state
    t.is(await ask(server, OLD), 'temporarily_unavailable', 'no attempt follows at once')
    t.is(state.loads, loads)
    server.clock.pass(5_000)
    t.is(await ask(server, OLD), 'codes')
  })
}

test('a jwks_uri without TLS is not loaded', async (t) => {
  const { server, state } = await start(t, 'http://keys.example/jwks')
  t.is(await ask(server, OLD), 'temporarily_unavailable')
  t.is(state.loads, 0)
})
