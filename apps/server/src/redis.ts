import {
  bounded,
  checkServer,
  clockOffset,
  connect,
  disconnect,
  parseRedisUrl,
  ping,
  type RedisClient,
  RedisUrlError,
} from '@device-grant/adapter-redis'
import { redisModule } from '@device-grant/adapter-redis/inversify'
import type { Clock } from '@device-grant/core'
import type { Logger } from 'pino'
import {
  PROBE_TIMEOUT_MS,
  RETRY_MS,
  type RemoteStore,
  type RemoteStoreOptions,
  STATE_PORTS,
} from './remote-store.ts'
import { repeatUntilDone, repeatUntilStopped } from './repeat.ts'
import { StoreWatch } from './store-watch.ts'

const CHECK_CLOCK_EVERY_MS = 60_000
/** Two servers within this offset of Redis are at most twice as far apart from each other. */
const MAX_CLOCK_OFFSET_MS = 250

/** Log levels of the findings of a server check. */
const LEVELS = { note: 'info', warning: 'warn', error: 'error' } as const

/**
 * Keeps grants, user codes, code attempts and used assertions in Redis. It connects in the background, checks the
 * server once, and compares the clocks every minute.
 */
export const connectRedis = (
  url: string,
  { log, clock, pause }: RemoteStoreOptions,
): RemoteStore => {
  const redis = connect(url, {
    onError: (error) => watch.failed(error, 'warn', 'Redis connection failed'),
  })
  const closing = new AbortController()
  const { signal } = closing
  const store = { name: 'redis', probe: () => probeRedis(redis) }
  const watch = new StoreWatch({ store, log, clock, signal, pause })
  const checks = {
    signal,
    pause,
    onError: (error: unknown) => watch.failed(error, 'warn', 'Redis check failed'),
  }
  void repeatUntilDone(() => logServerCheck(redis, log), RETRY_MS, checks).then(() =>
    repeatUntilStopped(() => compareClocks(redis, log, clock), CHECK_CLOCK_EVERY_MS, checks),
  )
  return {
    ...store,
    bindings: [redisModule(redis)],
    ports: STATE_PORTS,
    watch,
    close: async () => {
      closing.abort()
      await disconnect(redis)
    },
  }
}

const PROBE_KEY = 'dg:status'

/**
 * Reads and writes. A server that is out of memory or a replica answers the ping, and refuses the write.
 * @param timeoutMs how long the read and the write may take each, in milliseconds
 * @throws {StoreError} if the server does not answer or refuses to write
 */
export const probeRedis = async (
  redis: RedisClient,
  timeoutMs: number = PROBE_TIMEOUT_MS,
): Promise<void> => {
  await ping(redis, timeoutMs)
  await bounded(redis.set(PROBE_KEY, '', 'PX', 10 * PROBE_TIMEOUT_MS), timeoutMs)
}

const logServerCheck = async (redis: RedisClient, log: Logger): Promise<void> => {
  const { version, findings } = await checkServer(redis)
  log.info({ version }, 'Redis connected')
  for (const { level, text } of findings) log[LEVELS[level]](`Redis check: ${text}`)
}

/** Whether two servers so far from Redis, in milliseconds, are close enough to each other. */
export const isSmallOffset = (offsetMs: number): boolean => Math.abs(offsetMs) < MAX_CLOCK_OFFSET_MS

const compareClocks = async (redis: RedisClient, log: Logger, clock: Clock): Promise<void> => {
  const offsetMs = await clockOffset(redis, clock)
  if (isSmallOffset(offsetMs)) return
  log.warn(
    { offsetMs },
    'Redis clock differs from the clock of this server, so codes may expire early and polls seem early',
  )
}

/** Returns what is wrong with a Redis URL, without the URL, or `undefined`. Connects to nothing. */
export const checkRedisUrl = (url: string): string | undefined => {
  try {
    parseRedisUrl(url)
    return undefined
  } catch (error) {
    if (error instanceof RedisUrlError) return error.message
    throw error
  }
}
