import {
  CompareAndSwapStore,
  type Retained,
  type ScannableStore,
  type StoredState,
} from '@device-grant/core'
import type { LmdbDriver } from './lmdb-driver.ts'

/** How many states a scan reads before other work has its turn. */
const CHUNK = 100

/** How many ephemeral states each process keeps, at half a kilobyte each. */
const CACHE_SIZE = 100_000

/** Keeps states in one database. */
export class LmdbStateStore<S extends Retained>
  extends CompareAndSwapStore<S>
  implements ScannableStore<S>
{
  readonly #driver: LmdbDriver<S>

  constructor(driver: LmdbDriver<S>) {
    super(driver, { cacheSize: CACHE_SIZE })
    this.#driver = driver
  }

  /** Reads in the order of the ids. */
  async *scan(): AsyncGenerator<StoredState<S>> {
    let after: string | undefined
    do {
      const chunk = this.#driver.readAfter(after, CHUNK)
      for (const [id, state] of chunk) yield { id, state }
      after = chunk.at(-1)?.[0]
      await new Promise((resolve) => setImmediate(resolve))
    } while (after !== undefined)
  }
}
