import type {
  ApiKeyPage,
  ApiKeyStore,
  Clock,
  FindApiKeys,
  ScannableStore,
  StoredApiKey,
  StoredState,
} from '../ports.ts'
import type { ApiKey } from '../rules/api-key.ts'
import type { CodeAttempts } from '../rules/code-attempts.ts'
import type { CutOff } from '../rules/cut-off.ts'
import type { DeviceGrant } from '../rules/device-grant.ts'
import { comparePlaces, formatCursor, parseCursor, placeOf } from '../rules/key-order.ts'
import type { Retained, Transition } from '../rules/transition.ts'
import type { UsedAssertion } from '../rules/used-assertion.ts'
import type { UserCodeClaim } from '../rules/user-code.ts'
import { StoreFullError } from '../store-errors.ts'
import { meetsConditions } from './find-conditions.ts'

/** The clock and capacity of a memory store. */
export interface MemoryStoreOptions {
  /** Decides when a state may be forgotten. */
  readonly clock: Clock
  /**
   * How many states it keeps at most. It refuses new ids beyond that.
   * @default 100_000
   */
  readonly capacity?: number | undefined
}

/**
 * Keeps states in the memory of this process. It forgets states past their `keepUntil`. A full store
 * refuses new ids and never drops old ones.
 */
export class MemoryStateStore<S extends Retained> implements ScannableStore<S> {
  readonly #states = new Map<string, S>()
  readonly #clock: Clock
  readonly #capacity: number
  #sweptAt = Number.NEGATIVE_INFINITY

  constructor({ clock, capacity = 100_000 }: MemoryStoreOptions) {
    this.#clock = clock
    this.#capacity = capacity
  }

  /** The number of states it holds, including forgotten ones that were not swept yet. */
  get size(): number {
    return this.#states.size
  }

  async update<R>(id: string, transition: Transition<S, R>): Promise<R> {
    const now = this.#clock.now()
    const kept = this.#states.get(id)
    const current = kept && kept.keepUntil > now ? kept : undefined
    const { next, reply } = transition(current)
    if (next === current) return reply
    if (next === undefined) {
      this.#states.delete(id)
      this.forgot(id)
      return reply
    }
    if (!kept) this.#makeRoom(now)
    this.#states.set(id, next)
    this.wrote(id, next)
    return reply
  }

  /** All states that are not forgotten, with their ids. */
  *entries(): Iterable<readonly [string, S]> {
    const now = this.#clock.now()
    for (const [id, state] of this.#states) if (state.keepUntil > now) yield [id, state]
  }

  async *scan(): AsyncGenerator<StoredState<S>> {
    for (const [id, state] of [...this.entries()]) yield { id, state }
  }

  /** The state of an id, or `undefined` if it is forgotten. */
  protected state(id: string): S | undefined {
    const state = this.#states.get(id)
    return state && state.keepUntil > this.#clock.now() ? state : undefined
  }

  protected wrote(_id: string, _state: S): void {}
  protected forgot(_id: string): void {}

  /** Sweeps once a minute, or once a second when full, because a sweep visits every state. */
  #makeRoom(now: number): void {
    const full = this.#states.size >= this.#capacity
    if (now - this.#sweptAt >= (full ? 1_000 : 60_000)) this.#sweep(now)
    if (this.#states.size >= this.#capacity) {
      throw new StoreFullError(`The store is full: ${this.#capacity} states`)
    }
  }

  #sweep(now: number): void {
    this.#sweptAt = now
    for (const [id, state] of this.#states) {
      if (state.keepUntil > now) continue
      this.#states.delete(id)
      this.forgot(id)
    }
  }
}

/** Keeps API keys in the memory of this process. */
export class MemoryApiKeyStore extends MemoryStateStore<ApiKey> implements ApiKeyStore {
  readonly #byOwner = new Map<string, Set<string>>()
  readonly #owners = new Map<string, string>()

  async read(id: string): Promise<ApiKey | undefined> {
    return this.state(id)
  }

  async find({ after, limit, ...conditions }: FindApiKeys): Promise<ApiKeyPage> {
    const from = after === undefined ? undefined : parseCursor(after)
    if (after !== undefined && !from) return { keys: [] }
    const places = this.#candidates(conditions.owner)
      .filter(({ key }) => meetsConditions(key, conditions))
      .map((stored) => ({ stored, place: placeOf(stored) }))
      .filter(({ place }) => !from || comparePlaces(place, from) > 0)
      .sort((a, b) => comparePlaces(a.place, b.place))
    const page = places.slice(0, limit)
    const last = page.at(-1)
    return {
      keys: page.map(({ stored }) => stored),
      next: last && places.length > limit ? formatCursor(last.place) : undefined,
    }
  }

  #candidates(owner: string | undefined): readonly StoredApiKey[] {
    if (owner === undefined) return Array.from(this.entries(), ([id, key]) => ({ id, key }))
    return Array.from(this.#byOwner.get(owner) ?? []).flatMap((id) => {
      const key = this.state(id)
      return key ? { id, key } : []
    })
  }

  protected override wrote(id: string, key: ApiKey): void {
    this.forgot(id)
    if (key.status === 'erased') return
    this.#owners.set(id, key.owner)
    const ids = this.#byOwner.get(key.owner) ?? new Set()
    this.#byOwner.set(key.owner, ids.add(id))
  }

  protected override forgot(id: string): void {
    const owner = this.#owners.get(id)
    if (owner === undefined) return
    this.#owners.delete(id)
    const ids = this.#byOwner.get(owner)
    ids?.delete(id)
    if (ids?.size === 0) this.#byOwner.delete(owner)
  }
}

/** All stores of the use cases, and of the authentication of clients. */
export interface MemoryStores {
  readonly grants: MemoryStateStore<DeviceGrant>
  readonly userCodes: MemoryStateStore<UserCodeClaim>
  readonly codeAttempts: MemoryStateStore<CodeAttempts>
  readonly apiKeys: MemoryApiKeyStore
  readonly cutOffs: MemoryStateStore<CutOff>
  readonly usedAssertions: MemoryStateStore<UsedAssertion>
}

/** Makes all these stores in the memory of this process. */
export const createMemoryStores = (options: MemoryStoreOptions): MemoryStores => ({
  grants: new MemoryStateStore<DeviceGrant>(options),
  userCodes: new MemoryStateStore<UserCodeClaim>(options),
  codeAttempts: new MemoryStateStore<CodeAttempts>(options),
  apiKeys: new MemoryApiKeyStore(options),
  cutOffs: new MemoryStateStore<CutOff>(options),
  usedAssertions: new MemoryStateStore<UsedAssertion>(options),
})
