import {
  type ApiKey,
  type ApiKeyPage,
  type ApiKeyStore,
  CompareAndSwapStore,
  comparePlaces,
  type FindApiKeys,
  formatCursor,
  type KeyPlace,
  parseCursor,
  placeOf,
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
  /** How it stores the members of a state. */
  readonly members?: (state: object) => object
  /** When it forgets a state, in epoch milliseconds. */
  readonly forgetsAt?: (state: Retained, writtenAt: number) => number
  /** Whether a write compares versions. */
  readonly compares?: boolean
  /** Whether a removal compares versions. */
  readonly removalCompares?: boolean
  /** Whether an equal state is written again. */
  readonly writesEqual?: boolean
  /** What a swap reports that wrote nothing. */
  readonly found?: (found: Versioned<Retained> | undefined) => Versioned<Retained> | undefined
  /** How a command fails while the database is cut off. */
  readonly failure?: (outage: Outage) => Promise<never>
  /** How long a kit waits for that, in milliseconds. The default is that of the kits. */
  readonly cutTimeoutMs?: number
  /** Whether the owner of a key matches the owner that is looked up. */
  readonly isOwner?: (owner: string, wanted: string) => boolean
  /** Whether a person's keys include those that are erased. */
  readonly listsErased?: boolean
  /** The condition of a look-up that is ignored. */
  readonly ignores?: 'clientId' | 'status' | undefined
  /** Makes a page of all keys that an owner has, which come in the order of writing. */
  readonly page?: (keys: readonly StoredApiKey[], query: FindApiKeys) => ApiKeyPage
  /** Which look-ups come from a copy that lags by one write. */
  readonly lags?: 'read' | 'find'
}

interface Row<S> {
  readonly versioned: Versioned<S>
  readonly forgetsAt: number
  /** The last owner that was written. */
  readonly owner: unknown
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

  get(id: string, rows: ReadonlyMap<string, Row<S>> = this.#rows): Versioned<S> | undefined {
    const row = rows.get(this.#idOf(id))
    return row && row.forgetsAt > Date.now() ? structuredClone(row.versioned) : undefined
  }

  /** What `get` returned before the last write. */
  getLate(id: string): Versioned<S> | undefined {
    return this.get(id, this.#copy)
  }

  /** Writes, or removes if `versioned` is `undefined`. */
  set(id: string, versioned: Versioned<S> | undefined): void {
    const rows = new Map(this.#rows)
    if (versioned) {
      const {
        text = (same) => same,
        members = (same) => same,
        forgetsAt = ({ keepUntil }) => keepUntil,
      } = this.defects
      const { version, state } = versioned
      const stored: S = JSON.parse(JSON.stringify(members(state)), (_, part) =>
        typeof part === 'string' ? text(part) : part,
      )
      const owner = 'owner' in stored ? stored.owner : rows.get(this.#idOf(id))?.owner
      const row = {
        versioned: { version, state: stored },
        forgetsAt: forgetsAt(stored, Date.now()),
        owner,
      }
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

  /** All states with their ids, and the last owner of each. */
  all(): readonly { readonly id: string; readonly state: S; readonly owner: unknown }[] {
    const rows = this.defects.lags === 'find' ? this.#copy : this.#rows
    return Array.from(rows, ([id, { versioned, owner }]) => ({
      id,
      state: structuredClone(versioned.state),
      owner,
    }))
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
    expected: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    const { compares = true, removalCompares = true, found: report } = this.#database.defects
    return this.command(() => {
      const found = this.#database.get(id)
      const isCompared = next ? compares : removalCompares
      if (isCompared && found?.version !== expected?.version) {
        return { written: false, found: report ? (report(found) as typeof found) : found }
      }
      const { writesEqual = true } = this.#database.defects
      const isEqual = JSON.stringify(found?.state) === JSON.stringify(next?.state)
      if (writesEqual || !isEqual) this.#database.set(id, next)
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

  override read(id: string): Promise<ApiKey | undefined> {
    return this.#database.defects.lags === 'read'
      ? this.#driver.command(() => this.#database.getLate(id)?.state)
      : super.read(id)
  }

  find(query: FindApiKeys): Promise<ApiKeyPage> {
    const { isOwner = (a, b) => a === b, page = pageOf, listsErased } = this.#database.defects
    return this.#driver.command(() => {
      const keys = this.#database
        .all()
        .filter(({ state }) => listsErased || state.status !== 'erased')
        .filter(({ owner }) => query.owner === undefined || isOwner(String(owner), query.owner))
        .filter(({ state }) => meets(state, query, this.#database.defects))
        .map(({ id, state }) => ({ id, key: state }))
      return page(keys, query)
    })
  }
}

/** The conditions beside the owner. A defect ignores one of them. */
const meets = (
  state: ApiKey,
  { clientId, status }: FindApiKeys,
  { ignores }: { readonly ignores?: 'clientId' | 'status' | undefined },
): boolean => {
  const asked = 'request' in state ? state.request.clientId : undefined
  return (
    (clientId === undefined || ignores === 'clientId' || asked === clientId) &&
    (status === undefined || ignores === 'status' || state.status === status)
  )
}

/** Whether a key comes after a place in the list. */
const isBehind = (key: KeyPlace, place: KeyPlace): boolean => comparePlaces(key, place) > 0

/** A right page, or one with another order, or with another place to go on from. */
export const pageOf = (
  keys: readonly StoredApiKey[],
  { after, limit }: FindApiKeys,
  { compare = comparePlaces, isAfter = isBehind } = {},
): ApiKeyPage => {
  const from = after === undefined ? undefined : parseCursor(after)
  const left = keys
    .toSorted((a, b) => compare(placeOf(a), placeOf(b)))
    .filter((key) => !from || isAfter(placeOf(key), from))
  const page = left.slice(0, limit)
  const last = page.at(-1)
  return {
    keys: page,
    next: last && left.length > limit ? formatCursor(placeOf(last)) : undefined,
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
