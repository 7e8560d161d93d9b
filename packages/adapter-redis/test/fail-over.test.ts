import { createRedisStateStore, disconnect, type RedisClient } from '@device-grant/adapter-redis'
import { type StateStore, StoreError, StoreUnavailableError } from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'
import { startCuttingProxy } from '@device-grant/test-support/cutting-proxy'
import { eventually } from '@device-grant/test-support/eventually'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisCluster } from '@device-grant/test-support/redis-cluster'
import { type RedisServer, startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import { Redis } from 'ioredis'
import { countUp } from './count-up.ts'
import { connectPatiently, PATIENT_MS } from './patient.ts'

const it = hasRedis ? test : test.skip

const storeOn = (redis: RedisClient, timeoutMs: number = PATIENT_MS): StateStore<Sample> =>
  createRedisStateStore<Sample>(redis, { kind: 't:', timeoutMs })

/** Retries as a device does after a typed error. Returns how many errors there were. */
const retry = async (store: StateStore<Sample>, id: string): Promise<number> => {
  let errors = 0
  await eventually(
    `an update of ${id} works`,
    async () => {
      try {
        await countUp(store, id)
        return true
      } catch (error) {
        if (!(error instanceof StoreError)) throw error
        errors += 1
        return false
      }
    },
    2 * PATIENT_MS,
  )
  return errors
}

const startPair = async (): Promise<readonly [RedisServer, RedisServer]> => {
  const master = await startRedisServer({ settings: ['repl-diskless-sync-delay 0'] })
  const replica = await startRedisServer({
    settings: [`replicaof 127.0.0.1 ${master.port}`],
  })
  const admin = new Redis(replica.url)
  await eventually('the replica follows', async () =>
    (await admin.info('replication')).includes('master_link_status:up'),
  )
  admin.disconnect()
  return [master, replica]
}

/** Waits until the replica has every key of its master. */
const followed = async (master: RedisServer, replica: RedisServer): Promise<void> => {
  const admins = [master, replica].map(({ url }) => new Redis(url))
  await eventually('the replica has what its master has', async () => {
    const [has, got] = await Promise.all(admins.map((admin) => admin.dbsize()))
    return has === got && has !== 0
  })
  for (const admin of admins) admin.disconnect()
}

it('a client leaves a master that became a replica, for the one that the address leads to now', async (t) => {
  const [one, two] = await startPair()
  const proxy = await startCuttingProxy(one.port)
  const redis = connectPatiently(`redis://127.0.0.1:${proxy.port}`)
  const admins = [new Redis(one.url), new Redis(two.url)] as const
  t.teardown(async () => {
    await disconnect(redis)
    for (const admin of admins) admin.disconnect()
    await proxy.close()
    await Promise.all([one.stop(), two.stop()])
  })
  const store = storeOn(redis)
  t.is(await countUp(store, 'x'), 1)
  await followed(one, two)
  // The connection stays open, but its server refuses writes from now on.
  proxy.redirect(two.port)
  await admins[1].replicaof('NO', 'ONE')
  await admins[0].replicaof('127.0.0.1', two.port)
  t.is(await countUp(store, 'x'), 2)
  t.regex(String(await admins[1].get('dg:t:x')), /2/)
})

it('Sentinels lead to the new master after a fail-over', async (t) => {
  const [one, two] = await startPair()
  const sentinel = await startRedisServer({
    sentinel: true,
    settings: [
      `sentinel monitor main 127.0.0.1 ${one.port} 1`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 5000',
    ],
  })
  const watcher = new Redis(sentinel.url)
  const redis = connectPatiently(`redis+sentinel://127.0.0.1:${sentinel.port}/main`)
  t.teardown(async () => {
    await disconnect(redis)
    watcher.disconnect()
    await Promise.all([sentinel, one, two].map((server) => server.stop()))
  })
  const store = storeOn(redis)
  t.is(await countUp(store, 'x'), 1)
  await eventually('the Sentinel knows the replica', async () => {
    const replicas = await watcher.call('SENTINEL', 'REPLICAS', 'main')
    return Array.isArray(replicas) && replicas.length === 1
  })
  await followed(one, two)
  await one.kill()
  const started = performance.now()
  const errors = await retry(store, 'x')
  t.log(
    `${Math.round(performance.now() - started)} ms and ${errors} typed errors until the next write`,
  )
  t.is(await store.update('x', (state) => ({ next: state, reply: state?.value })), 2)
})

it('Sentinels and their master may have different passwords', async (t) => {
  const master = await startRedisServer({ settings: ['requirepass of-master'] })
  const sentinel = await startRedisServer({
    sentinel: true,
    settings: [
      'user watcher on >of-sentinel ~* &* +@all',
      'user default off',
      `sentinel monitor main 127.0.0.1 ${master.port} 1`,
      'sentinel auth-pass main of-master',
    ],
  })
  const url = `redis+sentinel://:of-master@127.0.0.1:${sentinel.port}/main`
  const redis = connectPatiently(url, {
    sentinelUsername: 'watcher',
    sentinelPassword: 'of-sentinel',
  })
  const stranger = connectPatiently(url)
  t.teardown(async () => {
    stranger.disconnect()
    await disconnect(redis)
    await Promise.all([sentinel, master].map((server) => server.stop()))
  })
  t.is(await countUp(storeOn(redis), 'x'), 1)
  const store = storeOn(stranger, 500)
  await t.throwsAsync(() => countUp(store, 'x'), { instanceOf: StoreUnavailableError })
})

it('a Cluster works again after one of its masters was killed', async (t) => {
  const cluster = await startRedisCluster()
  const redis = connectPatiently(cluster.url)
  t.teardown(async () => {
    await disconnect(redis)
    await cluster.stop()
  })
  const store = storeOn(redis)
  const ids = Array.from({ length: 40 }, (_, i) => `id ${i}`)
  await Promise.all(ids.map((id) => countUp(store, id)))
  const { 0: victim, 3: replica } = cluster.servers
  if (!victim || !replica) throw new Error('The Cluster is empty')
  await followed(victim, replica)
  await victim.kill()
  const started = performance.now()
  const errors = await Promise.all(ids.map((id) => retry(store, id)))
  t.log(
    `${Math.round(performance.now() - started)} ms until all ${ids.length} ids were written again, ` +
      `${errors.filter((n) => n > 0).length} of them after typed errors`,
  )
  for (const id of ids) t.true((await countUp(store, id)) >= 3, id)
})
