import type { Window } from '../rules/code-attempts.ts'
import type { DeviceGrant } from '../rules/device-grant.ts'
import type { UserCodeClaim } from '../rules/user-code.ts'
import { MemoryApiKeyStore, MemoryStateStore, type MemoryStoreOptions } from './memory-store.ts'

/** All four stores. */
export interface MemoryStores {
  readonly grants: MemoryStateStore<DeviceGrant>
  readonly userCodes: MemoryStateStore<UserCodeClaim>
  readonly windows: MemoryStateStore<Window>
  readonly apiKeys: MemoryApiKeyStore
}

/** Everything that the use cases keep, in this process's memory. */
export const createMemoryStores = (options: MemoryStoreOptions): MemoryStores => ({
  grants: new MemoryStateStore<DeviceGrant>(options),
  userCodes: new MemoryStateStore<UserCodeClaim>(options),
  windows: new MemoryStateStore<Window>(options),
  apiKeys: new MemoryApiKeyStore(options),
})
