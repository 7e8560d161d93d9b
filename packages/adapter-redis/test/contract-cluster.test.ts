import {
  connect,
  createRedisStateStore,
  disconnect,
  type RedisClient,
} from '@device-grant/adapter-redis'
import { type Sample, testStateStore } from '@device-grant/core/testing'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { type RedisCluster, startRedisCluster } from '@device-grant/test-support/redis-cluster'
import test from 'ava'

let cluster: RedisCluster
let clients: readonly [RedisClient, RedisClient]

if (hasRedis) {
  test.before(async () => {
    cluster = await startRedisCluster()
    clients = [connect(cluster.url), connect(cluster.url)]
  })
  test.after.always(async () => {
    await Promise.all((clients ?? []).map((redis) => disconnect(redis)))
    await cluster?.stop()
  })
}

testStateStore(
  (title, run) => (hasRedis ? test : test.skip)(`Cluster: ${title}`, run),
  async () => {
    const [one, two] = clients
    return {
      store: createRedisStateStore<Sample>(one, { kind: 'kit:' }),
      peer: createRedisStateStore<Sample>(two, { kind: 'kit:' }),
    }
  },
)
