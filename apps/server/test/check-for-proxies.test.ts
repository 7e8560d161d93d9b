import { readFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { TOKENS } from '@device-grant/core'
import { bearer } from '@device-grant/test-support/authorization-header'
import { authorize, pickUp } from '@device-grant/test-support/device'
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

/** The nginx configuration that the documentation shows, with other ports. */
const documented = async (service: string, deviceGrant: string): Promise<string> => {
  const page = await readFile(new URL('../../../docs/services.md', import.meta.url), 'utf8')
  const [, block = ''] = /```nginx\n([^`]*)```/.exec(page) ?? []
  return block
    .replace('http://127.0.0.1:8080', service)
    .replace('http://127.0.0.1:3000', deviceGrant)
}

const nginxTest = hasNginx('auth_request in front of a service') ? test : test.skip

nginxTest('nginx in front of a service lets only keys with the scope pass', async (t) => {
  const seen: IncomingHttpHeaders[] = []
  const service = createServer((request, response) => {
    seen.push(request.headers)
    request.resume()
    response.end('reports')
  })
  const serviceUrl = await listen(service)
  t.teardown(() => service.close())
  const nginx = await startNginx(await documented(serviceUrl, server.url))
  t.teardown(nginx.stop)
  const ask = (headers: Readonly<Record<string, string>>, body = '') =>
    send(nginx.url, { method: body ? 'POST' : 'GET', path: '/api/x?y=1', headers, body })
  const forged = {
    'x-auth-user': 'mallory',
    'x-auth-scope': 'admin',
    'x-auth-key-id': 'x',
    'x-required-scope': 'read',
    'x-required-resource': 'y',
  }
  const refused = await ask(forged)
  t.is(refused.status, 401)
  t.regex(refused.headers['www-authenticate'] ?? '', /^Bearer realm=/)
  t.is((await ask({ ...forged, ...bearer(await aKey('read')) })).status, 403)
  t.deepEqual(seen, [])
  const key = await aKey('reports:read', 'alice')
  const passed = await ask({ ...forged, ...bearer(key) }, 'a body')
  t.is(passed.status, 200)
  t.is(passed.text, 'reports')
  const [headers] = seen
  t.is(headers?.['x-auth-user'], 'alice')
  t.is(headers?.['x-auth-scope'], 'reports:read')
  t.regex(String(headers?.['x-auth-key-id']), /^[0-9A-Za-z]{22}$/)
  t.is(headers?.['x-required-scope'], undefined)
  t.is(headers?.['x-required-resource'], undefined)
})

interface EnvoyFilters {
  readonly http_filters: readonly {
    readonly name: string
    readonly typed_config: {
      readonly mutations?: {
        readonly request_mutations: readonly { readonly remove: string }[]
      }
      readonly failure_mode_allow?: boolean
      readonly http_service?: {
        readonly path_prefix: string
        readonly authorization_request: {
          readonly headers_to_add: readonly { readonly key: string }[]
        }
        readonly authorization_response: {
          readonly allowed_upstream_headers: { readonly patterns: readonly unknown[] }
        }
      }
    }
  }[]
}

test('the documented Envoy removes every header from outside before it asks', async (t) => {
  const page = await readFile(new URL('../../../docs/services.md', import.meta.url), 'utf8')
  const [, yaml = ''] = /### Envoy\n\n```yaml\n(.*?)```/s.exec(page) ?? []
  const { http_filters: filters } = parse(yaml) as EnvoyFilters
  const [first, second, ...others] = filters.map(({ typed_config }) => typed_config)
  t.is(others.length, 0)
  const removed = first?.mutations?.request_mutations.map(({ remove }) => remove) ?? []
  const documented = [...page.matchAll(/`(X-(?:Auth|Required)-[A-Za-z-]+)`/g)]
  t.deepEqual(
    removed.toSorted(),
    [...new Set(documented.map(([, name = '']) => name.toLowerCase()))].sort(),
  )
  t.is(second?.failure_mode_allow, false)
  t.is(second?.http_service?.path_prefix, CHECK)
  const added = second?.http_service?.authorization_request.headers_to_add
  t.deepEqual(
    added?.map(({ key }) => key),
    ['x-required-scope'],
  )
  const passedOn = second?.http_service?.authorization_response.allowed_upstream_headers
  t.deepEqual(passedOn?.patterns, [{ prefix: 'x-auth-' }])
})
