import { readFile } from 'node:fs/promises'
import { disconnect, type RedisClient } from '@device-grant/adapter-redis'
import { eventually } from '@device-grant/test-support/eventually'
import { startLoneCluster } from '@device-grant/test-support/lone-cluster'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test, { type ExecutionContext } from 'ava'
import { hasOpenssl, makeCertificate } from './certificate.ts'
import { connectPatiently } from './patient.ts'

const it = hasRedis ? test : test.skip

const COMMANDS = 200

const start = async (t: ExecutionContext) => {
  const server = await startRedisServer()
  const redis = connectPatiently(server.url)
  t.teardown(async () => {
    await disconnect(redis)
    await server.stop()
  })
  return { server, redis }
}

/** How many reads of its connections the server has made. */
const reads = async (redis: RedisClient): Promise<number> =>
  Number(/total_reads_processed:(\d+)/.exec(await redis.info('stats'))?.[1])

const readsOf = async (redis: RedisClient, work: () => Promise<unknown>): Promise<number> => {
  const before = await reads(redis)
  await work()
  return (await reads(redis)) - before - 1
}

const readTogether = (redis: RedisClient): Promise<unknown> =>
  Promise.all(Array.from({ length: COMMANDS }, (_, i) => redis.get(String(i))))

it('commands of one turn of the event loop reach the server in one read', async (t) => {
  const { redis } = await start(t)
  t.is(await readsOf(redis, () => readTogether(redis)), 1)
})

it('commands reach the server in one read on a new connection too', async (t) => {
  const { server, redis } = await start(t)
  await redis.ping()
  await server.restart()
  await eventually('it is connected again', async () => (await redis.ping()) === 'PONG')
  t.is(await readsOf(redis, () => readTogether(redis)), 1)
})

const secure = hasRedis && hasOpenssl ? test : test.skip

secure('commands reach the server in one read with TLS', async (t) => {
  const certificate = await makeCertificate()
  const server = await startRedisServer({ tls: certificate })
  const redis = connectPatiently(server.url, { tls: { ca: await readFile(certificate.cert) } })
  t.teardown(async () => {
    await disconnect(redis)
    await server.stop()
    await certificate.remove()
  })
  await redis.ping()
  t.is(await readsOf(redis, () => readTogether(redis)), 1)
})

it('commands reach a Cluster in one read', async (t) => {
  const server = await startLoneCluster()
  const redis = connectPatiently(server.url)
  t.teardown(async () => {
    await disconnect(redis)
    await server.stop()
  })
  await redis.ping()
  // The client refreshes the topology of the Cluster from time to time.
  t.true((await readsOf(redis, () => readTogether(redis))) <= 3)
})

it('every command gets its own answer, however the commands are batched', async (t) => {
  const { redis } = await start(t)
  const echoes = await Promise.all(
    Array.from({ length: COMMANDS }, async (_, i) => {
      // Some commands are sent at once, some a turn later, some after an answer.
      if (i % 3 === 1) await new Promise(setImmediate)
      if (i % 3 === 2) await redis.ping()
      return redis.echo(String(i))
    }),
  )
  t.deepEqual(
    echoes,
    Array.from({ length: COMMANDS }, (_, i) => String(i)),
  )
})
