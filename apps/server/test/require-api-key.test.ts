import { createServer } from 'node:http'
import { crc32 } from 'node:zlib'
import { createMemoryStores, createUseCases, TOKENS } from '@device-grant/core'
import { requireApiKey } from '@device-grant/http-koa'
import { basic, bearer } from '@device-grant/test-support/authorization-header'
import { TestClock } from '@device-grant/test-support/clock'
import { authorize, pickUp } from '@device-grant/test-support/device'
import { WHOAMI } from '@device-grant/test-support/endpoints'
import { type Answer, FORM, membersOf, send } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import { listen } from '@device-grant/test-support/loopback'
import { decide } from '@device-grant/test-support/person'
import { whoami } from '@device-grant/test-support/whoami'
import test from 'ava'
import Koa from 'koa'
import { breakStore } from './break-store.ts'
import { startTestServer, type TestServer } from './test-server.ts'

let server: TestServer
test.before(async () => {
  server = await startTestServer()
})
test.after.always(() => server.stop())

const aKey = async (
  parameters: Readonly<Record<string, string>> = {},
  person = 'alice',
): Promise<string> => {
  const codes = await authorize(server.url, { client_id: 'cli', ...parameters })
  await decide(server.url, codes.user_code, 'approve', person)
  return pickUp(server.url, codes.device_code)
}

const ask = (
  headers: Readonly<Record<string, string | string[]>> = {},
  path = WHOAMI,
  method = 'GET',
): Promise<Answer> => send(server.url, { method, path, headers })

/** The challenge of an answer. BT-7: every attribute once, in characters that RFC 6750 section 3 allows. */
const challengeOf = (answer: Answer): Record<string, string> => {
  const header = answer.headers['www-authenticate'] ?? ''
  const attributes: Record<string, string> = {}
  const [, list] = /^Bearer (.+)$/.exec(header) ?? []
  for (const part of (list ?? '').split(', ')) {
    const [, name, value] = /^([a-z_]+)="([\x20-\x21\x23-\x5b\x5d-\x7e]*)"$/.exec(part) ?? []
    if (name === undefined || value === undefined || name in attributes) throw new Error(header)
    attributes[name] = value
  }
  return attributes
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** A key with the same id, another secret, and a checksum that holds. */
const withOtherSecret = (key: string): string => {
  const body = key.slice(0, -6).replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))
  let rest = crc32(body)
  let checksum = ''
  for (let i = 0; i < 6; i++) {
    checksum = BASE62.charAt(rest % 62) + checksum
    rest = Math.floor(rest / 62)
  }
  return body + checksum
}

test.serial('whoami answers the owner of the key, and nothing else', async (t) => {
  const key = await aKey({ scope: 'read write' })
  const reply = await whoami(server.url, key)
  t.is(reply.status, 200)
  t.is(reply.headers['cache-control'], 'no-store')
  t.regex(reply.headers['content-type'] ?? '', /^application\/json/)
  const body = membersOf(reply)
  const { id, name } = body['key'] as Record<string, string>
  t.regex(id ?? '', /^[0-9A-Za-z]{22}$/)
  t.true(key.startsWith(`dg_${id}_`), 'a key names itself')
  t.regex(name ?? '', /^Device Link Access Key \([A-Z]{4}-[A-Z]{4}\)$/)
  t.deepEqual(body, {
    user: 'alice',
    key: { id, name },
    scope: 'read write',
    expires_at: new Date(server.clock.now() + 86_400_000).toISOString(),
  })
  const bare = membersOf(await whoami(server.url, await aKey()))
  t.deepEqual(Object.keys(bare), ['user', 'key', 'expires_at'])
})

test.serial('BT-1: the scheme is read in any case', async (t) => {
  const key = await aKey()
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer ']) {
    t.is((await ask({ authorization: `${scheme} ${key}` })).status, 200)
  }
})

test.serial('BT-2, BT-6: a request without a key is 401 and names no error', async (t) => {
  const key = await aKey()
  for (const [headers, path] of [
    [{}, WHOAMI],
    [{}, `${WHOAMI}?access_token=${key}`],
    [basic('a:b'), WHOAMI],
    [{ authorization: key }, WHOAMI],
    [{ authorization: 'Bearerx y' }, WHOAMI],
    [{ cookie: `access_token=${key}` }, WHOAMI],
  ] as const) {
    const reply = await ask(headers, path)
    t.is(reply.status, 401, reply.text)
    t.deepEqual(challengeOf(reply), {
      realm: 'device-grant',
      resource_metadata: `${server.url}/.well-known/oauth-protected-resource/api`,
    })
    t.regex(reply.headers['content-type'] ?? '', /^application\/json/)
    t.is(reply.headers['cache-control'], 'no-store')
  }
})

test.serial('BT-5: several keys and malformed headers are 400 invalid_request', async (t) => {
  const key = await aKey()
  for (const [headers, path] of [
    [{ authorization: `Bearer ${key}` }, `${WHOAMI}?access_token=${key}`],
    [{ authorization: [`Bearer ${key}`, `Bearer ${key}`] }, WHOAMI],
    [{ authorization: 'Bearer' }, WHOAMI],
    [{ authorization: 'Bearer ' }, WHOAMI],
    [{ authorization: `Bearer ${key} ${key}` }, WHOAMI],
    [{ authorization: `Bearer "${key}"` }, WHOAMI],
    [{ authorization: 'Bearer \u00e9' }, WHOAMI],
    [{ authorization: `Bearer ${key},${key}` }, WHOAMI],
  ] as const) {
    const reply = await ask(headers as Record<string, string | string[]>, path)
    t.is(reply.status, 400, JSON.stringify(headers))
    t.is(challengeOf(reply)['error'], 'invalid_request')
    t.is(membersOf(reply)['error'], 'invalid_request')
  }
})

