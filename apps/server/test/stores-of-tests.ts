import {
  connect as connectMongo,
  createMongoCutOffStore,
  MongoApiKeyStore,
} from '@device-grant/adapter-mongo'
import { connect as connectRedis, createRedisStores, disconnect } from '@device-grant/adapter-redis'
import {
  type ApiKeyStore,
  createMemoryStores,
  type StateStore,
  type UseCaseDependencies,
  type UsedAssertion,
} from '@device-grant/core'
import type { TestClock } from '@device-grant/test-support/clock'
import { mongoServer, withDatabase } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'

/** The stores of a server. */
export type ServerStores = Pick<
  UseCaseDependencies,
  'grants' | 'userCodes' | 'codeAttempts' | 'cutOffs'
> & {
  readonly apiKeys: ApiKeyStore
  readonly usedAssertions: StateStore<UsedAssertion>
}

/** Where the servers of a test file keep their data. */
interface Place {
  /** Makes stores without data. */
  readonly make: (clock: TestClock) => ServerStores
  /** The settings of a program that keeps its data there. */
  readonly settings: Readonly<Record<string, string>>
  readonly stop: () => Promise<void>
}

const TIMEOUT_MS = 30_000

const MEMORY: Place = {
  make: (clock) => createMemoryStores({ clock }),
  settings: {},
  stop: async () => {},
}

let place: Promise<Place> = Promise.resolve(MEMORY)

/** Stores without data, in memory unless the file has called `useRealStores`. */
export const storesOfTest = async (clock: TestClock): Promise<ServerStores> =>
  (await place).make(clock)

/** The settings of a program that keeps its data where `storesOfTest` does. */
export const storeSettings = async (): Promise<Place['settings']> => (await place).settings

/**
 * Starts Redis and MongoDB, and keeps the data of all servers of this file there. If one of them cannot
 * be started, the data stays in memory.
 * @returns a function that stops both
 */
export const useRealStores = (what: string): (() => Promise<void>) => {
  place = startRealStores(what)
  return async () => (await place).stop()
}

/** Every call of `make` gives keys and collections of their own. */
const startRealStores = async (what: string): Promise<Place> => {
  const mongo = hasRedis ? await mongoServer(what) : undefined
  if (mongo === undefined) return MEMORY
  const redisServer = await startRedisServer()
  const uri = withDatabase(mongo.uri, `device_grant_test_rows_${process.pid}`)
  const redis = connectRedis(redisServer.url, {
    commandTimeoutMs: TIMEOUT_MS,
    connectTimeoutMs: TIMEOUT_MS,
  })
  const db = connectMongo(uri, {
    serverSelectionTimeoutMS: TIMEOUT_MS,
    connectTimeoutMS: TIMEOUT_MS,
    waitQueueTimeoutMS: TIMEOUT_MS,
  })
  let count = 0
  return {
    make: () => {
      count += 1
      const collections = { apiKeys: `api_keys_${count}`, cutOffs: `cut_offs_${count}` }
      const options = { ...collections, timeoutMs: TIMEOUT_MS }
      return {
        ...createRedisStores(redis, { prefix: `${count}:`, timeoutMs: TIMEOUT_MS }),
        apiKeys: new MongoApiKeyStore(db, options),
        cutOffs: createMongoCutOffStore(db, options),
      }
    },
    settings: {
      REDIS_URL: redisServer.url,
      MONGODB_URI: uri,
      SESSION_SECRET: 'T2ZaZ1xkqgLwqYr8m4XcW3vB6nHs0eJd',
    },
    stop: async () => {
      await db.dropDatabase()
      await Promise.all([db.client.close(), disconnect(redis)])
      await Promise.all([redisServer.stop(), mongo.stop()])
    },
  }
}
