import { once } from 'node:events'
import { connect as connectTo, createServer, type Socket } from 'node:net'
import { connect } from '@device-grant/adapter-mongo'
import { connect as connectRedis, disconnect as disconnectRedis } from '@device-grant/adapter-redis'
import { StoreUnavailableError } from '@device-grant/core'
import { freePort } from '@device-grant/test-support/free-port'
import { membersOf, send } from '@device-grant/test-support/http-exchange'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test, { type ExecutionContext } from 'ava'
import { probeRedis } from '#src/redis.js'
import { startTestServer, type TestServer } from './test-server.ts'

const mongo = await ownMongoServer('that /status tells of MongoDB')
const testWithMongo = mongo === undefined ? test.skip : test
test.after.always(() => mongo?.stop())

const testWithRedis = hasRedis ? test : test.skip
const SECRET = { SESSION_SECRET: 'a secret of thirty-two characters' }

const startWith = async (
  t: ExecutionContext,
  env: Readonly<Record<string, string>>,
): Promise<TestServer> => {
  const server = await startTestServer({ ...SECRET, ...env })
  t.teardown(server.stop)
  return server
}

const ask = async (
  { url }: TestServer,
  path: string,
): Promise<readonly [status: number, members: Record<string, unknown>]> => {
  const answer = await send(url, { method: 'GET', path })
  return [answer.status, membersOf(answer)]
}

/** Counts the commands of a name that reach the server behind this address. */
const countingProxy = async (
  t: ExecutionContext,
  port: number,
  command: string,
): Promise<{ readonly port: number; readonly count: () => number }> => {
  let count = 0
  const server = createServer((client: Socket) => {
    const upstream = connectTo(port, '127.0.0.1')
    for (const socket of [client, upstream]) socket.on('error', () => {})
    client.on('data', (bytes) => {
      count += bytes.toString('latin1').split(command).length - 1
    })
    client.pipe(upstream).pipe(client)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  return { port: (server.address() as { port: number }).port, count: () => count }
}

test('status names the store that is down, and the server stays ready', async (t) => {
  const server = await startWith(t, { REDIS_URL: `redis://127.0.0.1:${await freePort()}` })
  t.deepEqual(await ask(server, '/status'), [
    503,
    { status: 'unavailable', up: [], down: ['redis'] },
  ])
  t.deepEqual(await ask(server, '/readyz'), [200, { status: 'ready' }])
  t.deepEqual(await ask(server, '/healthz'), [200, { status: 'ok' }])
})

testWithRedis('a Redis that takes no writes is down', async (t) => {
  const redis = await startRedisServer({ settings: ['maxmemory 1', 'maxmemory-policy noeviction'] })
  t.teardown(redis.stop)
  const server = await startWith(t, { REDIS_URL: redis.url })
  const [status, { down }] = await ask(server, '/status')
  t.is(status, 503)
  t.deepEqual(down, ['redis'])
})

testWithRedis('a Redis that answers reads and no writes is down within seconds', async (t) => {
  const redis = await startRedisServer()
  t.teardown(redis.stop)
  const client = connectRedis(redis.url)
  t.teardown(() => disconnectRedis(client))
  await client.call('CLIENT', 'PAUSE', '60000', 'WRITE')
  await t.throwsAsync(probeRedis(client, 200), { instanceOf: StoreUnavailableError })
  await client.call('CLIENT', 'UNPAUSE')
})

testWithRedis(
  'stores are probed once a second at most, however often status is asked',
  async (t) => {
    const redis = await startRedisServer()
    t.teardown(redis.stop)
    const { port, count } = await countingProxy(t, redis.port, 'dg:status')
    const server = await startWith(t, { REDIS_URL: `redis://127.0.0.1:${port}` })
    const askOften = (): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 20 }, async () => t.is((await ask(server, '/status'))[0], 200)),
      )
    await askOften()
    t.is(count(), 1)
    server.clock.pass(999)
    await askOften()
    t.is(count(), 1)
    server.clock.pass(1)
    await askOften()
    t.is(count(), 2)
    await redis.kill()
    server.clock.pass(1_000)
    t.is((await ask(server, '/status'))[0], 503)
  },
)

testWithMongo(
  'MongoDB is up once its indexes exist, and the probe leaves nothing behind',
  async (t) => {
    const server = await startWith(t, { MONGODB_URI: String(mongo?.uri) })
    while ((await ask(server, '/status'))[0] !== 200) server.clock.pass(1_000)
    t.deepEqual(await ask(server, '/status'), [200, { status: 'ok', up: ['mongodb'], down: [] }])
    const db = connect(String(mongo?.uri))
    t.is(await db.collection('api_keys').countDocuments(), 0)
    await db.client.close()
    await mongo?.kill()
    server.clock.pass(1_000)
    t.deepEqual(await ask(server, '/status'), [
      503,
      { status: 'unavailable', up: [], down: ['mongodb'] },
    ])
  },
)
