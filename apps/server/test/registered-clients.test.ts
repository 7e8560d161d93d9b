import { Agent } from 'node:http'
import { connect, disconnect, type RedisClient } from '@device-grant/adapter-redis'
import { StoreUnavailableError } from '@device-grant/core'
import { basic } from '@device-grant/test-support/authorization-header'
import { outcomeOf } from '@device-grant/test-support/device'
import { AUTHORIZE, GRANT_TYPE, TOKEN } from '@device-grant/test-support/endpoints'
import { eventually } from '@device-grant/test-support/eventually'
import { membersOf, post, send } from '@device-grant/test-support/http-exchange'
import { issued } from '@device-grant/test-support/issued'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { decide } from '@device-grant/test-support/person'
import { type RedisServer, startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import * as openid from 'openid-client'
import { type RegistryServer, startRegistryServer } from './registry-setting.ts'
import { asserting, CLIENTS, encoded, keys, SECRET, sendAs } from './sample-clients.ts'

const PATIENCE = { commandTimeoutMs: 30_000, connectTimeoutMs: 30_000 }

let redisServer: RedisServer | undefined
const connections: RedisClient[] = []

test.before(async () => {
  if (hasRedis) redisServer = await startRedisServer()
})

test.after.always(async () => {
  await Promise.all(connections.map((redis) => disconnect(redis)))
  await redisServer?.stop()
})

const connectToRedis = (): RedisClient => {
  const redis = connect(redisServer?.url ?? '', PATIENCE)
  connections.push(redis)
  return redis
}

const onRedis = hasRedis ? test : test.skip
const STORES = [
  { name: 'memory', it: test, redis: () => undefined },
  { name: 'Redis', it: onRedis, redis: connectToRedis },
] as const

const pollOf = (device_code: string) => ({ grant_type: GRANT_TYPE, device_code })

/** Asks the use case itself, so that only the poll identifies the client. */
const deviceCodeOf = async ({ useCases }: RegistryServer, clientId: string): Promise<string> =>
  issued(await useCases.authorizeDevice({ clientId, device: {} })).deviceCode

const LOGINS: readonly (readonly [method: string, clientId: string, openid.ClientAuth])[] = [
  ['client_secret_basic', 'my cli', openid.ClientSecretBasic(SECRET)],
  ['client_secret_post', 'poster', openid.ClientSecretPost(SECRET)],
  [
    'private_key_jwt',
    'signer',
    openid.PrivateKeyJwt({ key: keys.ec.privateKey, kid: keys.ec.kid ?? '' }),
  ],
]

for (const { name, it, redis } of STORES) {
  for (const [method, clientId, authentication] of LOGINS) {
    it(`REQ-3, TOK-4 openid-client logs in with ${method}, on ${name}`, async (t) => {
      const server = await startRegistryServer(t, { clients: CLIENTS, redis: redis() })
      const { url, clock, useCases } = server
      const polls: string[] = []
      const config = await openid.discovery(new URL(url), clientId, undefined, authentication, {
        execute: [openid.allowInsecureRequests],
      })
      t.true(config.serverMetadata().token_endpoint_auth_methods_supported?.includes(method))
      config[openid.customFetch] = async (input, init) => {
        const response = await fetch(input, init as RequestInit)
        if (!input.endsWith(TOKEN)) return response
        polls.push(outcomeOf({ ...response, headers: {}, text: await response.clone().text() }))
        clock.pass(1_000)
        if (polls.length === 1) await decide(url, codes.user_code, 'approve')
        return response
      }
      const codes = await openid.initiateDeviceAuthorization(config, { scope: 'read' })
      const person = 'bob'
      const review = await useCases.reviewUserCode({ userCode: codes.user_code, person })
      if (review.outcome !== 'pending') return t.fail(review.outcome)
      t.true(review.request.clientAuthenticated, 'the client proved who it is')
      await useCases.releaseUserCode({ userCode: codes.user_code, person })
      const token = await openid.pollDeviceAuthorizationGrant(config, codes)
      t.deepEqual(polls, ['authorization_pending', 'token'])
      const key = { authorization: `Bearer ${token.access_token}` }
      const answer = await send(url, { method: 'GET', path: '/', headers: key })
      t.deepEqual(membersOf(answer), { owner: 'alice' })
      t.deepEqual([server.refused, server.errors], [[], []])
    })
  }
}

test('SEC-8: a public client is not marked as authenticated', async (t) => {
  const server = await startRegistryServer(t, { clients: CLIENTS })
  const codes = membersOf(await post(server.url, AUTHORIZE, { client_id: 'cli' }))
  const userCode = String(codes['user_code'])
  const review = await server.useCases.reviewUserCode({ userCode, person: 'ann' })
  if (review.outcome !== 'pending') return t.fail(review.outcome)
  t.is(review.request.clientAuthenticated, undefined)
})

test('MET-6: the metadata name each way of authentication, and the algorithms', async (t) => {
  const { url } = await startRegistryServer(t, { clients: CLIENTS })
  const path = '/.well-known/oauth-authorization-server'
  const metadata = membersOf(await send(url, { method: 'GET', path }))
  t.deepEqual(metadata['token_endpoint_auth_methods_supported'], [
    'none',
    'client_secret_basic',
    'client_secret_post',
    'private_key_jwt',
  ])
  t.deepEqual(metadata['token_endpoint_auth_signing_alg_values_supported'], [
    ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
    ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
  ])
})

test('an assertion works once, at one of both endpoints', async (t) => {
  const server = await startRegistryServer(t, { clients: CLIENTS })
  const poll = pollOf(await deviceCodeOf(server, 'signer'))
  const assertion = await asserting()(server)
  t.is((await sendAs(server, AUTHORIZE, assertion)).status, 200)
  for (const answer of [
    await sendAs(server, AUTHORIZE, assertion),
    await sendAs(server, TOKEN, assertion, poll),
  ]) {
    t.is(answer.status, 400)
    t.like(membersOf(answer), {
      error: 'invalid_client',
      error_description: 'The client assertion is not valid: jti',
    })
  }
  // The id of an assertion is the client's own: another client may use the same one.
  t.is(outcomeOf(await sendAs(server, TOKEN, await asserting()(server), poll)), PENDING)
  t.deepEqual(server.refused, ['wrong_assertion signer', 'wrong_assertion signer'])
})

const PENDING = 'authorization_pending'

test('of many requests with the same assertion one is let in', async (t) => {
  const server = await startRegistryServer(t, { clients: CLIENTS })
  const assertion = await asserting()(server)
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => sendAs(server, AUTHORIZE, assertion)),
  )
  t.is(answers.filter(({ status }) => status === 200).length, 1)
})

