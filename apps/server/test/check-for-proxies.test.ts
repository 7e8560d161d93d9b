import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import { TOKENS } from '@device-grant/core'
import { bearer } from '@device-grant/test-support/authorization-header'
import { authorize, pickUp } from '@device-grant/test-support/device'
import { type ConnectionManager, hasEnvoy, startEnvoy } from '@device-grant/test-support/envoy'
import { membersOf, send } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import { hasNginx, startNginx } from '@device-grant/test-support/nginx'
import { decide } from '@device-grant/test-support/person'
import test from 'ava'
import { parse } from 'yaml'
import { breakStore } from './break-store.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const CHECK = '/oauth/device/check'

let server: TestServer
test.before(async () => {
  server = await startTestServer()
})
test.after.always(() => server.stop())

const aKey = async (scope?: string, person = 'alice', on = server): Promise<string> => {
  const codes = await authorize(on.url, { client_id: 'cli', ...(scope ? { scope } : {}) })
  await decide(on.url, codes.user_code, 'approve', person)
  return pickUp(on.url, codes.device_code)
}

test('a working key is 204 with its owner, whatever the method, the path below and the body', async (t) => {
  const key = await aKey('read write', 'alice')
  for (const [method, path, body] of [
    ['GET', CHECK, ''],
    ['HEAD', CHECK, ''],
    ['POST', `${CHECK}/api/reports?access_token=x`, 'a=1'],
    ['PUT', `${CHECK}/%2f%zz/`, '{'],
    ['DELETE', `${CHECK}?x=1`, ''],
    ['OPTIONS', CHECK, ''],
  ] as const) {
    const answer = await send(server.url, { method, path, body, headers: bearer(key) })
    t.is(answer.status, 204, `${method} ${path}`)
    t.is(answer.headers['x-auth-user'], 'alice')
    t.is(answer.headers['x-auth-scope'], 'read%20write')
    t.regex(String(answer.headers['x-auth-key-id']), /^[0-9A-Za-z]{22}$/)
    t.is(answer.headers['cache-control'], 'no-store')
    t.is(answer.text, '')
  }
})

test('Envoy gets 200, which is the only status that it takes for a pass', async (t) => {
  const headers = { ...bearer(await aKey()), 'x-envoy-expected-rq-timeout-ms': '2000' }
  const answer = await send(server.url, { method: 'POST', path: `${CHECK}/x`, body: 'a', headers })
  t.is(answer.status, 200)
  t.is(answer.headers['x-auth-user'], 'alice')
  t.is(answer.text, '')
})

test('the path must match exactly, or be below', async (t) => {
  const headers = bearer(await aKey())
  for (const path of [`${CHECK}s`, '/oauth/device/Check', '/check']) {
    t.is((await send(server.url, { method: 'GET', path, headers })).status, 404, path)
  }
})

test('a key that does not work is 401 with a challenge, also if it was sent wrongly', async (t) => {
  const key = await aKey()
  const cases: readonly (readonly [Record<string, string | string[]>, string | undefined])[] = [
    [{}, undefined],
    [{ authorization: 'Basic YTpi' }, undefined],
    [{ ...bearer('dg_none') }, 'invalid_token'],
    [{ ...bearer(key.replace(/.$/, (last) => (last === '0' ? '1' : '0'))) }, 'invalid_token'],
    [{ authorization: 'Bearer' }, 'invalid_request'],
    [{ authorization: [`Bearer ${key}`, `Bearer ${key}`] }, 'invalid_request'],
  ]
  for (const [headers, error] of cases) {
    const answer = await send(server.url, { method: 'GET', path: CHECK, headers })
    t.is(answer.status, 401)
    const challenge = answer.headers['www-authenticate'] ?? ''
    t.is(/error="([a-z_]+)"/.exec(challenge)?.[1], error)
    t.is(answer.headers['x-auth-user'], undefined)
  }
})

test('the proxy says which scope and resource are needed', async (t) => {
  const key = await aKey('read')
  const ask = (headers: Readonly<Record<string, string>>) =>
    send(server.url, { method: 'GET', path: CHECK, headers: { ...bearer(key), ...headers } })
  t.is((await ask({ 'x-required-scope': 'read' })).status, 204)
  t.is((await ask({ 'x-required-scope': '' })).status, 204)
  const refused = await ask({ 'x-required-scope': 'read write' })
  t.is(refused.status, 403)
  t.is(membersOf(refused)['error'], 'insufficient_scope')
  t.is((await ask({ 'x-required-resource': 'https://api.example.com' })).status, 204)
})

test('values are percent-encoded, so that no two owners look alike', async (t) => {
  for (const [person, encoded] of [
    ['ann@example.com', 'ann@example.com'],
    ['Müller', 'M%C3%BCller'],
    ['a%20b', 'a%2520b'],
  ] as const) {
    const key = await aKey('read', person)
    const answer = await send(server.url, { method: 'GET', path: CHECK, headers: bearer(key) })
    t.is(answer.headers['x-auth-user'], encoded)
  }
})

