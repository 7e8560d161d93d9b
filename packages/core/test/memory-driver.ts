import {
  type Retained,
  StoreUnavailableError,
  type SwapResult,
  type Versioned,
  type VersionedDriver,
} from '@device-grant/core'

/** What goes wrong with one command: lost on its way there, or its answer on the way back. */
export type Fault = 'command lost' | 'answer lost'

/** A database in memory: every command takes a while, and may fail as it is told to. */
export class MemoryDriver<S extends Retained> implements VersionedDriver<S> {
  readonly cells: Map<string, Versioned<S>> = new Map()
  /** The names of all commands, in their order. */
  readonly commands: string[] = []
  /** What goes wrong with the next commands; `undefined`: nothing. */
  readonly failures: (Fault | undefined)[] = []
  readonly #delay: () => Promise<unknown>

  constructor(delay: () => Promise<unknown> = async () => {}) {
    this.#delay = delay
  }

  read(id: string): Promise<Versioned<S> | undefined> {
    return this.#command('read', () => this.cells.get(id))
  }

  swap(
    id: string,
    expected: string | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    return this.#command('swap', () => {
      const found = this.cells.get(id)
      if (found?.version !== expected) return { written: false, found }
      if (next) this.cells.set(id, next)
      else this.cells.delete(id)
      return { written: true }
    })
  }

  async #command<T>(name: string, run: () => T): Promise<T> {
    this.commands.push(name)
    const failure = this.failures.shift()
    await this.#delay()
    if (failure === 'command lost') throw new StoreUnavailableError(failure)
    // As a driver does, so that nobody shares an object with the database.
    const answer = structuredClone(run())
    await this.#delay()
    if (failure === 'answer lost') throw new StoreUnavailableError(failure)
    return answer
  }
}
