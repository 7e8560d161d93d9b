import { once } from 'node:events'
import { inspect } from 'node:util'
import {
  connect,
  createRedisStateStore,
  disconnect,
  type RedisClient,
} from '@device-grant/adapter-redis'
import {
  type StateStore,
  StoreDataError,
  StoreError,
  StoreUnavailableError,
} from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'
import { startCuttingProxy } from '@device-grant/test-support/cutting-proxy'
import { eventually } from '@device-grant/test-support/eventually'
import { startLoneCluster } from '@device-grant/test-support/lone-cluster'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test, { type ExecutionContext } from 'ava'
import { Cluster, Redis } from 'ioredis'
import { countUp } from './count-up.ts'
import { connectPatiently, PATIENT_MS } from './patient.ts'

const it = hasRedis ? test : test.skip

/** Where a server does not answer, in milliseconds. An update may take two of them. */
const IMPATIENT_MS = 400

const read = (store: StateStore<Sample>, id: string): Promise<number | undefined> =>
  store.update(id, (state) => ({ next: state, reply: state?.value }))

const storeOn = (
  redis: RedisClient,
  { timeoutMs = PATIENT_MS, now }: { timeoutMs?: number; now?: () => number } = {},
): StateStore<Sample> => createRedisStateStore<Sample>(redis, { kind: 't:', timeoutMs, now })

const start = async (t: ExecutionContext, settings: readonly string[] = []) => {
  const server = await startRedisServer({ settings })
  const redis = connectPatiently(server.url)
  t.teardown(async () => {
    await disconnect(redis)
    await server.stop()
  })
  return { server, redis, store: storeOn(redis) }
}

/** A store on a client of its own that soon gives up. */
const impatientStore = (t: ExecutionContext, url: string): StateStore<Sample> => {
  const redis = connect(url, { commandTimeoutMs: IMPATIENT_MS, connectTimeoutMs: IMPATIENT_MS })
  t.teardown(() => redis.disconnect())
  return storeOn(redis, { timeoutMs: IMPATIENT_MS })
}

/** The typed error of an update that fails within a bounded time. */
const errorOf = async (
  t: ExecutionContext,
  update: () => Promise<unknown>,
): Promise<StoreError> => {
  const started = performance.now()
  const error = await t.throwsAsync(update)
  t.true(performance.now() - started < PATIENT_MS)
  if (!(error instanceof StoreError)) throw new Error('Not a store error', { cause: error })
  t.true(error.cause instanceof Error)
  t.notRegex(error.message, /127\.0\.0\.1|localhost/)
  return error
}

/** Whether an update fails without waiting for a connection. */
const failsAtOnce = async (t: ExecutionContext, store: StateStore<Sample>): Promise<boolean> => {
  const { code, cause } = await errorOf(t, () => countUp(store, 'refused'))
  t.is(code, 'store_unavailable')
  return cause instanceof Error && /The connection is/.test(cause.message)
}

it('while the server is down updates fail in time, and work again after its restart', async (t) => {
  const { server, redis, store } = await start(t, ['appendonly yes', 'appendfsync always'])
  const impatient = impatientStore(t, server.url)
  t.is(await countUp(store, 'x'), 1)
  await server.kill()
  for (let i = 0; i < 3; i++) {
    const error = await errorOf(t, () => countUp(impatient, 'lost'))
    t.true(error instanceof StoreUnavailableError)
    t.is(error.code, 'store_unavailable')
  }
  await server.restart()
  await eventually('an update works', async () => (await countUp(impatient, 'y')) > 0)
  await eventually('the other client is connected again', () => redis.status === 'ready')
  // The state survived, and the update counts once.
  t.is(await countUp(store, 'x'), 2)
})

it('updates that come while the server restarts wait for it', async (t) => {
  const { server, redis, store } = await start(t)
  t.is(await countUp(store, 'x'), 1)
  await redis.script('FLUSH')
  await server.restart()
  // Nothing was on disk, so this update is the first again. It did not fail.
  t.is(await countUp(store, 'x'), 1)
})

it('updates of a server that stops answering fail in time, and work again later', async (t) => {
  const { server, store } = await start(t)
  const impatient = impatientStore(t, server.url)
  t.is(await countUp(store, 'x'), 1)
  server.freeze()
  const errors = await Promise.all(
    [1, 2, 3].map((n) => errorOf(t, () => countUp(impatient, `${n}`))),
  )
  t.deepEqual(new Set(errors.map(({ code }) => code)), new Set(['store_unavailable']))
  server.thaw()
  await eventually('an update works', async () => (await countUp(impatient, 'y')) > 0)
  t.is(await countUp(store, 'x'), 2)
})

it('a connection that goes silent is replaced by a new one', async (t) => {
  const { server, store } = await start(t)
  const proxy = await startCuttingProxy(server.port)
  t.teardown(() => proxy.close())
  const impatient = impatientStore(t, `redis://127.0.0.1:${proxy.port}`)
  t.is(await countUp(store, 'x'), 1)
  await eventually('it is connected', async () => (await read(impatient, 'x')) === 1)
  proxy.silence()
  // Without a timeout of the socket the connection would stay for hours.
  await eventually('an update works', async () => (await countUp(impatient, 'y')) > 0, PATIENT_MS)
  await eventually('the state is read', async () => (await read(impatient, 'x')) === 1)
})

