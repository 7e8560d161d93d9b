import type { Retained } from '../rules/transition.ts'
import { StoreUnavailableError } from '../store-errors.ts'
import type { SwapResult, Versioned, VersionedDriver } from './versioned-driver.ts'

/** Looks again after a lost answer, and recognises its own write by the version. */
export class RecoveringDriver<S extends Retained> implements VersionedDriver<S> {
  readonly #driver: VersionedDriver<S>

  constructor(driver: VersionedDriver<S>) {
    this.#driver = driver
  }

  read(id: string): Promise<Versioned<S> | undefined> {
    return this.#driver.read(id)
  }

  async swap(
    id: string,
    expected: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    try {
      return await this.#driver.swap(id, expected, next)
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error
      return this.#swapAgain(id, expected, next)
    }
  }

  async #swapAgain(
    id: string,
    expected: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    const found = await this.#driver.read(id)
    if (found === undefined && next === undefined) return { written: true }
    if (next && found?.version === next.version) return this.#confirm(id, next)
    if (found?.version !== expected?.version) return { written: false, found }
    const swap = await this.#driver.swap(id, expected, next)
    // The first attempt may have arrived after the read.
    if (swap.written || swap.found?.version !== next?.version) return swap
    return next ? this.#confirm(id, next) : { written: true }
  }

  /** Writes a found state again, because a fail-over may forget a write that was never acknowledged. */
  #confirm(id: string, next: Versioned<S>): Promise<SwapResult<S>> {
    return this.#driver.swap(id, next, next)
  }
}
