import type { Clock, Retained } from '@device-grant/core'
import type { LmdbDriver } from './lmdb-driver.ts'

/** How many states of each database one sweep forgets at most. */
const LIMIT = 200
/** How long after a sweep that found little the next one starts, in milliseconds. */
const PAUSE_MS = 1_000

/** Forgets states in small sweeps beside the writes, so that the file does not grow without end. */
export class Sweep {
  readonly #clock: Clock
  readonly #drivers: Pick<LmdbDriver<Retained>, 'forget'>[] = []
  #dueAt = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Adds a database to sweep. */
  add(driver: Pick<LmdbDriver<Retained>, 'forget'>): void {
    this.#drivers.push(driver)
  }

  /** Starts a sweep if one is due. It does not wait for it. */
  run(): void {
    const now = this.#clock.now()
    if (this.#closed || this.#running || now < this.#dueAt) return
    this.#running = this.#sweep(now).then((dueAt) => {
      this.#dueAt = dueAt
      this.#running = undefined
    })
  }

  /** Starts no more sweeps, and waits for the one in progress. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  /** Returns when the next sweep is due. */
  async #sweep(now: number): Promise<number> {
    const looked = await Promise.all(
      // An error shows in the writes too, and the next sweep comes.
      this.#drivers.map((driver) => driver.forget(now, LIMIT).catch(() => 0)),
    )
    return looked.includes(LIMIT) ? now : now + PAUSE_MS
  }
}
