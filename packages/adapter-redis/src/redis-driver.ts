import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import {
  type Packing,
  type Retained,
  StoreDataError,
  type SwapResult,
  type Versioned,
  type VersionedDriver,
} from '@device-grant/core'
import { DEFAULT_TIMEOUT_MS, withDeadline } from './deadline.ts'
import { type LostConnection, lostConnectionOf } from './lost-connection.ts'
import type { RedisClient } from './redis-client.ts'
import { isOfOtherType, toStoreError, withoutCommand } from './redis-error.ts'
import { formatVersioned, parseVersioned } from './versioned-text.ts'

const SCRIPT = readFileSync(new URL('../lua/compare-and-swap.lua', import.meta.url), 'utf8')
const SCRIPT_SHA = createHash('sha1').update(SCRIPT).digest('hex')

/** The keys and the timeout of a `RedisDriver`. */
export interface RedisDriverOptions<S> {
  /** What every key starts with. The id follows. */
  readonly prefix: string
  /**
   * How long one command may take, in milliseconds, above 0.
   * @default 2_000
   */
  readonly timeoutMs?: number | undefined
  /**
   * Whether stored data is a state that the rules understand. Other data is a `StoreDataError`.
   * @default data with a numeric `keepUntil`
   */
  readonly isState?: ((value: unknown) => value is S) | undefined
  /**
   * Names a key in the message of a `StoreDataError`.
   * @default the whole key
   */
  readonly describeKey?: ((key: string) => string) | undefined
  /**
   * A clock that never goes back, in milliseconds. It measures how long the connection has been lost.
   * @default performance.now
   */
  readonly now?: (() => number) | undefined
}

/**
 * Keeps each state under one key: read by `GET`, swapped by one script, forgotten by `PXAT`. A client
 * that `connect` did not make must read from masters. It needs a `socketTimeout` slightly above
 * `timeoutMs` to drop silent connections, and a small `maxRetriesPerRequest`.
 */
export class RedisDriver<S extends Retained> implements VersionedDriver<S> {
  readonly #redis: RedisClient
  readonly #prefix: string
  readonly #timeoutMs: number
  readonly #now: () => number
  readonly #isState: (value: unknown) => value is S
  readonly #describeKey: (key: string) => string
  readonly #lost: LostConnection
  readonly packing: Packing<S> = {
    pack: textOf,
    unpack: (text) => parseVersioned(text) as Versioned<S>,
  }

  /** @throws {TypeError} if the client reads from replicas, which may lag */
  constructor(redis: RedisClient, options: RedisDriverOptions<S>) {
    if (readsFromReplicas(redis)) throw new TypeError('The Redis client must read from masters')
    this.#redis = redis
    this.#prefix = options.prefix
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.#now = options.now ?? (() => performance.now())
    this.#isState = options.isState ?? hasKeepUntil
    this.#describeKey = options.describeKey ?? ((key) => key)
    this.#lost = lostConnectionOf(redis)
  }

  read(id: string): Promise<Versioned<S> | undefined> {
    const key = this.#prefix + id
    return this.#command(key, false, async () => {
      const text = await this.#redis.get(key)
      return text === null ? undefined : this.#parse(key, text)
    })
  }

  swap(
    id: string,
    expected: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    const key = this.#prefix + id
    const args = [
      expected?.version ?? '',
      next ? textOf(next) : '',
      next ? forgetAt(next.state) : '',
    ]
    return this.#command(key, expected === undefined && next !== undefined, async () => {
      const answer = await this.#run(key, args)
      if (answer === 'OK') return WRITTEN
      const found = typeof answer === 'string' ? this.#parse(key, answer) : undefined
      return { written: false, found }
    })
  }

  /** @throws {StoreDataError} naming the key, if the text is no state */
  #parse(key: string, text: string): Versioned<S> {
    const versioned = parseVersioned(text)
    if (versioned && this.#isState(versioned.state)) {
      return { version: versioned.version, state: versioned.state }
    }
    throw this.#noState(key)
  }

  #noState(key: string, options?: ErrorOptions): StoreDataError {
    const name = this.#describeKey(key)
    return new StoreDataError(`The Redis key ${name} holds no state of this version`, options)
  }

  async #run(key: string, args: readonly string[]): Promise<unknown> {
    try {
      return await this.#redis.evalsha(SCRIPT_SHA, 1, key, ...args)
    } catch (error) {
      // A server that was just started or promoted has no script.
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return this.#redis.eval(SCRIPT, 1, key, ...args)
    }
  }

  async #command<T>(key: string, isCreation: boolean, run: () => Promise<T>): Promise<T> {
    try {
      this.#throwIfLost()
      return await withDeadline(run(), this.#timeoutMs)
    } catch (error) {
      if (isOfOtherType(error)) throw this.#noState(key, { cause: withoutCommand(error) })
      throw toStoreError(error, isCreation)
    }
  }

  /**
   * Commands wait in the client for a lost connection, for as long as one command may take. Later
   * ones fail at once, so that the queue of the client does not grow.
   */
  #throwIfLost(): void {
    const { status } = this.#redis
    if (status === 'ready' || status === 'wait') {
      this.#lost.since = undefined
      return
    }
    const now = this.#now()
    this.#lost.since ??= now
    if (now - this.#lost.since > this.#timeoutMs) throw new Error(`The connection is: ${status}`)
  }
}

const WRITTEN = { written: true } as const

const TEXT: unique symbol = Symbol('device-grant.text')

/** Formats a state once: to be written, and then for the cache. */
const textOf = (versioned: Versioned<object> & { [TEXT]?: string }): string => {
  versioned[TEXT] ??= formatVersioned(versioned)
  return versioned[TEXT]
}

const hasKeepUntil = <S extends Retained>(value: unknown): value is S =>
  value !== null &&
  typeof value === 'object' &&
  'keepUntil' in value &&
  Number.isFinite(value.keepUntil)

/** `PXAT` takes whole milliseconds above 0. A time in the past is valid. */
const forgetAt = ({ keepUntil }: Retained): string =>
  String(Math.min(Math.max(Math.ceil(keepUntil), 1), Number.MAX_SAFE_INTEGER))

const readsFromReplicas = ({ options }: RedisClient): boolean =>
  ('scaleReads' in options && options.scaleReads !== 'master') ||
  ('role' in options && options.role === 'slave')
