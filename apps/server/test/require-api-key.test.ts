import { createUseCases, MemoryApiKeyStore, MemoryStateStore, TOKENS } from '@device-grant/core'
import { requireApiKey } from '@device-grant/http-koa'
import { TestClock } from '@device-grant/test-support/clock'
import { freePort } from '@device-grant/test-support/free-port'
import {
  type Answer,
  authorize,
  decide,
  FORM,
  membersOf,
  poll,
  send,
} from '@device-grant/test-support/wire-exchange'
import test from 'ava'
import Koa from 'koa'
import { breakStore } from './break-store.js'
import { startTestServer, type TestServer } from './reference-server.js'

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
  return String(membersOf(await poll(server.url, codes.device_code))['access_token'])
}

const whoami = (
  headers: Readonly<Record<string, string | string[]>> = {},
  path = '/api/whoami',
  method = 'GET',
): Promise<Answer> => send(server.url, { method, path, headers })

/** The challenge of an answer: every attribute once, in characters that RFC 6750 section 3 allows. */
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

test.serial('whoami tells whose key it is, and nothing else', async (t) => {
  const key = await aKey({ scope: 'read write' })
  const reply = await whoami({ authorization: `Bearer ${key}` })
  t.is(reply.status, 200)
  t.is(reply.headers['cache-control'], 'no-store')
  t.regex(reply.headers['content-type'] ?? '', /^application\/json/)
  const body = membersOf(reply)
  const { id, name } = body['key'] as Record<string, string>
  t.regex(id ?? '', /^[0-9a-f]{32}$/)
  t.regex(name ?? '', /^Device Link Access Key \([A-Z]{4}-[A-Z]{4}\)$/)
  t.deepEqual(body, {
    user: 'alice',
    key: { id, name },
    scope: 'read write',
    expires_at: new Date(server.clock.now() + 86_400_000).toISOString(),
  })
  const bare = membersOf(await whoami({ authorization: `Bearer ${await aKey()}` }))
  t.deepEqual(Object.keys(bare), ['user', 'key', 'expires_at'])
})

test.serial('the scheme is read in any case', async (t) => {
  const key = await aKey()
  for (const scheme of ['Bearer', 'bearer', 'BEARER', 'Bearer ']) {
    t.is((await whoami({ authorization: `${scheme} ${key}` })).status, 200)
  }
})

test.serial('without a key the answer is 401, and names no error', async (t) => {
  const key = await aKey()
  for (const [headers, path] of [
    [{}, '/api/whoami'],
    [{}, `/api/whoami?access_token=${key}`],
    [{ authorization: `Basic ${Buffer.from('a:b').toString('base64')}` }, '/api/whoami'],
    [{ authorization: key }, '/api/whoami'],
    [{ authorization: 'Bearerx y' }, '/api/whoami'],
    [{ cookie: `access_token=${key}` }, '/api/whoami'],
  ] as const) {
    const reply = await whoami(headers, path)
    t.is(reply.status, 401, reply.text)
    t.deepEqual(challengeOf(reply), { realm: 'device-grant' })
    t.regex(reply.headers['content-type'] ?? '', /^application\/json/)
    t.is(reply.headers['cache-control'], 'no-store')
  }
})

test.serial('two ways at once and malformed headers are 400 invalid_request', async (t) => {
  const key = await aKey()
  for (const [headers, path] of [
    [{ authorization: `Bearer ${key}` }, `/api/whoami?access_token=${key}`],
    [{ authorization: [`Bearer ${key}`, `Bearer ${key}`] }, '/api/whoami'],
    [{ authorization: 'Bearer' }, '/api/whoami'],
    [{ authorization: 'Bearer ' }, '/api/whoami'],
    [{ authorization: `Bearer ${key} ${key}` }, '/api/whoami'],
    [{ authorization: `Bearer "${key}"` }, '/api/whoami'],
    [{ authorization: 'Bearer \u00e9' }, '/api/whoami'],
    [{ authorization: `Bearer ${key},${key}` }, '/api/whoami'],
  ] as const) {
    const reply = await whoami(headers as Record<string, string | string[]>, path)
    t.is(reply.status, 400, JSON.stringify(headers))
    t.is(challengeOf(reply)['error'], 'invalid_request')
    t.is(membersOf(reply)['error'], 'invalid_request')
  }
})

