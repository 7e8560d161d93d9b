import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Cell, Cells, Keepable, Swap } from '@device-grant/core'
import { type Absence, absenceOf } from './absence.ts'
import { formatCell, parseCell } from './cell-text.ts'
import { DEFAULT_TIMEOUT_MS, withDeadline } from './deadline.ts'
import type { RedisClient } from './redis-client.ts'
import { storeFault } from './redis-fault.ts'

const SCRIPT = readFileSync(new URL('../lua/compare-and-swap.lua', import.meta.url), 'utf8')
const SCRIPT_SHA = createHash('sha1').update(SCRIPT).digest('hex')

export interface RedisCellsOptions {
  /** What every key begins with. The rest is the id. */
  readonly prefix: string
  /** How long one command may take, milliseconds. Default 2 000. */
  readonly timeoutMs?: number
}

/**
 * Cells in Redis: one key each, read by `GET`, swapped by one script, forgotten by `PXAT`.
 * A client that `connect` did not make reads from masters, and needs a `commandTimeout`, a `socketTimeout`
 * a little above it (else a connection that fell silent stays) and a small `maxRetriesPerRequest`.
 */
export class RedisCells<S extends Keepable> implements Cells<S> {
  readonly #redis: RedisClient
  readonly #prefix: string
  readonly #timeoutMs: number
  readonly #absence: Absence

  /** @throws {TypeError} when the client reads from replicas: they lag, and a reply would not count */
  constructor(redis: RedisClient, { prefix, timeoutMs = DEFAULT_TIMEOUT_MS }: RedisCellsOptions) {
    if (readsFromReplicas(redis)) throw new TypeError('The Redis client must read from masters')
    this.#redis = redis
    this.#absence = absenceOf(redis)
    this.#prefix = prefix
    this.#timeoutMs = timeoutMs
  }

  read(id: string): Promise<Cell<S> | undefined> {
    return this.#ask(false, () =>
      this.#redis
        .get(this.#prefix + id)
        .then((text) => (text === null ? undefined : parseCell<S>(text))),
    )
  }

  swap(id: string, expected: string | undefined, next: Cell<S> | undefined): Promise<Swap<S>> {
    const key = this.#prefix + id
    const args = [expected ?? '', next ? formatCell(next) : '', next ? forgetAt(next.state) : '']
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
      throw storeFault(fault, creates)
    }
  }

  /**
   * Throws when the connection has been gone for longer than a command may take. Until then
   * commands wait in the driver; from then on that would only fill its queue.
   */
  #refuseWhileAway(): void {
    const { status } = this.#redis
    if (status === 'ready' || status === 'wait') {
      this.#absence.since = undefined
      return
    }
    const now = performance.now()
    this.#absence.since ??= now
    if (now - this.#absence.since > this.#timeoutMs) throw new Error(`The connection is: ${status}`)
  }
}

const WRITTEN = { written: true } as const

const notWritten = <S>(answer: unknown): Swap<S> => ({
  written: false,
  found: typeof answer === 'string' ? parseCell<S>(answer) : undefined,
})

/** `PXAT` takes whole milliseconds above 0; a time that has passed is no error. */
const forgetAt = ({ keepUntil }: Keepable): string =>
  String(Math.min(Math.max(Math.ceil(keepUntil), 1), Number.MAX_SAFE_INTEGER))

const readsFromReplicas = ({ options }: RedisClient): boolean =>
  ('scaleReads' in options && options.scaleReads !== 'master') ||
  ('role' in options && options.role === 'slave')