test.serial(
  'BT-3: keys that are mistyped, unknown, expired or revoked are 401 invalid_token',
  async (t) => {
    const revoked = await aKey({}, 'bob')
    t.is((await whoami(server.url, revoked)).status, 200)
    await server.useCases.revokeAllApiKeys('bob')
    const gone = await whoami(server.url, revoked)
    t.is(gone.status, 401)
    t.like(challengeOf(gone), { error: 'invalid_token', error_description: 'The key was revoked' })
    const other = await whoami(server.url, withOtherSecret(revoked))
    t.is(challengeOf(other)['error_description'], 'The key is unknown', 'an id tells nothing')
    const good = await aKey()
    const wrongSecret = await whoami(server.url, withOtherSecret(good))
    t.is(wrongSecret.status, 401)
    t.is(challengeOf(wrongSecret)['error_description'], 'The key is unknown')
    t.is((await whoami(server.url, good)).status, 200)
    const changed = `${good.slice(0, -1)}${good.endsWith('a') ? 'b' : 'a'}`
    for (const wrong of [changed, 'dg_', 'x', `${good}=`, good.slice(3), good.toUpperCase()]) {
      const reply = await whoami(server.url, wrong)
      t.is(reply.status, 401)
      t.is(challengeOf(reply)['error'], 'invalid_token')
      t.is(membersOf(reply)['error'], 'invalid_token')
    }
    server.clock.pass(86_400_000)
    const late = await whoami(server.url, good)
    t.is(late.status, 401)
    t.like(challengeOf(late), { error: 'invalid_token', error_description: 'The key has expired' })
  },
)

test.serial('a key is 503 while the store is down, and works again later', async (t) => {
  const key = await aKey()
  const back = breakStore(server, TOKENS.ApiKeys)
  const reply = await whoami(server.url, key)
  t.is(reply.status, 503)
  t.is(reply.headers['retry-after'], '5')
  t.is(reply.headers['www-authenticate'], undefined)
  t.is(membersOf(reply)['error'], 'temporarily_unavailable')
  const malformed = await ask({ authorization: 'Bearer x' })
  t.is(malformed.status, 401, 'a text that cannot be a key needs no store')
  back()
  t.is((await whoami(server.url, key)).status, 200)
  t.false(server.log.join().includes(key))
})

test.serial('healthz and readyz report a process whose stores are up', async (t) => {
  for (const [path, body] of [
    ['/healthz', { status: 'ok' }],
    ['/readyz', { status: 'ready' }],
    ['/status', { status: 'ok', up: [], down: [] }],
  ] as const) {
    const reply = await ask({}, path)
    t.is(reply.status, 200)
    t.is(reply.headers['cache-control'], 'no-store')
    t.deepEqual(membersOf(reply), body)
    t.is((await ask({}, path, 'HEAD')).status, 200)
  }
})

test.serial('only GET and HEAD are allowed for operators and services', async (t) => {
  for (const path of ['/', '/healthz', '/readyz', '/status', WHOAMI]) {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const reply = await ask({}, path, method)
      t.is(reply.status, 405)
      t.is(reply.headers.allow, 'GET, HEAD')
    }
  }
  t.is((await ask({}, '/nothing')).status, 404)
})

test('BT-4: a service may require scopes', async (t) => {
  const clock = new TestClock()
  const useCases = createUseCases({ ...createMemoryStores({ clock }), clock })
  let deviceCode = ''
  const keyWith = async (scope: string | undefined): Promise<string> => {
    const codes = issued(await useCases.authorizeDevice({ scope, device: {} }))
    deviceCode = codes.deviceCode
    await useCases.answerUserCode({
      userCode: codes.userCode,
      person: 'alice',
      decision: 'approve',
    })
    const reply = await useCases.pollForToken({ deviceCode })
    return reply.outcome === 'granted' ? reply.apiKey : ''
  }
  const app = new Koa()
  app.use(requireApiKey(useCases.authenticateApiKey, { scope: 'read write', realm: 'a service' }))
  app.use((ctx) => {
    ctx.body = { owner: ctx.state['apiKey'].owner }
  })
  const service = createServer(app.callback())
  const origin = await listen(service)
  const get = (key: string): Promise<Answer> =>
    send(origin, { method: 'GET', path: '/', headers: { ...bearer(key), 'content-type': FORM } })
  try {
    for (const scope of ['read write', 'write read', 'admin write read']) {
      const reply = await get(await keyWith(scope))
      t.is(reply.status, 200)
      t.deepEqual(membersOf(reply), { owner: 'alice' })
    }
    for (const scope of [undefined, 'read', 'readwrite', 'READ WRITE', 'read writer']) {
      const reply = await get(await keyWith(scope))
      t.is(reply.status, 403)
      t.deepEqual(challengeOf(reply), {
        realm: 'a service',
        error: 'insufficient_scope',
        error_description: 'The key lacks a scope',
        scope: 'read write',
      })
      t.is(membersOf(reply)['error'], 'insufficient_scope')
      clock.pass(2_000)
      const again = await useCases.pollForToken({ deviceCode })
      t.is(again.outcome, 'invalid_grant', 'a key without the scope has arrived too')
    }
  } finally {
    await new Promise((resolve) => service.close(resolve))
  }
})