test.serial(
  'keys that are mistyped, unknown, expired or revoked are 401 invalid_token',
  async (t) => {
    const revoked = await aKey({}, 'bob')
    t.is((await whoami({ authorization: `Bearer ${revoked}` })).status, 200)
    await server.useCases.revokeAllApiKeys('bob')
    const gone = await whoami({ authorization: `Bearer ${revoked}` })
    t.is(gone.status, 401)
    t.like(challengeOf(gone), { error: 'invalid_token', error_description: 'The key was revoked' })
    const good = await aKey()
    const changed = `${good.slice(0, -1)}${good.endsWith('a') ? 'b' : 'a'}`
    for (const wrong of [changed, 'dg_', 'x', `${good}=`, good.slice(3), good.toUpperCase()]) {
      const reply = await whoami({ authorization: `Bearer ${wrong}` })
      t.is(reply.status, 401)
      t.is(challengeOf(reply)['error'], 'invalid_token')
      t.is(membersOf(reply)['error'], 'invalid_token')
    }
    server.clock.pass(86_400_000)
    const late = await whoami({ authorization: `Bearer ${good}` })
    t.is(late.status, 401)
    t.like(challengeOf(late), { error: 'invalid_token', error_description: 'The key has expired' })
  },
)

test.serial(
  'while the store is down the answer is 503, and the key is as good as before',
  async (t) => {
    const key = await aKey()
    const back = breakStore(server, TOKENS.ApiKeys)
    const reply = await whoami({ authorization: `Bearer ${key}` })
    t.is(reply.status, 503)
    t.is(reply.headers['retry-after'], '5')
    t.is(reply.headers['www-authenticate'], undefined)
    t.is(membersOf(reply)['error'], 'temporarily_unavailable')
    const malformed = await whoami({ authorization: 'Bearer x' })
    t.is(malformed.status, 401, 'what cannot be a key needs no store')
    back()
    t.is((await whoami({ authorization: `Bearer ${key}` })).status, 200)
    t.false(server.log.join().includes(key))
  },
)

test.serial('operators see that the process lives and that nothing it needs is down', async (t) => {
  for (const [path, body] of [
    ['/healthz', { status: 'ok' }],
    ['/readyz', { status: 'ready' }],
  ] as const) {
    const reply = await whoami({}, path)
    t.is(reply.status, 200)
    t.is(reply.headers['cache-control'], 'no-store')
    t.deepEqual(membersOf(reply), body)
    t.is((await whoami({}, path, 'HEAD')).status, 200)
  }
})

test.serial('only GET and HEAD are for operators and services', async (t) => {
  for (const path of ['/', '/healthz', '/readyz', '/api/whoami']) {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const reply = await whoami({}, path, method)
      t.is(reply.status, 405)
      t.is(reply.headers.allow, 'GET, HEAD')
    }
  }
  t.is((await whoami({}, '/nothing')).status, 404)
})

test.serial('the address of the server leads to where a code is entered', async (t) => {
  const reply = await whoami({}, '/')
  t.is(reply.status, 303)
  t.is(new URL(String(reply.headers.location)).pathname, '/oauth/device/verify')
})

test('readyz names the store that is down, and that one only', async (t) => {
  const port = await freePort()
  const alone = await startTestServer({
    REDIS_URL: `redis://127.0.0.1:${port}`,
    SESSION_SECRET: 'a secret of thirty-two characters',
  })
  try {
    const reply = await send(alone.url, { method: 'GET', path: '/readyz' })
    t.is(reply.status, 503)
    t.deepEqual(membersOf(reply), { status: 'unavailable', down: ['redis'] })
    t.is((await send(alone.url, { method: 'GET', path: '/healthz' })).status, 200)
  } finally {
    await alone.stop()
  }
})

test('a service may want scopes, and hears of failing stores', async (t) => {
  const clock = new TestClock()
  const apiKeys = new MemoryApiKeyStore({ clock })
  const useCases = createUseCases({
    grants: new MemoryStateStore({ clock }),
    userCodes: new MemoryStateStore({ clock }),
    codeAttempts: new MemoryStateStore({ clock }),
    apiKeys,
    clock,
  })
  const keyWith = async (scope: string | undefined): Promise<string> => {
    const asked = await useCases.authorizeDevice({ scope, device: {} })
    await useCases.answerUserCode({
      userCode: asked.userCode,
      person: 'alice',
      decision: 'approve',
    })
    const reply = await useCases.pollForToken({ deviceCode: asked.deviceCode })
    return reply.outcome === 'granted' ? reply.apiKey : ''
  }
  const app = new Koa()
  app.use(requireApiKey(useCases.authenticateApiKey, { scope: 'read write', realm: 'a service' }))
  app.use((ctx) => {
    ctx.body = { owner: ctx.state['apiKey'].owner }
  })
  const listening = app.listen(0, '127.0.0.1')
  await new Promise((resolve) => listening.once('listening', resolve))
  const { port } = listening.address() as { port: number }
  const get = (key: string): Promise<Answer> =>
    send(`http://127.0.0.1:${port}`, {
      method: 'GET',
      path: '/',
      headers: { authorization: `Bearer ${key}`, 'content-type': FORM },
    })
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
    }
  } finally {
    await new Promise((resolve) => listening.close(resolve))
  }
})
