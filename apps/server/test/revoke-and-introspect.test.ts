import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TOKENS } from '@device-grant/core'
import { basic, bearer } from '@device-grant/test-support/authorization-header'
import { poll } from '@device-grant/test-support/device'
import { AUTHORIZE, INTROSPECT, REVOKE, WHOAMI } from '@device-grant/test-support/endpoints'
import { type Answer, FORM, membersOf, post, send } from '@device-grant/test-support/http-exchange'
import { decide } from '@device-grant/test-support/person'
import test, { type ExecutionContext } from 'ava'
import * as oauth from 'oauth4webapi'
import { breakStore } from './break-store.ts'
import { hashOf } from './sample-clients.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const API = 'https://api.example.com'
const OTHER_API = 'https://other.example.com'
const SECRET = 'a secret of the service'

const publicClient = (client_id: string) => ({ client_id, token_endpoint_auth_method: 'none' })
const service = (client_id: string, more: object = {}) => ({
  client_id,
  token_endpoint_auth_method: 'client_secret_basic',
  client_secret_hashes: [`sha256:${hashOf(SECRET)}`],
  ...more,
})

const CLIENTS = [
  publicClient('cli'),
  publicClient('other'),
  service('confidential'),
  service('gateway', { introspect: true }),
  service('for api', { introspect: true, resources: [API] }),
]

const startWithClients = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>> = {},
): Promise<TestServer> => {
  const folder = await mkdtemp(join(tmpdir(), 'clients-'))
  const path = join(folder, 'clients.json')
  await writeFile(path, JSON.stringify({ clients: CLIENTS }))
  const server = await startTestServer({ CLIENTS_FILE: path, ...env })
  t.teardown(async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  })
  return server
}

const aKey = async (
  { url }: TestServer,
  parameters: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
) => {
  const asked = await post(url, AUTHORIZE, { client_id: 'cli', ...parameters }, headers)
  const codes = membersOf(asked)
  await decide(url, String(codes['user_code']), 'approve', 'ann')
  const answer = await poll(url, String(codes['device_code']), parameters)
  return String(membersOf(answer)['access_token'])
}

const works = async ({ url }: TestServer, key: string): Promise<boolean> =>
  (await send(url, { method: 'GET', path: WHOAMI, headers: bearer(key) })).status === 200

/** The same id with another secret, and a checksum of its own. */
const wrongChecksum = (key: string): string =>
  key.replace(/.$/, (last) => (last === '0' ? '1' : '0'))

test('a client revokes its key, and the answer is the same for every key that does not work', async (t) => {
  const server = await startWithClients(t)
  const key = await aKey(server)
  const revoke = (token: string, more: Readonly<Record<string, string>> = {}) =>
    post(server.url, REVOKE, { token, client_id: 'cli', ...more })
  t.true(await works(server, key))
  for (const token of [wrongChecksum(key), 'unknown', `${key}x`]) {
    const answer = await revoke(token)
    t.is(answer.status, 200)
    t.is(answer.text, '')
    t.true(await works(server, key), 'a wrong secret changes nothing')
  }
  for (const hint of ['access_token', 'refresh_token', 'anything']) {
    const answer = await revoke(key, { token_type_hint: hint })
    t.is(answer.status, 200)
    t.is(answer.text, '')
    t.is(answer.headers['cache-control'], 'no-store')
    t.false(await works(server, key))
  }
})

test('a client cannot revoke the key of another client', async (t) => {
  const server = await startWithClients(t)
  const key = await aKey(server)
  const answer = await post(server.url, REVOKE, { token: key, client_id: 'other' })
  t.is(answer.status, 400)
  t.is(membersOf(answer)['error'], 'invalid_grant')
  t.true(await works(server, key))
})

test('the client is authenticated before the key is looked at', async (t) => {
  const server = await startWithClients(t)
  const key = await aKey(server)
  for (const [parameters, headers, status, error] of [
    [{ token: key }, {}, 400, 'invalid_request'],
    [{ token: key, client_id: 'unknown' }, {}, 400, 'invalid_client'],
    [{ token: key, client_id: 'confidential' }, {}, 400, 'invalid_client'],
    [{ client_id: 'unknown' }, {}, 400, 'invalid_client'],
    [{ client_id: 'cli' }, {}, 400, 'invalid_request'],
    [{ token: '', client_id: 'cli' }, {}, 400, 'invalid_request'],
    [{ token: key }, basic(`confidential:${SECRET}`), 400, 'invalid_grant'],
  ] as const) {
    const answer = await post(server.url, REVOKE, parameters, headers)
    t.is(answer.status, status)
    t.is(membersOf(answer)['error'], error)
    t.true(await works(server, key))
  }
})

