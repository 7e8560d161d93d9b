import { bounded } from './bounded.ts'
import { DEFAULT_TIMEOUT_MS } from './deadline.ts'
import type { RedisClient } from './redis-client.ts'

/**
 * Resolves when the server answers.
 * @param timeoutMs how long it may take, in milliseconds; 2 000 by default
 * @throws {StoreUnavailableError} if it did not answer in time
 */
export const ping = async (
  redis: RedisClient,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): Promise<void> => {
  await bounded(redis.ping(), timeoutMs)
}
