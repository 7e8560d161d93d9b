import {
  type Retained,
  StoreUnavailableError,
  type SwapResult,
  type Versioned,
  type VersionedDriver,
} from '@device-grant/core'

/** How a command fails: on its way to the database, or on the way back. */
export type Failure = 'command lost' | 'answer lost'

/** A database in memory. Every command takes a while, and fails as a test asks. */
export class MemoryDriver<S extends Retained> implements VersionedDriver<S> {
  readonly entries: Map<string, Versioned<S>> = new Map()
  /** The names of all commands, in order. */
  readonly commands: string[] = []
  /** The failures of the next commands. Undefined: the command works. */
  readonly failures: (Failure | undefined)[] = []
  readonly #delay: () => Promise<unknown>

  constructor(delay: () => Promise<unknown> = async () => {}) {
    this.#delay = delay
  }

  read(id: string): Promise<Versioned<S> | undefined> {
    return this.#command('read', () => this.entries.get(id))
  }

  swap(
    id: string,
    expected: string | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    return this.#command('swap', () => {
      const found = this.entries.get(id)
      if (found?.version !== expected) return { written: false, found }
      if (next) this.entries.set(id, next)
      else this.entries.delete(id)
      return { written: true }
    })
  }

  async #command<T>(name: string, run: () => T): Promise<T> {
    this.commands.push(name)
    const failure = this.failures.shift()
    await this.#delay()
    if (failure === 'command lost') throw new StoreUnavailableError(failure)
    // A real driver parses a new object, so callers share none with the database.
    const answer = structuredClone(run())
    await this.#delay()
    if (failure === 'answer lost') throw new StoreUnavailableError(failure)
    return answer
  }
}
