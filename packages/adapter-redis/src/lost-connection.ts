import type { RedisClient } from './redis-client.ts'

/** Since when a client is known to have no connection; by `performance.now`. */
export interface LostConnection {
  since: number | undefined
}

const lostConnections = new WeakMap<RedisClient, LostConnection>()

/** Ends with the connection that follows. All stores on one client share it, and one listener. */
export const lostConnectionOf = (redis: RedisClient): LostConnection => {
  const known = lostConnections.get(redis)
  if (known) return known
  const lost: LostConnection = { since: undefined }
  lostConnections.set(redis, lost)
  redis.on('ready', () => {
    lost.since = undefined
  })
  return lost
}
