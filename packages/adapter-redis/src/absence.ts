import type { RedisClient } from './redis-client.ts'

/** Since when a client is known to have no connection; by `performance.now`. */
export interface Absence {
  since: number | undefined
}

const absences = new WeakMap<RedisClient, Absence>()

/** Ends with the connection that follows. All stores on one client share it, and one listener. */
export const absenceOf = (redis: RedisClient): Absence => {
  const known = absences.get(redis)
  if (known) return known
  const absence: Absence = { since: undefined }
  absences.set(redis, absence)
  redis.on('ready', () => {
    absence.since = undefined
  })
  return absence
}
