import { CompareAndSwapStore, type Retained } from '@device-grant/core'
import type { LmdbDriver } from './lmdb-driver.ts'

/** How many states a scan reads before other work has its turn. */
const CHUNK = 100

/** Keeps states in one database. */
export class LmdbStateStore<S extends Retained> extends CompareAndSwapStore<S> {
  readonly #driver: LmdbDriver<S>

  constructor(driver: LmdbDriver<S>) {
    super(driver)
    this.#driver = driver
  }

  /**
   * Reads all states in the order of their ids, each as it is when it is read. States that were
   * created or removed meanwhile may be absent.
   * @throws {StoreUnavailableError} if the environment cannot be read
   */
  async *scan(): AsyncGenerator<{ readonly id: string; readonly state: S }> {
    let after: string | undefined
    do {
      const chunk = this.#driver.readAfter(after, CHUNK)
      for (const [id, state] of chunk) yield { id, state }
      after = chunk.at(-1)?.[0]
      await new Promise((resolve) => setImmediate(resolve))
    } while (after !== undefined)
  }
}
