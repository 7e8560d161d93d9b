import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Retained, SwapResult, Versioned, VersionedDriver } from '@device-grant/core'
import { DEFAULT_TIMEOUT_MS, withDeadline } from './deadline.ts'
import { type LostConnection, lostConnectionOf } from './lost-connection.ts'
import type { RedisClient } from './redis-client.ts'
import { toStoreError } from './redis-error.ts'
import { formatVersioned, parseVersioned } from './versioned-text.ts'

const SCRIPT = readFileSync(new URL('../lua/compare-and-swap.lua', import.meta.url), 'utf8')
const SCRIPT_SHA = createHash('sha1').update(SCRIPT).digest('hex')

/** The keys and the timeout of a `RedisDriver`. */
export interface RedisDriverOptions {
  /** What every key starts with. The id follows. */
  readonly prefix: string
  /**
   * How long one command may take, in milliseconds, above 0.
   * @default 2_000
   */
  readonly timeoutMs?: number | undefined
  /**
   * A clock that never goes back, in milliseconds. It measures how long the connection has been lost.
   * @default performance.now
   */
  readonly now?: (() => number) | undefined
}

/**
 * Keeps each state under one key: read by `GET`, swapped by one script, forgotten by `PXAT`. A client
 * that `connect` did not make must read from masters. It needs a `commandTimeout`, a `socketTimeout`
 * slightly above it to drop silent connections, and a small `maxRetriesPerRequest`.
 */
export class RedisDriver<S extends Retained> implements VersionedDriver<S> {
  readonly #redis: RedisClient
  readonly #prefix: string
  readonly #timeoutMs: number
  readonly #now: () => number
  readonly #lost: LostConnection

  /** @throws {TypeError} if the client reads from replicas, which may lag */
  constructor(redis: RedisClient, options: RedisDriverOptions) {
    if (readsFromReplicas(redis)) throw new TypeError('The Redis client must read from masters')
    this.#redis = redis
    this.#prefix = options.prefix
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    this.#now = options.now ?? (() => performance.now())
    this.#lost = lostConnectionOf(redis)
  }

  read(id: string): Promise<Versioned<S> | undefined> {
    return this.#command(false, async () => {
      const text = await this.#redis.get(this.#prefix + id)
      return text === null ? undefined : parseVersioned<S>(text)
    })
  }

  swap(
    id: string,
    expected: string | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    const key = this.#prefix + id
    const args = [
      expected ?? '',
      next ? formatVersioned(next) : '',
      next ? forgetAt(next.state) : '',
    ]
    return this.#command(expected === undefined && next !== undefined, async () => {
      const answer = await this.#run(key, args)
      return answer === 'OK' ? WRITTEN : notWritten(answer)
    })
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

  async #command<T>(isCreation: boolean, run: () => Promise<T>): Promise<T> {
    try {
      this.#throwIfLost()
      return await withDeadline(run(), this.#timeoutMs)
    } catch (error) {
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

const notWritten = <S>(answer: unknown): SwapResult<S> => ({
  written: false,
  found: typeof answer === 'string' ? parseVersioned<S>(answer) : undefined,
})

/** `PXAT` takes whole milliseconds above 0. A time in the past is valid. */
const forgetAt = ({ keepUntil }: Retained): string =>
  String(Math.min(Math.max(Math.ceil(keepUntil), 1), Number.MAX_SAFE_INTEGER))

const readsFromReplicas = ({ options }: RedisClient): boolean =>
  ('scaleReads' in options && options.scaleReads !== 'master') ||
  ('role' in options && options.role === 'slave')
