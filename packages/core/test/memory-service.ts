import {
  type ApiKeyStore,
  type Clock,
  type CodeAttempts,
  createUseCases,
  type DeviceGrant,
  type DeviceGrantEvent,
  MemoryApiKeyStore,
  MemoryStateStore,
  type StateStore,
  type UseCaseDependencies,
  type UseCases,
  type UserCodeClaim,
} from '@device-grant/core'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND

/** A clock that moves only when it is told to. */
export class SettableClock implements Clock {
  #now = Date.UTC(2030, 0, 1)
  now = (): number => this.#now
  pass(ms: number): void {
    this.#now += ms
  }
}

/** The four stores that a service stands on. */
export interface Stores {
  readonly grants: StateStore<DeviceGrant>
  readonly userCodes: StateStore<UserCodeClaim>
  readonly codeAttempts: StateStore<CodeAttempts>
  readonly apiKeys: ApiKeyStore
}

export interface MemoryStores extends Stores {
  readonly grants: MemoryStateStore<DeviceGrant>
  readonly userCodes: MemoryStateStore<UserCodeClaim>
  readonly codeAttempts: MemoryStateStore<CodeAttempts>
  readonly apiKeys: MemoryApiKeyStore
}

export const createMemoryStores = (clock: Clock): MemoryStores => ({
  grants: new MemoryStateStore({ clock }),
  userCodes: new MemoryStateStore({ clock }),
  codeAttempts: new MemoryStateStore({ clock }),
  apiKeys: new MemoryApiKeyStore({ clock }),
})

export interface MemoryService extends UseCases {
  readonly clock: SettableClock
  readonly stores: MemoryStores
  readonly events: DeviceGrantEvent[]
}

/** All use cases in memory, with a settable clock and a record of what happened. */
export const createMemoryService = (
  policy?: UseCaseDependencies['policy'],
  wrap: (stores: MemoryStores, clock: SettableClock) => Stores = (stores) => stores,
): MemoryService => {
  const clock = new SettableClock()
  const stores = createMemoryStores(clock)
  const events: DeviceGrantEvent[] = []
  const useCases = createUseCases({
    ...wrap(stores, clock),
    ...(policy ? { policy } : {}),
    clock,
    events: { emit: (event) => events.push(event) },
  })
  return { ...useCases, clock, stores, events }
}
