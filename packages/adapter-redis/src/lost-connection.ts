import type { RedisClient } from './redis-client.ts'

/** When the connection of a client was lost, if it is. */
export interface LostConnection {
  /** When a store first found no connection, in milliseconds of its monotonic clock. */
  since: number | undefined
}

const lostConnections = new WeakMap<RedisClient, LostConnection>()

/** Returns the record of a client, which all its stores share. It is reset on reconnect. */
export const lostConnectionOf = (redis: RedisClient): LostConnection => {
  const existing = lostConnections.get(redis)
  if (existing) return existing
  const lost: LostConnection = { since: undefined }
  lostConnections.set(redis, lost)
  redis.on('ready', () => {
    lost.since = undefined
  })
  return lost
}