onRedis('a used assertion is refused by a second process, until it has expired', async (t) => {
  const one = await startRegistryServer(t, { clients: CLIENTS, redis: connectToRedis() })
  const { url: publicUrl, clock } = one
  const redis = connectToRedis()
  const two = await startRegistryServer(t, { clients: CLIENTS, redis, publicUrl, clock })
  const assertion = await asserting()(one)
  t.is((await sendAs(one, AUTHORIZE, assertion)).status, 200)
  const again = async () =>
    membersOf(await sendAs(two, AUTHORIZE, assertion))['error_description'] ?? 'let in'
  t.is(await again(), 'The client assertion is not valid: jti')
  const [key = ''] = await redis.keys('dg:a:*')
  // Its 60 seconds, and twice the difference that clocks may have.
  t.true((await redis.pttl(key)) > 100_000)
  clock.pass(89_000)
  t.is(await again(), 'The client assertion is not valid: jti')
  clock.pass(1_000)
  t.is(await again(), 'The client assertion is not valid: exp')
  t.is((await sendAs(two, AUTHORIZE, await asserting()(one))).status, 200)
})

const OUTAGES: readonly {
  readonly what: string
  readonly down: (server: RegistryServer, error: Error | undefined) => void
}[] = [
  {
    what: 'the registry of clients',
    down: (server, error) => {
      server.registryError = error
    },
  },
  {
    what: 'the store of used assertions',
    down: (server, error) => {
      server.assertionsError = error
    },
  },
]

for (const { what, down } of OUTAGES) {
  test(`POL-13, INT-1 while ${what} is down, no client is refused`, async (t) => {
    const server = await startRegistryServer(t, { clients: CLIENTS })
    const poll = pollOf(await deviceCodeOf(server, 'signer'))
    const error = new StoreUnavailableError('The test has taken it down')
    down(server, error)
    const asked = await sendAs(server, AUTHORIZE, await asserting()(server))
    t.is(asked.status, 503)
    t.is(membersOf(asked)['error'], 'temporarily_unavailable')
    t.is(asked.headers['retry-after'], '5')
    for (let polls = 0; polls < 3; polls++) {
      const polled = await sendAs(server, TOKEN, await asserting()(server), poll)
      t.is(polled.status, 400)
      t.like(membersOf(polled), { error: 'slow_down', interval: undefined })
    }
    t.deepEqual(server.errors, [error, error, error, error])
    t.deepEqual(server.refused, [])
    down(server, undefined)
    const polled = await sendAs(server, TOKEN, await asserting()(server), poll)
    t.is(outcomeOf(polled), PENDING, 'polls in between do not count')
  })
}

test('a registered key that is no key refuses its client, and is reported', async (t) => {
  const server = await startRegistryServer(t, { clients: CLIENTS })
  const key = { ...keys.ec, kid: undefined }
  const assertion = await asserting({}, { clientId: 'broken', key })(server)
  const answer = await sendAs(server, AUTHORIZE, assertion)
  t.is(membersOf(answer)['error'], 'invalid_client')
  t.is(server.errors.length, 1)
})

const WRONG = { client_id: 'poster', client_secret: 'wrong' }
const RIGHT = { client_id: 'poster', client_secret: SECRET }

