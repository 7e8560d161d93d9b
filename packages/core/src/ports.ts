import type { DeviceGrantEvent } from './events.ts'
import type { ApiKey } from './rules/api-key.ts'
import type { RegisteredClient } from './rules/registered-client.ts'
import type { CatalogueScopes } from './rules/scope.ts'
import type { Retained, Transition } from './rules/transition.ts'

/**
 * Keeps one small JSON state per id. A store owns storage, races and clean-up, never rules.
 * It may forget late, so rules check expiry themselves.
 */
export interface StateStore<S extends Retained> {
  /**
   * Applies `transition` atomically: it writes only if the state did not change since it was read,
   * else it reads and applies again. A reply counts only for a state read or compared in this call.
   * In the store of API keys, a write is acknowledged by a majority of the servers.
   * @throws {StoreUnavailableError} if the store cannot be reached; a write may or may not have happened
   * @throws {StoreConflictError} if every attempt lost its race or waited too long; nothing was written
   * @throws {StoreFullError} if a new id was refused; nothing was written
   */
  update<R>(id: string, transition: Transition<S, R>): Promise<R>
}

/** A state with its id. */
export interface StoredState<S extends Retained> {
  readonly id: string
  readonly state: S
}

/** A store that can read all its states, so that they can move to another store. */
export interface ScannableStore<S extends Retained> extends StateStore<S> {
  /**
   * Reads all states, in any order. A state that exists during the whole scan comes once, as it is when
   * it is read. A state that is created or removed meanwhile may be absent. Forgotten states may come.
   * @throws {StoreUnavailableError} if the store cannot be reached
   */
  scan(): AsyncIterable<StoredState<S>>
}

/** An API key with its id. */
export interface StoredApiKey {
  readonly id: string
  readonly key: ApiKey
}

/** Which keys a page has. A condition that is absent holds for every key. */
export interface FindApiKeys {
  readonly owner?: string | undefined
  /** The client that asked for the key. */
  readonly clientId?: string | undefined
  readonly status?: Exclude<ApiKey['status'], 'erased'> | undefined
  /** The `next` of the page before. Absent for the first page. */
  readonly after?: string | undefined
  /** How many keys the page has at most. */
  readonly limit: number
}

/** One page of keys. */
export interface ApiKeyPage {
  readonly keys: readonly StoredApiKey[]
  /** Present if there may be more keys. It stays valid while keys come and go. */
  readonly next?: string | undefined
}

/** Keeps the API keys, and finds them by id and by owner. */
export interface ApiKeyStore extends StateStore<ApiKey> {
  /**
   * Reads one key, whatever its status.
   * @throws {StoreUnavailableError} if the store cannot be reached
   */
  read(id: string): Promise<ApiKey | undefined>
  /**
   * Finds keys, but no erased ones: the newest approval first, and of keys with the same time the
   * greater id first. Owners and clients are compared exactly, as a sequence of code units. A cursor
   * that cannot be read gives an empty page.
   * @throws {StoreUnavailableError} if the store cannot be reached
   */
  find(query: FindApiKeys): Promise<ApiKeyPage>
}

/** Knows the clients that may ask for device codes. Without a registry every client may. */
export interface ClientRegistry {
  /**
   * Finds a client by its id.
   * @throws {StoreUnavailableError} if the registry cannot be reached
   */
  find(clientId: string): Promise<RegisteredClient | undefined>
}

/** Knows the scopes that keys may have. Without a catalogue a key may have any scope, or none. */
export interface ScopeCatalogue {
  /** The scopes at present. */
  scopes(): CatalogueScopes
}

/**
 * Tells whether a person may have API keys at present. It is asked when they approve, at pick-up and when
 * a key is checked. An error, or no answer within 2 s, counts as an outage.
 */
export type AdmitPerson = (person: string) => Promise<boolean>

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
