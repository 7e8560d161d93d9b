import type { Cluster, Redis } from 'ioredis'

/** A live ioredis client: of a single server, of whatever Sentinel calls the master, or of a Cluster. */
export type RedisClient = Redis | Cluster
