import {
  type ApiKey,
  type ApiKeyPage,
  type ApiKeyStore,
  type CompareAndSwapOptions,
  CompareAndSwapStore,
  comparePlaces,
  type FindApiKeys,
  formatCursor,
  type Packing,
  parseCursor,
  placeOf,
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
  /** Runs before a swap arrives, for example a write of another process. */
  beforeSwap: (() => Promise<void>) | undefined
  readonly #delay: () => Promise<unknown>

  constructor(delay: () => Promise<unknown> = async () => {}) {
    this.#delay = delay
  }

  read(id: string): Promise<Versioned<S> | undefined> {
    return this.#command('read', () => this.entries.get(id))
  }

  swap(
    id: string,
    expected: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    const swap = (): Promise<SwapResult<S>> =>
      this.#command('swap', () => {
        const found = this.entries.get(id)
        if (found?.version !== expected?.version) return { written: false, found }
        if (next) this.entries.set(id, next)
        else this.entries.delete(id)
        return { written: true }
      })
    return this.beforeSwap ? this.beforeSwap().then(swap) : swap()
  }

  /** All states with their ids. */
  all(): Promise<{ readonly id: string; readonly key: S }[]> {
    return this.#command('all', () =>
      Array.from(this.entries, ([id, { state }]) => ({ id, key: state })),
    )
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

/** A database whose states are cached as texts. */
export class PackingMemoryDriver<S extends Retained> extends MemoryDriver<S> {
  readonly packing: Packing<S> = {
    pack: (versioned) => JSON.stringify(versioned),
    unpack: (text) => JSON.parse(text),
  }
}

/** A database that is embedded: it tells versions at once. */
export class EmbeddedMemoryDriver<S extends Retained> extends PackingMemoryDriver<S> {
  hasVersion(id: string, version: string): boolean {
    return this.entries.get(id)?.version === version
  }
}

/** A key store on a database in memory. */
export class DriverApiKeyStore extends CompareAndSwapStore<ApiKey> implements ApiKeyStore {
  readonly #driver: MemoryDriver<ApiKey>

  constructor(driver: MemoryDriver<ApiKey>, options: CompareAndSwapOptions = {}) {
    super(driver, options)
    this.#driver = driver
  }

  async find({ owner, after, limit }: FindApiKeys): Promise<ApiKeyPage> {
    const from = after === undefined ? undefined : parseCursor(after)
    const found = await this.#driver.all()
    const places = found
      .filter(({ key }) => key.status !== 'erased' && key.owner === owner)
      .map((stored) => ({ stored, place: placeOf(stored) }))
      .filter(({ place }) => !from || comparePlaces(place, from) > 0)
      .sort((a, b) => comparePlaces(a.place, b.place))
    const last = places.slice(0, limit).at(-1)
    return {
      keys: places.slice(0, limit).map(({ stored }) => stored),
      next: last && places.length > limit ? formatCursor(last.place) : undefined,
    }
  }
}