for (const [topology, startServer] of [
  ['a single server', startRedisServer],
  ['a Cluster', startLoneCluster],
] as const) {
  it(`updates wait through a short outage of ${topology} after a long one`, async (t) => {
    const server = await startServer()
    const redis = connectPatiently(server.url)
    let now = 0
    const store = storeOn(redis, { now: () => now })
    t.teardown(async () => {
      await disconnect(redis)
      await server.stop()
    })
    t.is(await countUp(store, 'x'), 1)
    await server.kill()
    await eventually('the connection is lost', () => redis.status !== 'ready')
    // The first update waits for the connection, or fails. Its end does not matter here.
    const waiting = countUp(store, 'waits').catch(() => {})
    now += PATIENT_MS + 1
    t.true(await failsAtOnce(t, store))
    await server.restart()
    await eventually('it is connected again', () => redis.status === 'ready')
    await waiting
    const lost = once(redis, 'close')
    redis.disconnect(true)
    await lost
    t.not(redis.status, 'ready')
    await t.notThrowsAsync(() => countUp(store, 'x'))
  })
}

it('a client that never connects fails in time, whatever its settings', async (t) => {
  const proxy = await startCuttingProxy(1)
  const silent = (error: unknown) => t.truthy(error)
  const clients: readonly RedisClient[] = [
    new Redis({ port: proxy.port, maxRetriesPerRequest: null }).on('error', silent),
    new Cluster([{ host: '127.0.0.1', port: proxy.port }]).on('error', silent),
    connect(`redis+sentinel://127.0.0.1:${proxy.port}/main`),
    connect(`redis+cluster://127.0.0.1:${proxy.port}`),
  ]
  t.teardown(async () => {
    for (const redis of clients) redis.disconnect()
    await proxy.close()
  })
  for (const redis of clients) {
    const store = storeOn(redis, { timeoutMs: IMPATIENT_MS })
    t.is((await errorOf(t, () => countUp(store, 'x'))).code, 'store_unavailable')
    await eventually('an update fails at once', () => failsAtOnce(t, store))
  }
})

it('a server that lost the script gets it again', async (t) => {
  const { redis, store } = await start(t)
  t.is(await countUp(store, 'x'), 1)
  await redis.script('FLUSH')
  const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => countUp(store, `${i}`)))
  t.deepEqual(new Set(replies), new Set([1]))
  t.is(await countUp(store, 'x'), 2)
})

it('without memory a new id is refused as full, and stored states can be read', async (t) => {
  const { redis, store } = await start(t)
  t.is(await countUp(store, 'x'), 1)
  await redis.config('SET', 'maxmemory', '1')
  const refused = await errorOf(t, () => countUp(store, 'new'))
  t.is(refused.code, 'store_full')
  t.is((await errorOf(t, () => countUp(store, 'x'))).code, 'store_unavailable')
  t.is(await read(store, 'x'), 1)
  t.is(await store.update('x', () => ({ next: undefined, reply: 'removed' })), 'removed')
  await redis.config('SET', 'maxmemory', '0')
  t.is(await countUp(store, 'new'), 1)
})

it('what another program wrote under the prefix is a typed error that names the key', async (t) => {
  const { redis, store } = await start(t)
  await redis.set('dg:t:text', 'not a state')
  await redis.set('dg:t:json', '{"a":1}')
  await redis.hset('dg:t:hash', 'a', '1')
  for (const id of ['text', 'json', 'hash']) {
    for (const update of [countUp, read]) {
      const error = await t.throwsAsync(() => update(store, id), { instanceOf: StoreDataError })
      t.is(error?.message, `The Redis key dg:t:${id} holds no state of this version`)
    }
  }
  t.is(await redis.get('dg:t:text'), 'not a state')
  t.is(await redis.get('dg:t:json'), '{"a":1}')
})

it('no password shows in what is thrown or reported', async (t) => {
  const { server } = await start(t, ['requirepass right-secret'])
  const reported: Error[] = []
  const redis = connect(server.url.replace('//', '//:wrong-secret@'), {
    onError: (error) => reported.push(error),
  })
  t.teardown(() => redis.disconnect())
  const store = storeOn(redis, { timeoutMs: IMPATIENT_MS })
  const error = await t.throwsAsync(() => countUp(store, 'x'), {
    instanceOf: StoreUnavailableError,
  })
  await eventually('the refusal is reported', () => reported.length > 0)
  const shown = inspect([error, reported], { depth: 9, showHidden: true })
  t.regex(shown, /WRONGPASS/)
  t.notRegex(shown, /wrong-secret/)
})

it('a protected server works with the password of the URL', async (t) => {
  const { server } = await start(t, ['user ann on >p@ss:/% ~* &* +@all', 'requirepass other'])
  const user = `ann:${encodeURIComponent('p@ss:/%')}@`
  const redis = connectPatiently(`${server.url.replace('//', `//${user}`)}/2`)
  t.teardown(() => disconnect(redis))
  t.is(await countUp(storeOn(redis), 'x'), 1)
  t.regex(await redis.info('keyspace'), /db2:keys=1/)
})

it('a client that reads from replicas is refused', async (t) => {
  const clients = [
    new Cluster([{ host: '127.0.0.1', port: 1 }], { lazyConnect: true, scaleReads: 'all' }),
    new Redis({
      sentinels: [{ host: '127.0.0.1', port: 1 }],
      name: 'main',
      role: 'slave',
      lazyConnect: true,
    }),
  ]
  for (const redis of clients) {
    t.throws(() => storeOn(redis), { instanceOf: TypeError, message: /read from masters/ })
    redis.disconnect()
  }
})

it('updates through a closed client fail with a typed error', async (t) => {
  const { server } = await start(t)
  const redis = connectPatiently(server.url)
  const store = storeOn(redis)
  t.is(await countUp(store, 'x'), 1)
  await disconnect(redis)
  const error = await t.throwsAsync(() => countUp(store, 'x'), {
    instanceOf: StoreUnavailableError,
  })
  t.is(error?.code, 'store_unavailable')
})
