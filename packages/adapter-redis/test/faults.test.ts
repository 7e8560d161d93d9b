import { once } from 'node:events'
import { inspect } from 'node:util'
import {
  connect,
  createRedisStateStore,
  disconnect,
  type RedisClient,
} from '@device-grant/adapter-redis'
import { type StateStore, StoreError, StoreUnavailableError } from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'
import { startCuttingProxy } from '@device-grant/test-support/cutting-proxy'
import { eventually } from '@device-grant/test-support/eventually'
import { startLoneCluster } from '@device-grant/test-support/lone-cluster'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { type RedisServer, startRedisServer } from '@device-grant/test-support/redis-server'
import test, { type ExecutionContext } from 'ava'
import { Cluster, Redis } from 'ioredis'

const it = hasRedis ? test : test.skip

const TIMEOUT_MS = 400
/** A lost answer is looked for once, so an update may take two timeouts; the rest is a busy machine. */
const PATIENCE_MS = 2 * TIMEOUT_MS + 1_500

const add = (store: StateStore<Sample>, id: string): Promise<number> =>
  store.update(id, (state) => {
    const value = (state?.value ?? 0) + 1
    return { next: { value, keepUntil: Date.now() + 60_000 }, reply: value }
  })

const storeOn = (redis: RedisClient): StateStore<Sample> =>
  createRedisStateStore<Sample>(redis, { kind: 't:', timeoutMs: TIMEOUT_MS })

const start = async (t: ExecutionContext, settings: readonly string[] = []) => {
  const server = await startRedisServer({ settings })
  const redis = connect(server.url, { commandTimeoutMs: TIMEOUT_MS, connectTimeoutMs: TIMEOUT_MS })
  t.teardown(async () => {
    await disconnect(redis)
    await server.stop()
  })
  return { server, redis, store: storeOn(redis) }
}

/** The typed error of an update that fails, within a bounded time. */
const faultOf = async (
  t: ExecutionContext,
  update: () => Promise<unknown>,
): Promise<StoreError> => {
  const started = performance.now()
  const fault = await t.throwsAsync(update)
  t.true(performance.now() - started < PATIENCE_MS)
  if (!(fault instanceof StoreError)) throw new Error('No store error', { cause: fault })
  t.true(fault.cause instanceof Error)
  t.notRegex(fault.message, /127\.0\.0\.1|localhost/)
  return fault
}

it('while the server is gone updates fail in time, and work again after its restart', async (t) => {
  const { server, store } = await start(t, ['appendonly yes', 'appendfsync always'])
  t.is(await add(store, 'x'), 1)
  await server.kill()
  for (let i = 0; i < 3; i++) {
    const started = performance.now()
    const fault = await t.throwsAsync(() => add(store, 'x'), { instanceOf: StoreUnavailableError })
    t.is(fault?.code, 'store_unavailable')
    t.true(performance.now() - started < PATIENCE_MS)
  }
  await server.restart()
  await eventually('an update works', async () => (await add(store, 'x')) > 0)
  const value = await store.update('x', (state) => ({ next: state, reply: state?.value }))
  // What was kept survived, and the update that worked counted once.
  t.is(value, 2)
})

it('updates that come while the server restarts wait for it', async (t) => {
  const { server, redis } = await start(t)
  const patient = connect(server.url)
  t.teardown(() => disconnect(patient))
  const store = createRedisStateStore<Sample>(patient, { kind: 't:' })
  t.is(await add(store, 'x'), 1)
  await redis.script('FLUSH')
  await server.restart()
  // Nothing was on disk, so the first one is the first again; nobody heard an error.
  t.is(await add(store, 'x'), 1)
})

it('a server that stops answering is given up in time, and taken back', async (t) => {
  const { server, store } = await start(t)
  t.is(await add(store, 'x'), 1)
  server.freeze()
  const faults = await Promise.all([1, 2, 3].map((n) => faultOf(t, () => add(store, `${n}`))))
  t.deepEqual(new Set(faults.map(({ code }) => code)), new Set(['store_unavailable']))
  server.thaw()
  await eventually('an update works', async () => (await add(store, 'y')) > 0)
  t.is(await add(store, 'x'), 2)
})

it('a connection that falls silent is given up for a new one', async (t) => {
  const { server } = await start(t)
  const proxy = await startCuttingProxy(server.port)
  const redis = connect(`redis://127.0.0.1:${proxy.port}`, { commandTimeoutMs: TIMEOUT_MS })
  t.teardown(async () => {
    await disconnect(redis)
    await proxy.close()
  })
  const store = storeOn(redis)
  t.is(await add(store, 'x'), 1)
  proxy.silence()
  const socketTimeoutMs = TIMEOUT_MS + 1_000
  await eventually(
    'an update works',
    async () => (await add(store, 'y')) > 0,
    // The rest is a busy machine.
    TIMEOUT_MS + socketTimeoutMs + 1_500,
  )
  t.is(await add(store, 'x'), 2)
})