test('a store that is down is 503', async (t) => {
  const broken = await startTestServer()
  t.teardown(broken.stop)
  const key = await aKey('read', 'alice', broken)
  const repair = breakStore(broken, TOKENS.ApiKeys)
  const answer = await send(broken.url, { method: 'GET', path: CHECK, headers: bearer(key) })
  t.is(answer.status, 503)
  t.is(answer.headers['retry-after'], '5')
  repair()
})

const documented = (): Promise<string> =>
  readFile(new URL('../../../docs/services.md', import.meta.url), 'utf8')

/** The nginx configuration that the documentation shows, with other ports. */
const documentedNginx = async (service: string, deviceGrant: string): Promise<string> => {
  const [, block = ''] = /```nginx\n([^`]*)```/.exec(await documented()) ?? []
  return block
    .replace('http://127.0.0.1:8080', service)
    .replace('http://127.0.0.1:3000', deviceGrant)
}

/** The members of Envoy's connection manager that the documentation shows. */
const documentedEnvoy = async (): Promise<ConnectionManager> => {
  const [, block = ''] = /### Envoy\n\n```yaml\n(.*?)```/s.exec(await documented()) ?? []
  return parse(block)
}

/** Headers that only the proxy may set. */
const FORGED = {
  'x-auth-user': 'mallory',
  'x-auth-scope': ['admin', 'root'],
  'x-auth-key-id': 'x',
  x_auth_user: 'mallory',
  'x-required-scope': 'read',
  'x-required-resource': 'y',
}

const PROXIES = {
  nginx: {
    has: hasNginx('auth_request in front of a service'),
    start: async (service: string, deviceGrant: string) =>
      startNginx(await documentedNginx(service, deviceGrant)),
    onOutage: 500,
  },
  Envoy: {
    has: hasEnvoy('ext_authz in front of a service'),
    start: async (service: string, deviceGrant: string) =>
      startEnvoy(await documentedEnvoy(), service, { 'device-grant': deviceGrant }),
    onOutage: 503,
  },
}

for (const [name, { has, start, onOutage }] of Object.entries(PROXIES)) {
  const proxyTest = has ? test : test.skip
  proxyTest(`${name} in front of a service lets only keys with the scope pass`, async (t) => {
    const seen: IncomingMessage[] = []
    const service = createServer((request, response) => {
      seen.push(request)
      request.pipe(response)
    })
    const serviceUrl = await listen(service)
    t.teardown(() => service.close())
    const own = await startTestServer()
    t.teardown(own.stop)
    const proxy = await start(serviceUrl, own.url)
    t.teardown(proxy.stop)
    const ask = (path: string, headers: OutgoingHttpHeaders, body = '') =>
      send(proxy.url, { method: body ? 'PUT' : 'GET', path, headers, body })

    const noKey = await ask('/api/x', FORGED)
    t.is(noKey.status, 401)
    t.regex(noKey.headers['www-authenticate'] ?? '', /^Bearer realm=/)
    const unknown = await ask('/api/x', { ...FORGED, ...bearer('dg_none') })
    t.is(unknown.status, 401)
    t.regex(unknown.headers['www-authenticate'] ?? '', /error="invalid_token"/)
    const otherKey = await aKey('read', 'alice', own)
    t.is((await ask('/api/x', { ...FORGED, ...bearer(otherKey) })).status, 403)
    t.deepEqual(seen, [])

    const key = await aKey('reports:read', 'Müller', own)
    for (const [path, body] of [
      ['/', ''],
      [`/api/x?access_token=${otherKey}`, `access_token=${otherKey}`],
      ['//oauth/device/token?a=%2f', '{'],
    ] as const) {
      const passed = await ask(path, { ...FORGED, ...bearer(key) }, body)
      t.is(passed.status, 200, path)
      t.is(passed.text, body)
      t.is(passed.headers['x-auth-user'], undefined)
      const { url, headers } = seen.pop() ?? {}
      t.is(url, path)
      t.is(headers?.['x-auth-user'], 'M%C3%BCller')
      t.is(headers?.['x-auth-scope'], 'reports:read')
      t.regex(String(headers?.['x-auth-key-id']), /^[0-9A-Za-z]{22}$/)
      for (const absent of ['x_auth_user', 'x-required-scope', 'x-required-resource']) {
        t.is(headers?.[absent], undefined, absent)
      }
    }

    const unseenKey = await aKey('reports:read', 'alice', own)
    breakStore(own, TOKENS.ApiKeys)
    t.is((await ask('/', bearer(unseenKey))).status, onOutage)
    await own.stop()
    t.is((await ask('/', bearer(key))).status, onOutage)
    t.deepEqual(seen, [])
  })
}
