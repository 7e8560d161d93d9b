import type { DeviceGrant, Keepable, StateStore, UserCodeClaim, Window } from '@device-grant/core'
import { CompareAndSwapStore } from '@device-grant/core'
import { RedisCells } from './redis-cells.ts'
import type { RedisClient } from './redis-client.ts'

export interface RedisStoresOptions {
  /** What every key begins with, for a Redis that others use too. Default `dg:`. */
  readonly prefix?: string
  /** How long one command may take, milliseconds. Default 2 000. */
  readonly timeoutMs?: number
}

export interface RedisStateStoreOptions extends RedisStoresOptions {
  /** Keeps the ids of one sort of state apart from all others: it follows the prefix. */
  readonly kind: string
}

/**
 * As many codes as one busy process is polled for within an interval, so that a poll is one command
 * and not two. Half a kilobyte each.
 */
const REMEMBER = 100_000

/** A `StateStore` for one sort of state. Every state is one key: prefix, kind, id. */
export const createRedisStateStore = <S extends Keepable>(
  redis: RedisClient,
  { prefix = 'dg:', kind, ...options }: RedisStateStoreOptions,
): StateStore<S> =>
  new CompareAndSwapStore(new RedisCells<S>(redis, { prefix: prefix + kind, ...options }), {
    remember: REMEMBER,
  })

/** The stores of everything that lives minutes. API keys do not belong here. */
export interface RedisStores {
  readonly grants: StateStore<DeviceGrant>
  readonly userCodes: StateStore<UserCodeClaim>
  readonly windows: StateStore<Window>
}

/**
 * All three stores of the use cases on one client. What a client has to bring that `connect` did not
 * make, `RedisCells` says. The kinds are short because keys cost memory.
 */
export const createRedisStores = (
  redis: RedisClient,
  options: RedisStoresOptions = {},
): RedisStores => ({
  grants: createRedisStateStore(redis, { ...options, kind: 'g:' }),
  userCodes: createRedisStateStore(redis, { ...options, kind: 'u:' }),
  windows: createRedisStateStore(redis, { ...options, kind: 'w:' }),
})
