import { createRedisStateStore, disconnect, type RedisClient } from '@device-grant/adapter-redis'
import type { StateStore } from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'
import { startCuttingProxy } from '@device-grant/test-support/cutting-proxy'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import { Redis } from 'ioredis'
import { countUp } from './count-up.ts'
import { connectPatiently, PATIENT_MS } from './patient.ts'

const it = hasRedis ? test : test.skip

const WRITES = 12
const clients: Readonly<Record<string, (port: number) => RedisClient>> = {
  'a client of connect(), which sends commands again': (port) =>
    connectPatiently(`redis://127.0.0.1:${port}`),
  'a client that does not send commands again': (port) =>
    new Redis({
      port,
      autoResendUnfulfilledCommands: false,
      // Each lost answer costs this much, and a busy machine must not miss it.
      commandTimeout: 3_000,
      enableAutoPipelining: true,
      retryStrategy: () => 10,
    }).on('error', () => {}),
}

/** 15 updates of one id. The first one creates, and five come after a write of another process. */
const updateOften = async (store: StateStore<Sample>, peer: StateStore<Sample>, id: string) => {
  const replies: number[] = []
  for (let i = 0; i < 5; i++) replies.push(await countUp(store, id))
  for (let i = 0; i < 5; i++) {
    replies.push(await countUp(peer, id))
    replies.push(await countUp(store, id))
  }
  return replies
}

const storeOn = (redis: RedisClient): StateStore<Sample> =>
  createRedisStateStore<Sample>(redis, { kind: 't:', timeoutMs: PATIENT_MS })

for (const [kind, client] of Object.entries(clients)) {
  it(`an update whose answer is lost counts once and succeeds, with ${kind}`, async (t) => {
    const server = await startRedisServer()
    const direct = connectPatiently(server.url)
    const peer = storeOn(direct)
    const expected = Array.from({ length: 15 }, (_, i) => i + 1)
    /** Cuts the connection after the n-th of the writes. */
    const cutAfter = async (n: number): Promise<void> => {
      const proxy = await startCuttingProxy(server.port)
      const redis = client(proxy.port)
      const store = storeOn(redis)
      t.deepEqual(await updateOften(store, peer, `before ${n}`), expected)
      proxy.cutAfterWrite(n)
      t.deepEqual(await updateOften(store, peer, `cut ${n}`), expected, `cut after write ${n}`)
      t.is(proxy.cuts, 1, `write ${n} was cut`)
      t.is(await countUp(peer, `cut ${n}`), expected.length + 1)
      await disconnect(redis)
      await proxy.close()
    }
    try {
      await Promise.all(Array.from({ length: WRITES }, (_, i) => cutAfter(i + 1)))
    } finally {
      await disconnect(direct)
      await server.stop()
    }
  })
}
