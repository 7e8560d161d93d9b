import type { DeviceGrantEvent } from './events.ts'
import type { ApiKey } from './rules/api-key.ts'
import type { Keepable, Transition } from './rules/transition.ts'

/**
 * Keeps one small JSON state per id. Stores own storage, races and clean-up, never rules.
 * A store may forget late, so rules check expiry themselves.
 */
export interface StateStore<S extends Keepable> {
  /**
   * Applies `transition` atomically: writes only if nobody wrote since the read, else reads and
   * applies again. A reply counts only for a state that was read or compared in this call.
   * @throws {StoreUnavailableError} the store cannot be reached; a write may or may not have happened
   * @throws {StoreConflictError} every attempt lost its race, or its turn did not come; nothing was written
   * @throws {StoreFullError} a new id was refused; nothing was written
   */
  update<R>(id: string, transition: Transition<S, R>): Promise<R>
}

/** An API key together with its id. */
export interface StoredApiKey {
  readonly id: string
  readonly key: ApiKey
}

/** Keeps the API keys, and finds them by their secret and by their owner. */
export interface ApiKeyStore extends StateStore<ApiKey> {
  /**
   * The key whose `secretHash` is this one, whatever its status.
   * @throws {StoreUnavailableError} the store cannot be reached
   */
  findBySecretHash(secretHash: string): Promise<StoredApiKey | undefined>
  /**
   * All keys of a person, whatever their status, in no particular order.
   * @throws {StoreUnavailableError} the store cannot be reached
   */
  findByOwner(owner: string): Promise<readonly StoredApiKey[]>
}

/** Tells the time in epoch milliseconds. Every rule gets its `now` from here. */
export interface Clock {
  now(): number
}

/** Hears of everything worth counting or auditing. It must not block; `createUseCases` ignores what it throws. */
export interface Events {
  emit(event: DeviceGrantEvent): void
}
