import type { DeviceGrantEvent } from './events.ts'
import type { ApiKey } from './rules/api-key.ts'
import type { Retained, Transition } from './rules/transition.ts'

/**
 * Keeps one small JSON state per id. A store owns storage, races and clean-up, never rules.
 * It may forget late, so rules check expiry themselves.
 */
export interface StateStore<S extends Retained> {
  /**
   * Applies `transition` atomically: it writes only if the state did not change since it was read,
   * else it reads and applies again. A reply counts only for a state read or compared in this call.
   * @throws {StoreUnavailableError} if the store cannot be reached; a write may or may not have happened
   * @throws {StoreConflictError} if every attempt lost its race or waited too long; nothing was written
   * @throws {StoreFullError} if a new id was refused; nothing was written
   */
  update<R>(id: string, transition: Transition<S, R>): Promise<R>
}

/** An API key with its id. */
export interface StoredApiKey {
  readonly id: string
  readonly key: ApiKey
}

/** Keeps the API keys, and finds them by their secret and by their owner. */
export interface ApiKeyStore extends StateStore<ApiKey> {
  /**
   * Finds the key with this `secretHash`, whatever its status.
   * @throws {StoreUnavailableError} if the store cannot be reached
   */
  findBySecretHash(secretHash: string): Promise<StoredApiKey | undefined>
  /**
   * Finds all keys of a person, whatever their status, in no particular order.
   * @throws {StoreUnavailableError} if the store cannot be reached
   */
  findByOwner(owner: string): Promise<readonly StoredApiKey[]>
}

/** Tells the time in epoch milliseconds. Every rule gets its `now` from here. */
export interface Clock {
  now(): number
}

/** Receives every event worth counting or auditing. It must not block, and its errors are ignored. */
export interface Events {
  emit(event: DeviceGrantEvent): void
}

/** Receives an error that was answered with a refusal, and the operation that failed. */
export type OnError = (error: unknown, operation: string) => void
