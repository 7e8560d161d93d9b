import type {
  CodeAttempts,
  DeviceGrant,
  Retained,
  StateStore,
  UserCodeClaim,
} from '@device-grant/core'
import { CompareAndSwapStore } from '@device-grant/core'
import type { RedisClient } from './redis-client.ts'
import { RedisDriver } from './redis-driver.ts'

export interface RedisStoresOptions {
  /** What every key begins with, for a Redis that others use too. Default `dg:`. */
  readonly prefix?: string | undefined
  /** How long one command may take, milliseconds. Default 2 000. */
  readonly timeoutMs?: number | undefined
}

export interface RedisStateStoreOptions extends RedisStoresOptions {
  /** Keeps the ids of one sort of state apart from all others: it follows the prefix. */
  readonly kind: string
}

/**
 * As many codes as one busy process is polled for within an interval, so that a poll is one command
 * and not two. Half a kilobyte each.
 */
const CACHE_SIZE = 100_000

/** A `StateStore` for one sort of state. Every state is one key: prefix, kind, id. */
export const createRedisStateStore = <S extends Retained>(
  redis: RedisClient,
  { prefix = 'dg:', kind, ...options }: RedisStateStoreOptions,
): StateStore<S> =>
  new CompareAndSwapStore(new RedisDriver<S>(redis, { prefix: prefix + kind, ...options }), {
    cacheSize: CACHE_SIZE,
  })

/** The stores of everything that lives minutes. API keys do not belong here. */
export interface RedisStores {
  readonly grants: StateStore<DeviceGrant>
  readonly userCodes: StateStore<UserCodeClaim>
  readonly codeAttempts: StateStore<CodeAttempts>
}

/**
 * All three stores of the use cases on one client. What a client has to bring that `connect` did not
 * make, `RedisDriver` says. The kinds are short because keys cost memory.
 */
export const createRedisStores = (
  redis: RedisClient,
  options: RedisStoresOptions = {},
): RedisStores => ({
  grants: createRedisStateStore(redis, { ...options, kind: 'g:' }),
  userCodes: createRedisStateStore(redis, { ...options, kind: 'u:' }),
  codeAttempts: createRedisStateStore(redis, { ...options, kind: 'w:' }),
})