for (const [what, startServer] of [
  ['a single server', startRedisServer],
  ['a Cluster', startLoneCluster],
] as const) {
  it(`updates wait through a blip of ${what}, however long it was away before`, async (t) => {
    const server = await startServer()
    const redis = connect(server.url, { commandTimeoutMs: TIMEOUT_MS })
    const store = storeOn(redis)
    t.teardown(async () => {
      await disconnect(redis)
      await server.stop()
    })
    t.is(await add(store, 'x'), 1)
    await server.kill()
    await eventually('nobody waits for it any more', async () => {
      const fault = await t.throwsAsync(() => add(store, 'x'))
      return fault?.cause instanceof Error && /The connection is/.test(fault.cause.message)
    })
    await server.restart()
    await eventually('it is connected again', () => redis.status === 'ready')
    const lost = once(redis, 'close')
    redis.disconnect(true)
    await lost
    await t.notThrowsAsync(() => add(store, 'x'))
  })
}

it('a client that never connects fails in time, whatever its own settings', async (t) => {
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
    const store = storeOn(redis)
    t.is((await faultOf(t, () => add(store, 'x'))).code, 'store_unavailable')
    await eventually('nothing waits any more, an update fails at once', async () => {
      const started = performance.now()
      await t.throwsAsync(() => add(store, 'x'), { instanceOf: StoreUnavailableError })
      return performance.now() - started < TIMEOUT_MS / 4
    })
  }
})

it('a server that lost the script gets it again', async (t) => {
  const { redis, store } = await start(t)
  t.is(await add(store, 'x'), 1)
  await redis.script('FLUSH')
  const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => add(store, `${i}`)))
  t.deepEqual(new Set(replies), new Set([1]))
  t.is(await add(store, 'x'), 2)
})

it('without memory a new id is refused as full, and what is there can still be read', async (t) => {
  const { redis, store } = await start(t)
  t.is(await add(store, 'x'), 1)
  await redis.config('SET', 'maxmemory', '1')
  const refused = await faultOf(t, () => add(store, 'new'))
  t.is(refused.code, 'store_full')
  t.is((await faultOf(t, () => add(store, 'x'))).code, 'store_unavailable')
  t.is(await store.update('x', (state) => ({ next: state, reply: state?.value })), 1)
  t.is(await store.update('x', () => ({ next: undefined, reply: 'removed' })), 'removed')
  await redis.config('SET', 'maxmemory', '0')
  t.is(await add(store, 'new'), 1)
})

it('what somebody else wrote under the prefix is a typed fault', async (t) => {
  const { redis, store } = await start(t)
  await redis.set('dg:t:text', 'not a cell')
  await redis.set('dg:t:json', '{"a":1}')
  await redis.hset('dg:t:hash', 'a', '1')
  for (const [id, message] of [
    ['text', 'Redis holds something else under this key'],
    ['json', 'Redis holds something else under this key'],
    ['hash', 'Redis refused a command: WRONGTYPE'],
  ] as const) {
    const fault = await faultOf(t, () => add(store, id))
    t.is(fault.code, 'store_unavailable')
    t.is(fault.message, message)
  }
  t.is(await redis.get('dg:t:text'), 'not a cell')
  t.is(await redis.get('dg:t:json'), '{"a":1}')
})

it('no password shows in what is thrown or reported', async (t) => {
  const { server } = await start(t, ['requirepass right-secret'])
  const reported: Error[] = []
  const redis = connect(server.url.replace('//', '//:wrong-secret@'), {
    onError: (error) => reported.push(error),
  })
  t.teardown(() => redis.disconnect())
  const fault = await t.throwsAsync(() => add(storeOn(redis), 'x'), {
    instanceOf: StoreUnavailableError,
  })
  await eventually('the refusal is reported', () => reported.length > 0)
  const shown = inspect([fault, reported], { depth: 9, showHidden: true })
  t.regex(shown, /WRONGPASS/)
  t.notRegex(shown, /wrong-secret/)
})

it('with the password of the URL a protected server works', async (t) => {
  const { server } = await start(t, ['user ann on >p@ss:/% ~* &* +@all', 'requirepass other'])
  const redis = connect(`${server.url.replace('//', `//ann:${encodeURIComponent('p@ss:/%')}@`)}/2`)
  t.teardown(() => disconnect(redis))
  t.is(await add(storeOn(redis), 'x'), 1)
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

it('a client that was closed fails typed', async (t) => {
  const server: RedisServer = await startRedisServer()
  t.teardown(() => server.stop())
  const redis = connect(server.url)
  const store = storeOn(redis)
  t.is(await add(store, 'x'), 1)
  await disconnect(redis)
  t.is(
    (await t.throwsAsync(() => add(store, 'x'), { instanceOf: StoreUnavailableError }))?.code,
    'store_unavailable',
  )
})
