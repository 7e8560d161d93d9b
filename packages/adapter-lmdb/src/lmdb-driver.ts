import {
  type Packing,
  type Retained,
  StoreDataError,
  type SwapResult,
  type Versioned,
  type VersionedDriver,
} from '@device-grant/core'
import type { Database, Key } from 'lmdb'
import { INDEX } from './databases.ts'
import type { LmdbEnvironment } from './lmdb-environment.ts'
import { formatState, hasKeepUntil, parseRecord, VERSION_LENGTH, versionNumber } from './record.ts'

/** A key of the index. */
export type IndexKey = readonly (string | number)[]

/** The name and the states of one database. */
export interface LmdbDriverOptions<S> {
  /** The name of the database. */
  readonly name: string
  /**
   * Whether stored data is a state that the rules understand. Other data is a `StoreDataError`.
   * @default data with a numeric `keepUntil`
   */
  readonly isState?: ((value: unknown) => value is S) | undefined
  /**
   * Names an id in the message of a `StoreDataError`.
   * @default the whole id
   */
  readonly describeId?: ((id: string) => string) | undefined
  /** Under which keys of the index a state is found. The last item must be the id. */
  readonly indexKeysOf?: ((id: string, state: S) => readonly IndexKey[]) | undefined
  /** Called after every write. */
  readonly wrote?: (() => void) | undefined
}

/** The index of all databases. */
export const indexOf = (environment: LmdbEnvironment): Database<string, Key> =>
  environment.database(INDEX)

/** Keeps each state in one record. A write and its changes of the index are one transaction. */
export class LmdbDriver<S extends Retained> implements VersionedDriver<S> {
  readonly #environment: LmdbEnvironment
  readonly #states: Database<string, Key>
  readonly #index: Database<string, Key>
  readonly #options: LmdbDriverOptions<S>

  readonly packing: Packing<S> = {
    pack: ({ version, state }) => version + JSON.stringify(state),
    unpack: (text) => ({
      version: text.slice(0, VERSION_LENGTH),
      state: JSON.parse(text.slice(VERSION_LENGTH)),
    }),
  }

  constructor(environment: LmdbEnvironment, options: LmdbDriverOptions<S>) {
    this.#environment = environment
    this.#states = environment.database(options.name, { useVersions: true })
    this.#index = indexOf(environment)
    this.#options = options
  }

  async read(id: string): Promise<Versioned<S> | undefined> {
    return this.readNow(id)
  }

  /** Reads a state without a promise, because nothing waits. */
  readNow(id: string): Versioned<S> | undefined {
    return this.#environment.read(() => this.#find(id))
  }

  hasVersion(id: string, version: string): boolean {
    return this.#environment.read(() => this.#states.doesExist(id, versionNumber(version)))
  }

  async swap(
    id: string,
    expected: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>> {
    if (!expected && !next) return { written: false, found: this.readNow(id) }
    const replace = (): Promise<boolean> => this.#replace(id, expected, next)
    const isWritten = await this.#environment.write(!expected, replace)
    if (!isWritten) return { written: false, found: this.readNow(id) }
    this.#options.wrote?.()
    return { written: true }
  }

  /** Reads so many states in the order of their ids, after the id `after`. */
  readAfter(after: string | undefined, limit: number): readonly (readonly [string, S])[] {
    return this.#environment.read(() => {
      const start = after === undefined ? {} : { start: after, exclusiveStart: true }
      return [...this.#states.getKeys({ ...start, limit })].flatMap((key) => {
        const id = String(key)
        const found = this.#find(id)
        return found ? [[id, found.state] as const] : []
      })
    })
  }

  /**
   * Forgets states whose `keepUntil` is before `now`, epoch milliseconds.
   * @returns how many entries it looked at, `limit` at most
   */
  async forget(now: number, limit: number): Promise<number> {
    const keys = this.#environment.read(() => this.#dueBefore(now, limit))
    if (keys.length === 0) return 0
    await this.#environment.write(false, () =>
      Promise.all(keys.map((key) => this.#forget(key, now))),
    )
    return keys.length
  }

  #find(id: string): Versioned<S> | undefined {
    const record = this.#states.getEntry(id)
    const { isState = hasKeepUntil, describeId = (whole: string) => whole, name } = this.#options
    return record && parseRecord(record, isState, () => `${name} ${describeId(id)}`)
  }

  /** Writes if the record still has the version of `old`. Resolves to whether it did. */
  #replace(
    id: string,
    old: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): Promise<boolean> {
    const write = (): void => {
      if (next) this.#states.put(id, formatState(next.state), versionNumber(next.version))
      else this.#states.remove(id)
      const before = old ? this.#indexKeysOf(id, old.state) : new Map<string, IndexKey>()
      const after = next ? this.#indexKeysOf(id, next.state) : new Map<string, IndexKey>()
      for (const [text, key] of before) if (!after.has(text)) this.#index.remove([...key])
      for (const [text, key] of after) if (!before.has(text)) this.#index.put([...key], '')
    }
    return old
      ? this.#states.ifVersion(id, versionNumber(old.version), write)
      : this.#states.ifNoExists(id, write)
  }

  #indexKeysOf(id: string, state: S): Map<string, IndexKey> {
    const keys = this.#options.indexKeysOf?.(id, state) ?? []
    const until = [this.#until, state.keepUntil, id]
    return new Map([until, ...keys].map((key) => [key.join('\n'), key]))
  }

  get #until(): string {
    return `until ${this.#options.name}`
  }

  #dueBefore(now: number, limit: number): readonly Key[] {
    const start = [this.#until]
    return [...this.#index.getKeys({ start, end: [this.#until, now], limit })]
  }

  /** Forgets what a key of the index names, unless another process changed it. */
  async #forget(key: Key, now: number): Promise<void> {
    const id = String((key as readonly Key[])[2])
    const found = this.#findReadable(id)
    if (found && found.state.keepUntil <= now) await this.#replace(id, found, undefined)
    else await this.#removeKey(id, key)
  }

  /** A damaged record is not forgotten, because only a person can say what it was. */
  #findReadable(id: string): Versioned<S> | undefined {
    try {
      return this.#find(id)
    } catch (error) {
      if (error instanceof StoreDataError) return undefined
      throw error
    }
  }

  #removeKey(id: string, key: Key): Promise<boolean> {
    const version = this.#states.getEntry(id)?.version
    const remove = (): void => {
      this.#index.remove(key)
    }
    return version === undefined
      ? this.#states.ifNoExists(id, remove)
      : this.#states.ifVersion(id, version, remove)
  }
}
