import type { Clock, Retained } from '@device-grant/core'
import type { LmdbDriver } from './lmdb-driver.ts'

/** How many states of each database one transaction forgets, when little is written. */
const LIMIT = 200
/** How many more it forgets for each write since the one before, so that sweeps keep up with writes. */
const LIMIT_PER_WRITE = 2
/** How long after a sweep started the next one may start, in milliseconds. */
const PAUSE_MS = 1_000

/** Forgets states in small sweeps beside the writes, so that the file does not grow without end. */
export class Sweep {
  readonly #clock: Clock
  readonly #drivers: Pick<LmdbDriver<Retained>, 'forget'>[] = []
  #dueAt = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined
  #closed = false
  /** How many writes there were since the last transaction of a sweep. */
  #writes = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Adds a database to sweep. */
  add(driver: Pick<LmdbDriver<Retained>, 'forget'>): void {
    this.#drivers.push(driver)
  }

  /** Counts a write, and starts a sweep if one is due. It does not wait for it. */
  wrote(): void {
    this.#writes += 1
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

  /** Sweeps until little is left. Returns when the next sweep is due. */
  async #sweep(now: number): Promise<number> {
    let limit: number
    let looked: readonly number[]
    do {
      limit = LIMIT + LIMIT_PER_WRITE * this.#writes
      this.#writes = 0
      looked = await Promise.all(
        // An error shows in the writes too, and the next sweep comes.
        this.#drivers.map((driver) => driver.forget(now, limit).catch(() => 0)),
      )
    } while (looked.includes(limit) && !this.#closed)
    return now + PAUSE_MS
  }
}
