import { randomMark } from '../crypto.ts'
import type { StateStore } from '../ports.ts'
import type { Retained, Transition } from '../rules/transition.ts'
import { StoreConflictError, StoreUnavailableError } from '../store-errors.ts'
import { pause, performanceNow } from '../system-time.ts'
import { PackedTexts } from './packed-texts.ts'
import { RecoveringDriver } from './recovering-driver.ts'
import type { Packing, Versioned, VersionedDriver } from './versioned-driver.ts'

/** How a `CompareAndSwapStore` caches states and retries. */
export interface CompareAndSwapOptions {
  /**
   * How many states are cached to start from, or ephemeral ones on a driver with `hasVersion`. A stale
   * entry costs one command, never a wrong reply.
   * @default 10_000
   */
  readonly cacheSize?: number | undefined
  /**
   * After how many lost races an update gives up.
   * @default 20
   */
  readonly attempts?: number | undefined
  /**
   * Waits between two attempts, in milliseconds.
   * @default a timer
   */
  readonly pause?: ((ms: number) => Promise<void>) | undefined
  /**
   * A random number from 0 to 1, for the jitter of the pauses.
   * @default Math.random
   */
  readonly random?: (() => number) | undefined
  /**
   * A clock that never goes back, in milliseconds. It measures how long an update waits for its turn.
   * @default performance.now
   */
  readonly now?: (() => number) | undefined
}

/** Cache entry for one id. Mutated in place so the map is not changed on every write. */
interface CacheEntry<S> {
  /** What was last seen on the server, or an ephemeral state of that version. True if it is packed. */
  seen: Versioned<S> | true | undefined
  /** Where it is packed. Negative before the first time. */
  slot: number
  /** How long the packed text is. */
  bytes: number
  /** The last of the updates in progress. */
  turn: Promise<unknown> | undefined
}

const MAX_PAUSE_MS = 100
/** How long an update may wait for earlier updates of the same id, in milliseconds. */
const MAX_WAIT_MS = 5_000

const ignore = (): void => {}

const throwOutage = (error: unknown): void => {
  if (error instanceof StoreUnavailableError) throw error
}

/**
 * A `StateStore` on a driver that compares and swaps. It starts from the state it last saw, so that
 * a right guess saves the read. On a driver with `hasVersion` it reads instead, and caches ephemeral
 * states without writing them. Lost answers are handled by a `RecoveringDriver`.
 */
export class CompareAndSwapStore<S extends Retained> implements StateStore<S> {
  readonly #driver: VersionedDriver<S>
  readonly #hasVersion: VersionedDriver<S>['hasVersion']
  readonly #packing: Packing<S> | undefined
  readonly #packed = new PackedTexts()
  readonly #cache = new Map<string, CacheEntry<S>>()
  readonly #cacheSize: number
  readonly #attempts: number
  readonly #pause: (ms: number) => Promise<void>
  readonly #random: () => number
  readonly #now: () => number

  constructor(driver: VersionedDriver<S>, options: CompareAndSwapOptions = {}) {
    this.#driver = new RecoveringDriver(driver)
    this.#hasVersion = driver.hasVersion?.bind(driver)
    this.#packing = driver.packing
    this.#cacheSize = options.cacheSize ?? 10_000
    this.#attempts = options.attempts ?? 20
    this.#pause = options.pause ?? pause
    this.#random = options.random ?? Math.random
    this.#now = options.now ?? performanceNow
  }

  /**
   * Updates of one id take turns within this process, because parallel ones would only lose races.
   * Updates that wait fail with the one before them if the server cannot be reached.
   * An update gives up after it waited 5 s, so that a slow server builds no long queue.
   * `transition` runs once more if an answer was lost and another process wrote since.
   */
  async update<R>(id: string, transition: Transition<S, R>): Promise<R> {
    const entry = this.#cache.get(id) ?? this.#addEntry(id)
    const before = entry.turn
    const turn =
      before === undefined
        ? this.#update(id, entry, transition)
        : this.#afterTurn(before, () => this.#update(id, entry, transition))
    entry.turn = turn
    try {
      return await turn
    } finally {
      if (entry.turn === turn) {
        entry.turn = undefined
        if (entry.seen) this.#evict()
        else this.#remove(id, entry)
      }
    }
  }