test('a key belongs in the body, and only POST revokes', async (t) => {
  const server = await startWithClients(t)
  const key = await aKey(server)
  const headers = { 'content-type': FORM }
  for (const [method, path, body, status] of [
    ['POST', `${REVOKE}?token=${key}`, 'client_id=cli', 400],
    ['POST', `${REVOKE}?token=${key}`, `client_id=cli&token=${key}`, 400],
    ['POST', REVOKE, `client_id=cli&token=${key}&token=${key}`, 400],
    ['GET', `${REVOKE}?token=${key}&client_id=cli`, '', 405],
  ] as const) {
    const answer = await send(server.url, { method, path, body, headers })
    t.is(answer.status, status, `${method} ${path}`)
    t.false(answer.text.includes(key))
    t.true(await works(server, key))
  }
})

test('without a registry any caller that has a key revokes it', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const asked = membersOf(await post(server.url, AUTHORIZE))
  await decide(server.url, String(asked['user_code']), 'approve', 'ann')
  const token = await post(server.url, '/oauth/device/token', {
    device_code: String(asked['device_code']),
  })
  const key = String(membersOf(token)['access_token'])
  t.is((await post(server.url, REVOKE, { token: key })).status, 200)
  t.false(await works(server, key))
  const introspected = await post(server.url, INTROSPECT, { token: key })
  t.is(introspected.status, 404, 'no service is registered')
})

test('a store that is down is 503 for both, and the key works on', async (t) => {
  const server = await startWithClients(t)
  const key = await aKey(server)
  const repair = breakStore(server, TOKENS.ApiKeys)
  const revoked = await post(server.url, REVOKE, { token: key, client_id: 'cli' })
  const asked = await post(server.url, INTROSPECT, { token: key }, basic(`gateway:${SECRET}`))
  for (const answer of [revoked, asked]) {
    t.is(answer.status, 503)
    t.is(answer.headers['retry-after'], '5')
    t.is(membersOf(answer)['error'], 'temporarily_unavailable')
  }
  repair()
  t.true(await works(server, key))
})

const introspect = (
  { url }: TestServer,
  token: string,
  headers: Readonly<Record<string, string>> = basic(`gateway:${SECRET}`),
): Promise<Answer> => post(url, INTROSPECT, { token }, headers)

test('a registered service asks whose a key is', async (t) => {
  const server = await startWithClients(t)
  const key = await aKey(server, { scope: 'read write' })
  const answer = await introspect(server, key)
  t.is(answer.status, 200)
  t.is(answer.headers['cache-control'], 'no-store')
  const now = Math.floor(server.clock.now() / 1_000)
  const { jti, ...members } = membersOf(answer)
  t.deepEqual(members, {
    active: true,
    scope: 'read write',
    client_id: 'cli',
    sub: 'ann',
    username: 'ann',
    token_type: 'Bearer',
    exp: now + 86_400,
    iat: now,
    iss: server.url,
  })
  t.is(jti, key.slice(3, 25), 'the id of the key')
  const keys = await server.useCases.listApiKeys({ owner: 'ann' })
  t.is(keys.keys[0]?.status, 'active', 'it counts as a use')
})

test('every key that a service may not know of is inactive, byte for byte', async (t) => {
  const server = await startWithClients(t, { RESOURCES: `${API},${OTHER_API}` })
  const revoked = await aKey(server)
  await post(server.url, REVOKE, { token: revoked, client_id: 'cli' })
  const working = await aKey(server)
  const elsewhere = await aKey(server, { resource: OTHER_API })
  const forApi = basic(`for+api:${SECRET}`)
  for (const [token, headers] of [
    ['unknown', undefined],
    [revoked, undefined],
    [wrongChecksum(working), undefined],
    [elsewhere, forApi],
  ] as const) {
    const answer = await introspect(server, token, headers)
    t.is(answer.status, 200)
    t.is(answer.text, '{"active":false}')
  }
  t.is(membersOf(await introspect(server, working, forApi))['active'], true)
  const here = await aKey(server, { resource: API })
  const answer = membersOf(await introspect(server, here, forApi))
  t.deepEqual(answer['aud'], [API])
  t.is(membersOf(await introspect(server, elsewhere))['active'], true)
})

