import type { Clock } from '@device-grant/core'
import { bounded } from './bounded.ts'
import { DEFAULT_TIMEOUT_MS } from './deadline.ts'
import type { RedisClient } from './redis-client.ts'

const ROUND_TRIPS = 3

/**
 * Measures how far this process's clock is ahead of Redis's, in milliseconds. It is negative if it is
 * behind. The fastest of three round trips counts, and the result is off by up to half of it.
 * @param timeoutMs how long one command may take, in milliseconds; 2 000 by default
 * @throws {StoreUnavailableError} if the server cannot be reached
 */
export const clockOffset = async (
  redis: RedisClient,
  clock: Clock,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<number> => {
  let best = { tookMs: Number.POSITIVE_INFINITY, offset: 0 }
  for (let trip = 0; trip < ROUND_TRIPS; trip++) {
    const sentAt = clock.now()
    const started = performance.now()
    const [seconds, microseconds] = await bounded(redis.time(), timeoutMs)
    const tookMs = performance.now() - started
    const serverTime = Number(seconds) * 1_000 + Number(microseconds) / 1_000
    if (tookMs < best.tookMs) best = { tookMs, offset: sentAt + tookMs / 2 - serverTime }
  }
  return Math.round(best.offset)
}
