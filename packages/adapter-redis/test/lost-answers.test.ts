import {
  connect,
  createRedisStateStore,
  disconnect,
  type RedisClient,
} from '@device-grant/adapter-redis'
import type { StateStore } from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'
import { type CuttingProxy, startCuttingProxy } from '@device-grant/test-support/cutting-proxy'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import { Redis } from 'ioredis'

const it = hasRedis ? test : test.skip

const WRITES = 12
const clients: Readonly<Record<string, (port: number) => RedisClient>> = {
  'a client of connect(), which sends again': (port) => connect(`redis://127.0.0.1:${port}`),
  'a client that does not send again': (port) =>
    new Redis({
      port,
      autoResendUnfulfilledCommands: false,
      commandTimeout: 150,
      enableAutoPipelining: true,
      retryStrategy: () => 10,
    }).on('error', () => {}),
}

const add = (store: StateStore<Sample>, id: string): Promise<number> =>
  store.update(id, (state) => {
    const value = (state?.value ?? 0) + 1
    return { next: { value, keepUntil: Date.now() + 60_000 }, reply: value }
  })

/** Ten updates of one id: the first one creates, and others come after a write of somebody else. */
const updateTen = async (store: StateStore<Sample>, peer: StateStore<Sample>, id: string) => {
  const replies: number[] = []
  for (let i = 0; i < 5; i++) replies.push(await add(store, id))
  for (let i = 0; i < 5; i++) {
    replies.push(await add(peer, id))
    replies.push(await add(store, id))
  }
  return replies
}

for (const [kind, client] of Object.entries(clients)) {
  it(`an update whose answer is lost is done once and told as success: ${kind}`, async (t) => {
    const server = await startRedisServer()
    const proxy: CuttingProxy = await startCuttingProxy(server.port)
    const [redis, direct] = [client(proxy.port), connect(server.url)]
    t.teardown(async () => {
      await Promise.all([disconnect(redis), disconnect(direct)])
      await proxy.close()
      await server.stop()
    })
    const store = createRedisStateStore<Sample>(redis, { kind: 't:' })
    const peer = createRedisStateStore<Sample>(direct, { kind: 't:' })
    const expected = Array.from({ length: 15 }, (_, i) => i + 1)
    t.deepEqual(await updateTen(store, peer, 'warm'), expected)
    for (let n = 1; n <= WRITES; n++) {
      const { cuts } = proxy
      proxy.cutAfterWrite(n)
      t.deepEqual(await updateTen(store, peer, `cut ${n}`), expected, `cut after write ${n}`)
      t.is(proxy.cuts, cuts + 1, `write ${n} was cut`)
      t.is(await add(peer, `cut ${n}`), expected.length + 1)
    }
  })
}