test('only services that are registered for it and authenticate may ask', async (t) => {
  const server = await startWithClients(t)
  const key = await aKey(server)
  for (const [parameters, headers, status] of [
    [{ token: key }, {}, 401],
    [{ token: key, client_id: 'cli' }, {}, 401],
    [{ token: key }, basic(`confidential:${SECRET}`), 401],
    [{ token: key }, basic('gateway:wrong'), 401],
    [{ token: key }, bearer(key), 401],
    [{}, basic(`gateway:${SECRET}`), 400],
    [{}, basic(`confidential:${SECRET}`), 401],
    [{ token: key, client_id: 'unknown' }, {}, 401],
    [{ token: key, client_id: 'gateway' }, {}, 401],
    [{ token: key, client_id: 'gateway', client_secret: 'wrong' }, {}, 401],
    [{ token: key, client_assertion: 'unreadable' }, {}, 401],
    [{ token: key, client_secret: SECRET }, basic(`gateway:${SECRET}`), 400],
    [{ token: key, client_id: 'cli' }, basic(`gateway:${SECRET}`), 400],
  ] as const) {
    const answer = await post(server.url, INTROSPECT, parameters, headers)
    t.is(answer.status, status, JSON.stringify(headers))
    t.false(answer.text.includes('active'))
    t.is(membersOf(answer)['error'], status === 401 ? 'invalid_client' : 'invalid_request')
    if (status === 401) t.regex(answer.headers['www-authenticate'] ?? '', /^Basic realm=/)
    else t.is(answer.headers['www-authenticate'], undefined)
  }
})

test('the metadata name both endpoints and their methods', async (t) => {
  const server = await startWithClients(t)
  const path = '/.well-known/oauth-authorization-server'
  const metadata = membersOf(await send(server.url, { method: 'GET', path }))
  const methods = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt']
  t.is(metadata['revocation_endpoint'], server.url + REVOKE)
  t.deepEqual(metadata['revocation_endpoint_auth_methods_supported'], methods)
  t.is(metadata['introspection_endpoint'], server.url + INTROSPECT)
  t.deepEqual(metadata['introspection_endpoint_auth_methods_supported'], methods.slice(1))
  for (const name of ['revocation', 'introspection', 'token']) {
    const algorithms = metadata[`${name}_endpoint_auth_signing_alg_values_supported`]
    t.true((algorithms as string[]).includes('ES256'))
  }
})

test('a client asks for resources, several at once, and a poll for some of them', async (t) => {
  const server = await startWithClients(t, { RESOURCES: `${API},${OTHER_API}` })
  const headers = { 'content-type': FORM }
  const two = `client_id=cli&resource=${API}&resource=${OTHER_API}`
  const asked = await send(server.url, { path: AUTHORIZE, body: two, headers })
  const codes = membersOf(asked)
  const wrong = await send(server.url, {
    path: AUTHORIZE,
    body: `client_id=cli&resource=${API}&resource=https://unknown.example`,
    headers,
  })
  t.is(wrong.status, 400)
  t.is(membersOf(wrong)['error'], 'invalid_target')
  await decide(server.url, String(codes['user_code']), 'approve', 'ann')
  const device_code = String(codes['device_code'])
  const refused = await poll(server.url, device_code, { resource: 'urn:unknown' })
  t.is(refused.status, 400)
  t.is(membersOf(refused)['error'], 'invalid_target')
  const key = String(
    membersOf(await poll(server.url, device_code, { resource: API }))['access_token'],
  )
  t.deepEqual(membersOf(await introspect(server, key))['aud'], [API])
  t.false(await works(server, key), 'the API of the server is another resource')
})

test('a client that knows only the API finds its way to a key', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const own = `${server.url}/api`
  const insecure = { [oauth.allowInsecureRequests]: true }
  const response = await fetch(`${server.url}${WHOAMI}`)
  t.is(response.status, 401)
  const challenge = response.headers.get('www-authenticate') ?? ''
  const [, metadataUrl = ''] = /resource_metadata="([^"]+)"/.exec(challenge) ?? []
  t.is(metadataUrl, `${server.url}/.well-known/oauth-protected-resource/api`)
  const resource = await oauth.processResourceDiscoveryResponse(
    new URL(own),
    await oauth.resourceDiscoveryRequest(new URL(own), insecure),
  )
  const issuer = new URL(resource.authorization_servers?.[0] ?? '')
  const as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure }),
  )
  const client = { client_id: 'cli' }
  const codes = await oauth.processDeviceAuthorizationResponse(
    as,
    client,
    await oauth.deviceAuthorizationRequest(as, client, oauth.None(), { resource: own }, insecure),
  )
  await decide(server.url, codes.user_code, 'approve', 'ann')
  const token = await oauth.processDeviceCodeResponse(
    as,
    client,
    await oauth.deviceCodeGrantRequest(as, client, oauth.None(), codes.device_code, insecure),
  )
  t.true(await works(server, token.access_token))
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, oauth.None(), token.access_token, insecure),
  )
  t.false(await works(server, token.access_token))
})
