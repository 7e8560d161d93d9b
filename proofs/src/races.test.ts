import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import { keyRecords } from './key-records.ts'
import { proveRaces, SERVERS } from './race-proofs.ts'
import { startServerProcesses } from './server-process.ts'

const mongo = hasRedis ? await ownMongoServer('races between processes') : undefined
const mongodbUri = mongo?.uri ?? ''

proveRaces(mongo ? test : test.skip, async () => {
  const redis = await startRedisServer()
  const processes = await startServerProcesses(SERVERS, { redisUrl: redis.url, mongodbUri })
  return {
    processes,
    records: () => keyRecords(mongodbUri),
    stop: async () => {
      await Promise.all(processes.map((server) => server.stop()))
      await redis.stop()
      await mongo?.stop()
    },
  }
})
