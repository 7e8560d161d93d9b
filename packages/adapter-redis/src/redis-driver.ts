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

export interface RedisDriverOptions {
  /** What every key begins with. The rest is the id. */
  readonly prefix: string
  /** How long one command may take, milliseconds. Default 2 000. */
  readonly timeoutMs?: number | undefined
}

/**
 * VersionedDriver in Redis: one key each, read by `GET`, swapped by one script, forgotten by `PXAT`.
 * A client that `connect` did not make reads from masters, and needs a `commandTimeout`, a `socketTimeout`
 * a little above it (else a connection that fell silent stays) and a small `maxRetriesPerRequest`.
 */
export class RedisDriver<S extends Retained> implements VersionedDriver<S> {
  readonly #redis: RedisClient
  readonly #prefix: string
  readonly #timeoutMs: number
  readonly #lost: LostConnection

  /** @throws {TypeError} when the client reads from replicas: they lag, and a reply would not count */
  constructor(redis: RedisClient, { prefix, timeoutMs = DEFAULT_TIMEOUT_MS }: RedisDriverOptions) {
    if (readsFromReplicas(redis)) throw new TypeError('The Redis client must read from masters')
    this.#redis = redis
    this.#lost = lostConnectionOf(redis)
    this.#prefix = prefix
    this.#timeoutMs = timeoutMs
  }

  read(id: string): Promise<Versioned<S> | undefined> {
    return this.#ask(false, () =>
      this.#redis
        .get(this.#prefix + id)
        .then((text) => (text === null ? undefined : parseVersioned<S>(text))),
    )
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
    return this.#ask(expected === undefined && next !== undefined, () =>
      this.#run(key, args).then((answer) => (answer === 'OK' ? WRITTEN : notWritten(answer))),
    )
  }

  #run(key: string, args: readonly string[]): Promise<unknown> {
    return this.#redis.evalsha(SCRIPT_SHA, 1, key, ...args).catch((fault: unknown) => {
      // A server that has just started, or was promoted, does not know the script yet.
      if (!(fault instanceof Error) || !fault.message.startsWith('NOSCRIPT')) throw fault
      return this.#redis.eval(SCRIPT, 1, key, ...args)
    })
  }

  async #ask<T>(creates: boolean, work: () => Promise<T>): Promise<T> {
    try {
      this.#refuseWhileAway()
      return await withDeadline(work(), this.#timeoutMs)
    } catch (fault) {
      throw toStoreError(fault, creates)
    }
  }

  /**
   * Throws when the connection has been gone for longer than a command may take. Until then
   * commands wait in the driver; from then on that would only fill its queue.
   */
  #refuseWhileAway(): void {
    const { status } = this.#redis
    if (status === 'ready' || status === 'wait') {
      this.#lost.since = undefined
      return
    }
    const now = performance.now()
    this.#lost.since ??= now
    if (now - this.#lost.since > this.#timeoutMs) throw new Error(`The connection is: ${status}`)
  }
}

const WRITTEN = { written: true } as const

const notWritten = <S>(answer: unknown): SwapResult<S> => ({
  written: false,
  found: typeof answer === 'string' ? parseVersioned<S>(answer) : undefined,
})

/** `PXAT` takes whole milliseconds above 0; a time that has passed is no error. */
const forgetAt = ({ keepUntil }: Retained): string =>
  String(Math.min(Math.max(Math.ceil(keepUntil), 1), Number.MAX_SAFE_INTEGER))

const readsFromReplicas = ({ options }: RedisClient): boolean =>
  ('scaleReads' in options && options.scaleReads !== 'master') ||
  ('role' in options && options.role === 'slave')
