import type { Cluster, Redis } from 'ioredis'

/** A live ioredis client of a single server, of the master that Sentinels name, or of a Cluster. */
export type RedisClient = Redis | Cluster
