export { bounded } from './bounded.ts'
export { clockOffset } from './clock-offset.ts'
export type { ConnectOptions } from './connect.ts'
export { connect, disconnect } from './connect.ts'
export { ping } from './ping.ts'
export type { RedisClient } from './redis-client.ts'
export type { RedisDriverOptions } from './redis-driver.ts'
export { RedisDriver } from './redis-driver.ts'
export type {
  RedisStateStoreOptions,
  RedisStores,
  RedisStoresOptions,
} from './redis-state-store.ts'
export { createRedisStateStore, createRedisStores } from './redis-state-store.ts'
export type { RedisNode, RedisTarget } from './redis-url.ts'
export { parseRedisUrl, RedisUrlError } from './redis-url.ts'
export type { ServerCheck, ServerFinding } from './server-check.ts'
export { checkServer } from './server-check.ts'
