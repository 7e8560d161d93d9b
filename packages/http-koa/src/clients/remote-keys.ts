import { type Clock, StoreUnavailableError } from '@device-grant/core'
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'

/** The parts of the keys of one client. */
export interface RemoteKeysOptions {
  /** Where the keys are: an https URL (RFC 7591 section 2). */
  readonly uri: string
  readonly fetch: typeof fetch
  readonly clock: Clock
  /**
   * How long a request for the keys may take, in milliseconds.
   * @default 3_000
   */
  readonly timeoutMs?: number | undefined
}

/** How long keys are used before they are loaded again, in milliseconds. */
const MAX_AGE_MS = 600_000
/** How often an unknown key id loads the keys again at most, in milliseconds. */
const RELOAD_EVERY_MS = 30_000
/** How long no attempt follows one that failed, in milliseconds, because any program can cause one. */
const RETRY_AFTER_MS = 5_000
/** The longest key set, in bytes. */
const MAX_BODY = 64 * 1024

/** The public keys of a client at its `jwks_uri`. */
export class RemoteKeys {
  readonly #options: RemoteKeysOptions
  #keys: JWTVerifyGetKey | undefined
  /** When they were loaded, in epoch milliseconds. */
  #loadedAt = Number.NEGATIVE_INFINITY
  #failure: { readonly error: StoreUnavailableError; readonly at: number } | undefined
  #loading: Promise<JWTVerifyGetKey> | undefined

  constructor(options: RemoteKeysOptions) {
    this.#options = options
  }

  /**
   * Finds the key of a signature.
   * @throws {StoreUnavailableError} if the keys cannot be loaded
   * @throws {errors.JOSEError} if there is no such key, or more than one
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const known = this.#isOver(this.#loadedAt, MAX_AGE_MS) ? undefined : this.#keys
    const keys = known ?? (await this.#load())
    try {
      return await keys(header, token)
    } catch (error) {
      const isUnknown = error instanceof errors.JWKSNoMatchingKey
      if (!isUnknown || !this.#isOver(this.#loadedAt, RELOAD_EVERY_MS)) throw error
    }
    return (await this.#load())(header, token)
  }

  #isOver(since: number, ms: number): boolean {
    const now = this.#options.clock.now()
    return now - since >= ms || now < since
  }

  /** Loads the keys once for all that wait for them. */
  async #load(): Promise<JWTVerifyGetKey> {
    if (this.#failure && !this.#isOver(this.#failure.at, RETRY_AFTER_MS)) throw this.#failure.error
    this.#loading ??= this.#fetchKeys().finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  async #fetchKeys(): Promise<JWTVerifyGetKey> {
    const { uri, clock } = this.#options
    try {
      const keys = createLocalJWKSet(JSON.parse(await this.#fetchText()) as JSONWebKeySet)
      this.#keys = keys
      this.#loadedAt = clock.now()
      this.#failure = undefined
      return keys
    } catch (cause) {
      const error = new StoreUnavailableError(`No keys could be loaded from ${uri}`, { cause })
      this.#failure = { error, at: clock.now() }
      throw error
    }
  }

  async #fetchText(): Promise<string> {
    const { uri, fetch, timeoutMs = 3_000 } = this.#options
    if (new URL(uri).protocol !== 'https:') throw new TypeError('The URL must begin with https:')
    const response = await fetch(uri, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (response.status !== 200) throw new Error(`The status is ${response.status}`)
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of response.body ?? []) {
      length += chunk.byteLength
      if (length > MAX_BODY) throw new Error(`The key set is longer than ${MAX_BODY} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  }
}
