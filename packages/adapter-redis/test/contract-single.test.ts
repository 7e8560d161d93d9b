import { connect, createRedisStateStore, disconnect } from '@device-grant/adapter-redis'
import { type Sample, testStateStore } from '@device-grant/core/testing'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { type RedisServer, startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'

let server: RedisServer

if (hasRedis) {
  test.before(async () => {
    server = await startRedisServer()
  })
  test.after.always(() => server?.stop())
}

testStateStore(
  (title, run) => (hasRedis ? test : test.skip)(`single server: ${title}`, run),
  async () => {
    const clients = [connect(server.url), connect(server.url)] as const
    const [store, peer] = clients.map((redis) =>
      createRedisStateStore<Sample>(redis, { kind: 'kit:' }),
    )
    if (!store || !peer) throw new Error('Two stores are needed')
    const close = async () => {
      await Promise.all(clients.map((redis) => disconnect(redis)))
    }
    return { store, peer, close }
  },
)
