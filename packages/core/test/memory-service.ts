import {
  type ApiKeyStore,
  type CodeAttempts,
  type CutOff,
  createMemoryStores,
  createUseCases,
  type DeviceGrant,
  type DeviceGrantEvent,
  type ListedKey,
  type MemoryStores,
  type StateStore,
  type UseCaseDependencies,
  type UseCases,
  type UserCodeClaim,
} from '@device-grant/core'
import { TestClock } from '@device-grant/test-support/clock'
import { issued } from '@device-grant/test-support/issued'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND

/** The stores of the use cases. */
export interface Stores {
  readonly grants: StateStore<DeviceGrant>
  readonly userCodes: StateStore<UserCodeClaim>
  readonly codeAttempts: StateStore<CodeAttempts>
  readonly apiKeys: ApiKeyStore
  readonly cutOffs: StateStore<CutOff>
}

/** All use cases, with what a test moves and looks at. */
export interface MemoryService extends UseCases {
  readonly clock: TestClock
  readonly stores: MemoryStores
  readonly events: DeviceGrantEvent[]
}

/** What an operator may add. */
export type Modules = Pick<
  UseCaseDependencies,
  'clients' | 'scopes' | 'admitPerson' | 'safeguards' | 'loginHints'
>

/**
 * Makes all use cases in memory, with a clock that stands still and a record of all events. Key checks
 * age by the same clock.
 * @param wrap puts stores that fail or count before those in memory
 * @param modules what an operator may add
 */
export const createMemoryService = (
  policy?: UseCaseDependencies['policy'],
  wrap: (stores: MemoryStores, clock: TestClock) => Stores = (stores) => stores,
  modules: Modules = {},
): MemoryService => {
  const clock = new TestClock()
  const stores = createMemoryStores({ clock })
  const events: DeviceGrantEvent[] = []
  const useCases = createUseCases({
    ...wrap(stores, clock),
    ...modules,
    ...(policy ? { policy } : {}),
    clock,
    monotonic: clock.now,
    events: { emit: (event) => events.push(event) },
  })
  return { ...useCases, clock, stores, events }
}

/** A key store with some of its operations replaced. */
export const changedKeys = (keys: ApiKeyStore, changes: Partial<ApiKeyStore>): ApiKeyStore => ({
  read: (id) => keys.read(id),
  find: (query) => keys.find(query),
  update: (id, transition) => keys.update(id, transition),
  ...changes,
})

/** A login that has ended with a key. */
export interface LoggedIn {
  readonly deviceCode: string
  readonly userCode: string
  readonly apiKey: string
  readonly keyId: string
  /** In seconds. */
  readonly expiresIn: number
}

/** What a device says of itself in `logIn`. */
export const DEVICE = { address: '192.0.2.1', userAgent: 'cli/1.0' } as const

/**
 * Logs a device in: the person approves, and the device picks its key up.
 * @throws {Error} if there is no key
 */
export const logIn = async (service: UseCases, person = 'ann'): Promise<LoggedIn> => {
  const { deviceCode, userCode } = issued(await service.authorizeDevice({ device: DEVICE }))
  await service.answerUserCode({ userCode, decision: 'approve', person })
  const reply = await service.pollForToken({ deviceCode })
  if (reply.outcome !== 'granted') throw new Error(`not granted but ${reply.outcome}`)
  return { deviceCode, userCode, ...reply }
}

/** The first page of a person's keys. */
export const keysOf = async (service: UseCases, owner = 'ann'): Promise<readonly ListedKey[]> =>
  (await service.listApiKeys({ owner })).keys