  async #afterTurn<R>(before: Promise<unknown>, update: () => Promise<R>): Promise<R> {
    const since = this.#now()
    await before.then(ignore, throwOutage)
    if (this.#now() - since > MAX_WAIT_MS) {
      throw new StoreConflictError(`Earlier updates took longer than ${MAX_WAIT_MS} ms`)
    }
    return update()
  }

  async #update<R>(id: string, entry: CacheEntry<S>, transition: Transition<S, R>): Promise<R> {
    // The cached state is a guess until the server confirms it.
    let current = this.#seen(entry)
    let confirmed = false
    if (this.#hasVersion) {
      if (!current || !this.#hasVersion(id, current.version)) {
        entry.seen = undefined
        current = await this.#driver.read(id)
      }
      confirmed = true
    }
    for (let lost = 0; lost < this.#attempts; ) {
      const { next, reply, isEphemeral } = transition(current?.state)
      if (next === current?.state) {
        if (confirmed) return reply
        const fresh = await this.#driver.read(id)
        this.#saw(entry, fresh)
        confirmed = true
        // Applied again, because a state that was changed by hand keeps its version.
        current = fresh
        continue
      }
      if (isEphemeral && this.#hasVersion && current && next) {
        this.#keep(entry, { version: current.version, state: next })
        return reply
      }
      const versioned = next === undefined ? undefined : { version: randomMark(), state: next }
      const swap = await this.#swap(id, entry, current, versioned)
      if (swap.written) {
        this.#saw(entry, versioned)
        return reply
      }
      current = swap.found
      this.#saw(entry, current)
      if (!confirmed) {
        confirmed = true
        continue
      }
      lost += 1
      // Full jitter, so that the losers of one race do not meet again in the next.
      await this.#pause(this.#random() * Math.min(MAX_PAUSE_MS, 2 ** lost))
    }
    throw new StoreConflictError(`Another process wrote first, ${this.#attempts} times`)
  }

  async #swap(
    id: string,
    entry: CacheEntry<S>,
    expected: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): ReturnType<VersionedDriver<S>['swap']> {
    try {
      return await this.#driver.swap(id, expected, next)
    } catch (error) {
      // The write may have happened, so the cached state may be stale.
      if (error instanceof StoreUnavailableError) entry.seen = undefined
      throw error
    }
  }

  /**
   * Reads a state without taking a turn among its updates.
   * @throws {StoreUnavailableError} if the server cannot be reached
   */
  async read(id: string): Promise<S | undefined> {
    const seen = await this.#driver.read(id)
    if (seen) this.cache(id, seen)
    return seen?.state
  }

  /** Caches a state that was seen on the server, to start the next update from. */
  protected cache(id: string, seen: Versioned<S>): void {
    if (this.#hasVersion) return
    const entry = this.#cache.get(id) ?? this.#addEntry(id)
    this.#keep(entry, seen)
    this.#evict()
  }

  /** Caches what a command has shown, unless a local read costs as little as the cache. */
  #saw(entry: CacheEntry<S>, seen: Versioned<S> | undefined): void {
    this.#keep(entry, this.#hasVersion ? undefined : seen)
  }

  #keep(entry: CacheEntry<S>, seen: Versioned<S> | undefined): void {
    entry.seen = seen
    if (!seen || !this.#packing) return
    if (entry.slot < 0) entry.slot = this.#packed.take()
    const bytes = this.#packed.write(entry.slot, this.#packing.pack(seen))
    if (bytes === undefined) return
    entry.bytes = bytes
    entry.seen = true
  }

  #seen({ seen, slot, bytes }: CacheEntry<S>): Versioned<S> | undefined {
    return seen === true ? this.#packing?.unpack(this.#packed.read(slot, bytes)) : seen
  }

  #remove(id: string, { slot }: CacheEntry<S>): void {
    this.#cache.delete(id)
    if (slot >= 0) this.#packed.give(slot)
  }

  #addEntry(id: string): CacheEntry<S> {
    const entry: CacheEntry<S> = { seen: undefined, slot: -1, bytes: 0, turn: undefined }
    this.#cache.set(id, entry)
    return entry
  }

  /**
   * Removes the oldest entries without updates in progress. It removes a hundredth at once, because an
   * iterator first walks over deleted slots, and one that is kept keeps all former tables of the map.
   */
  #evict(): void {
    if (this.#cache.size <= this.#cacheSize) return
    const size = this.#cacheSize - Math.floor(this.#cacheSize / 100)
    for (const [id, entry] of this.#cache) {
      if (this.#cache.size <= size) return
      if (!entry.turn) this.#remove(id, entry)
    }
  }
}
