import {
  type ApiKey,
  type ApiKeyStore,
  CompareAndSwapStore,
  type Retained,
  type StoredApiKey,
  StoreUnavailableError,
  type SwapResult,
  type Versioned,
  type VersionedDriver,
} from '@device-grant/core'
import type { Outage, StorePair } from '@device-grant/core/testing'

/** What a fake database does wrong. Each member replaces what a right database does. */
export interface Defects {
  /** How it stores an id. */
  readonly id?: (id: string) => string
  /** How it stores a text. */
  readonly text?: (text: string) => string
  /** When it forgets a state, in epoch milliseconds. */
  readonly forgetsAt?: (state: Retained, writtenAt: number) => number
  /** Whether a write compares versions. */
  readonly compares?: boolean
  /** Whether a removal compares versions. */
  readonly removalCompares?: boolean
  /** What a swap reports that wrote nothing. */
  readonly found?: (found: Versioned<Retained> | undefined) => Versioned<Retained> | undefined
  /** How a command fails while the database is cut off. */
  readonly failure?: (outage: Outage) => Promise<never>
  /** How long a kit waits for that, in milliseconds. The default is that of the kits. */
  readonly cutTimeoutMs?: number
  /** Whether the owner of a key matches the owner that is looked up. */
  readonly isOwner?: (owner: string, wanted: string) => boolean
  /** What a look-up by owner returns of all keys it found. */
  readonly list?: (keys: readonly StoredApiKey[]) => readonly StoredApiKey[]
  /** Whether a look-up by owner comes from a copy that lags by one write. */
  readonly lags?: boolean
}

interface Row<S> {
  readonly versioned: Versioned<S>
  readonly forgetsAt: number
}

const turn = (): Promise<unknown> => new Promise((done) => setImmediate(done))

/** A database in memory that forgets by the clock. */
export class FakeDatabase<S extends Retained> {
  readonly defects: Defects
  #rows: ReadonlyMap<string, Row<S>> = new Map()
  #copy: ReadonlyMap<string, Row<S>> = new Map()

  constructor(defects: Defects) {
    this.defects = defects
  }

  get(id: string): Versioned<S> | undefined {
    const row = this.#rows.get(this.#idOf(id))
    return row && row.forgetsAt > Date.now() ? structuredClone(row.versioned) : undefined
  }

  /** Writes, or removes if `versioned` is `undefined`. */
  set(id: string, versioned: Versioned<S> | undefined): void {
    const rows = new Map(this.#rows)
    if (versioned) {
      const { text = (same) => same, forgetsAt = ({ keepUntil }) => keepUntil } = this.defects
      const stored: Versioned<S> = JSON.parse(JSON.stringify(versioned), (_, part) =>
        typeof part === 'string' ? text(part) : part,
      )
      const row = { versioned: stored, forgetsAt: forgetsAt(stored.state, Date.now()) }
      rows.set(this.#idOf(id), row)
    } else {
      rows.delete(this.#idOf(id))
    }
    this.#copy = this.#rows
    this.#rows = rows
  }

  forgetsAt(id: string): number | undefined {
    return this.#rows.get(this.#idOf(id))?.forgetsAt
  }

  all(): readonly (readonly [string, S])[] {
    const rows = this.defects.lags ? this.#copy : this.#rows
    return Array.from(rows, ([id, { versioned }]) => [id, structuredClone(versioned.state)])
  }

  #idOf(id: string): string {
    return this.defects.id?.(id) ?? id
  }
}

/** A driver with a connection of its own to a fake database. */
export class FakeDriver<S extends Retained> implements VersionedDriver<S> {
  readonly #database: FakeDatabase<S>
  #outage: Outage | undefined

  constructor(database: FakeDatabase<S>) {
    this.#database = database
  }

  cut(outage: Outage): void {
    this.#outage = outage
  }

  read(id: string): Promise<Versioned<S> | undefined> {
    return this.command(() => this.#database.get(id))
  }

  async swap(
    id: string,
    expected: string | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    const { compares = true, removalCompares = true, found: report } = this.#database.defects
    return this.command(() => {
      const found = this.#database.get(id)
      const isCompared = next ? compares : removalCompares
      if (isCompared && found?.version !== expected) {
        return { written: false, found: report ? (report(found) as typeof found) : found }
      }
      this.#database.set(id, next)
      return { written: true }
    })
  }

  /** Runs a command in the database, one turn of the event loop away. */
  async command<T>(run: () => T): Promise<T> {
    const { failure = unavailable } = this.#database.defects
    if (this.#outage) return failure(this.#outage)
    await turn()
    const answer = run()
    await turn()
    return answer
  }
}

const unavailable = async (outage: Outage): Promise<never> => {
  await turn()
  throw new StoreUnavailableError(outage)
}

/** An API key store on a fake database. */
export class FakeApiKeyStore extends CompareAndSwapStore<ApiKey> implements ApiKeyStore {
  readonly #driver: FakeDriver<ApiKey>
  readonly #database: FakeDatabase<ApiKey>

  constructor(driver: FakeDriver<ApiKey>, database: FakeDatabase<ApiKey>) {
    super(driver)
    this.#driver = driver
    this.#database = database
  }

  findBySecretHash(secretHash: string): Promise<StoredApiKey | undefined> {
    return this.#driver.command(() =>
      this.#keys().find(({ key }) => 'secretHash' in key && key.secretHash === secretHash),
    )
  }

  findByOwner(owner: string): Promise<readonly StoredApiKey[]> {
    const { isOwner = (a, b) => a === b, list = (keys) => keys } = this.#database.defects
    return this.#driver.command(() =>
      list(this.#keys().filter(({ key }) => isOwner(key.owner, owner))),
    )
  }

  #keys(): readonly StoredApiKey[] {
    return this.#database.all().map(([id, key]) => ({ id, key }))
  }
}

const pairOn = <S extends Retained, Store>(
  defects: Defects,
  make: (driver: FakeDriver<S>, database: FakeDatabase<S>) => Store,
): StorePair<Store> => {
  const database = new FakeDatabase<S>(defects)
  const [driver, peer] = [new FakeDriver(database), new FakeDriver(database)]
  return {
    store: make(driver, database),
    peer: make(peer, database),
    cut: (outage) => driver.cut(outage),
    cutTimeoutMs: defects.cutTimeoutMs,
    forgetsAt: async (id) => database.forgetsAt(id),
  }
}

/** Two drivers on one fake database. */
export const fakeDrivers = <S extends Retained>(defects: Defects): StorePair<FakeDriver<S>> =>
  pairOn<S, FakeDriver<S>>(defects, (driver) => driver)

/** Two state stores on one fake database. */
export const fakeStateStores = <S extends Retained>(
  defects: Defects,
): StorePair<CompareAndSwapStore<S>> =>
  pairOn<S, CompareAndSwapStore<S>>(defects, (driver) => new CompareAndSwapStore(driver))

/** Two API key stores on one fake database. */
export const fakeApiKeyStores = (defects: Defects): StorePair<FakeApiKeyStore> =>
  pairOn<ApiKey, FakeApiKeyStore>(
    defects,
    (driver, database) => new FakeApiKeyStore(driver, database),
  )