test('the answer to a wrong secret is held for a second, and a right one never', async (t) => {
  const server = await startRegistryServer(t, { clients: CLIENTS })
  server.holdPauses = true
  let isAnswered = false
  const wrong = post(server.url, AUTHORIZE, WRONG).then((answer) => {
    isAnswered = true
    return answer
  })
  await eventually('it is held', () => server.pauses.length === 1)
  t.is((await post(server.url, AUTHORIZE, RIGHT)).status, 200)
  t.is((await sendAs(server, AUTHORIZE, { headers: encoded('my cli', SECRET) })).status, 200)
  t.false(isAnswered)
  t.deepEqual(
    server.pauses.map(({ ms }) => ms),
    [1_000],
  )
  server.pauses[0]?.end()
  t.is(membersOf(await wrong)['error'], 'invalid_client')
  t.deepEqual(server.refused, ['wrong_secret poster'])
})

test('a hundred wrong secrets are held at once, and a client that disconnects leaves its place', async (t) => {
  const server = await startRegistryServer(t, { clients: CLIENTS })
  server.holdPauses = true
  const impatient = new Agent({ keepAlive: true })
  const gone = post(server.url, AUTHORIZE, WRONG, {}, impatient).catch(() => 'disconnected')
  await eventually('the first is held', () => server.pauses.length === 1)
  const held = Array.from({ length: 99 }, (_, i) =>
    i % 2 ? post(server.url, AUTHORIZE, WRONG) : post(server.url, TOKEN, WRONG),
  )
  await eventually('all are held', () => server.pauses.length === 100)
  t.is((await post(server.url, AUTHORIZE, WRONG)).status, 400, 'one more is answered at once')
  t.is((await post(server.url, AUTHORIZE, RIGHT)).status, 200)
  t.is(server.pauses.length, 100)

  impatient.destroy()
  t.is(await gone, 'disconnected')
  await eventually('its place is free', () => server.pauses[0]?.signal.aborted === true)
  held.push(post(server.url, AUTHORIZE, WRONG))
  await eventually('another is held', () => server.pauses.length === 101)
  t.is((await post(server.url, AUTHORIZE, WRONG)).status, 400)
  t.is(server.pauses.length, 101)
  for (const { end } of server.pauses) end()
  for (const answer of await Promise.all(held)) t.is(membersOf(answer)['error'], 'invalid_client')
  t.is(server.refused.length, 103)
  t.deepEqual(server.errors, [])
})

test('only wrong secrets of registered clients are held', async (t) => {
  const server = await startRegistryServer(t, { clients: CLIENTS })
  for (const identification of [
    { headers: basic('stranger:secret') },
    { headers: basic('cli:secret') },
    { headers: basic('my+cli:') },
    await asserting({ aud: 'https://as.example' })(server),
  ]) {
    const answer = await sendAs(server, AUTHORIZE, identification)
    t.is(membersOf(answer)['error'], 'invalid_client')
  }
  t.deepEqual(server.refused, [
    'unknown_client undefined',
    'wrong_method cli',
    'wrong_method my cli',
    'wrong_assertion signer',
  ])
  t.deepEqual(server.pauses, [])
})

test('INT-7: a wrong client moves no poll clock, and uses up no code', async (t) => {
  const server = await startRegistryServer(t, { clients: CLIENTS })
  const { url, clock, useCases } = server
  const { deviceCode, userCode } = issued(
    await useCases.authorizeDevice({ clientId: 'poster', device: {} }),
  )
  const poll = pollOf(deviceCode)
  t.is(outcomeOf(await post(url, TOKEN, { ...RIGHT, ...poll })), PENDING)
  clock.pass(1_000)
  for (let polls = 0; polls < 5; polls++) {
    t.is(outcomeOf(await post(url, TOKEN, { ...WRONG, ...poll })), 'invalid_client')
    t.is(outcomeOf(await post(url, TOKEN, { client_id: 'poster', ...poll })), 'invalid_client')
    t.is(outcomeOf(await post(url, TOKEN, { client_id: 'cli', ...poll })), 'invalid_grant')
  }
  t.is(outcomeOf(await post(url, TOKEN, { ...RIGHT, ...poll })), PENDING)
  await decide(url, userCode, 'approve')
  t.is(outcomeOf(await post(url, TOKEN, { ...WRONG, ...poll })), 'invalid_client')
  t.is(outcomeOf(await post(url, TOKEN, { client_id: 'cli', ...poll })), 'invalid_grant')
  t.is(outcomeOf(await post(url, TOKEN, { ...RIGHT, ...poll })), 'token')
})

test('no wrong secret is part of an answer, an error or a report', async (t) => {
  const server = await startRegistryServer(t, { clients: CLIENTS })
  const secret = 'a secret of no client'
  const texts: string[] = []
  for (const identification of [
    { parameters: { client_id: 'poster', client_secret: secret } },
    { headers: encoded('my cli', secret) },
    { parameters: { client_id: 'cli', client_secret: secret } },
  ]) {
    texts.push((await sendAs(server, AUTHORIZE, identification)).text)
  }
  t.false(JSON.stringify([texts, server.refused, server.errors]).includes('secret of'))
})
