import {
  type CodeAttempts,
  CompareAndSwapStore,
  type DeviceGrant,
  isCodeAttempts,
  isDeviceGrant,
  isUsedAssertion,
  isUserCodeClaim,
  type Retained,
  type StateStore,
  type UsedAssertion,
  type UserCodeClaim,
} from '@device-grant/core'
import type { RedisClient } from './redis-client.ts'
import { RedisDriver, type RedisDriverOptions } from './redis-driver.ts'

/** The keys and the timeout of all stores on one client. */
export interface RedisStoresOptions {
  /**
   * What every key starts with, for a Redis that other services use too.
   * @default 'dg:'
   */
  readonly prefix?: string | undefined
  /**
   * How long one command may take, in milliseconds, above 0.
   * @default 2_000
   */
  readonly timeoutMs?: number | undefined
}

/** The keys, the timeout and the data of one store. */
export interface RedisStateStoreOptions<S>
  extends RedisStoresOptions,
    Pick<RedisDriverOptions<S>, 'isState' | 'describeKey'> {
  /** Follows the prefix in every key. It keeps the ids of one kind of state apart from all others. */
  readonly kind: string
  /**
   * A clock that never goes back, in milliseconds. It measures how long the connection has been lost.
   * @default performance.now
   */
  readonly now?: (() => number) | undefined
}

/**
 * How many states each store caches, at half a kilobyte each. A busy process is polled for so many
 * codes within an interval, and a cached one costs one command instead of two.
 */
const CACHE_SIZE = 100_000

/** Makes a `StateStore` of one kind of state. Every state is one key: prefix, kind, id. */
export const createRedisStateStore = <S extends Retained>(
  redis: RedisClient,
  { prefix = 'dg:', kind, ...options }: RedisStateStoreOptions<S>,
): StateStore<S> => {
  const driver = new RedisDriver<S>(redis, { prefix: prefix + kind, ...options })
  return new CompareAndSwapStore(driver, { cacheSize: CACHE_SIZE })
}

/** The stores of all states that live for minutes. API keys live longer and do not belong here. */
export interface RedisStores {
  /** Keys: `dg:g:` and the id of the grant. */
  readonly grants: StateStore<DeviceGrant>
  /** Keys: `dg:u:` and the user code. */
  readonly userCodes: StateStore<UserCodeClaim>
  /** Keys: `dg:w:` and the hash of the person, or `everyone`. */
  readonly codeAttempts: StateStore<CodeAttempts>
  /** Keys: `dg:a:` and the hash of the client and its `jti`. */
  readonly usedAssertions: StateStore<UsedAssertion>
}

/**
 * Makes these stores on one client. `RedisDriver` lists what a client needs that `connect` did not
 * make. The kinds are single letters because keys cost memory.
 */
export const createRedisStores = (
  redis: RedisClient,
  options: RedisStoresOptions = {},
): RedisStores => ({
  grants: createRedisStateStore(redis, { ...options, kind: 'g:', isState: isDeviceGrant }),
  userCodes: createRedisStateStore(redis, {
    ...options,
    kind: 'u:',
    isState: isUserCodeClaim,
    // User codes stay out of logs.
    describeKey: () => `${options.prefix ?? 'dg:'}u:…`,
  }),
  codeAttempts: createRedisStateStore(redis, { ...options, kind: 'w:', isState: isCodeAttempts }),
  usedAssertions: createRedisStateStore(redis, {
    ...options,
    kind: 'a:',
    isState: isUsedAssertion,
  }),
})
