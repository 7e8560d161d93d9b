import { randomText } from '../crypto.ts'
import type { StateStore } from '../ports.ts'
import type { Keepable, Transition } from '../rules/transition.ts'
import { StoreConflictError, StoreUnavailableError } from '../store-errors.ts'

/** A state as a server keeps it: with the random mark of the write that put it there. */
export interface Cell<S> {
  readonly rev: string
  readonly state: S
}

/** What came of a swap: written, or what was found instead (`undefined`: nothing is there). */
export type Swap<S> =
  | { readonly written: true }
  | { readonly written: false; readonly found: Cell<S> | undefined }

/** All that a database has to offer to keep states: a read, and one atomic compare and swap. */
export interface Cells<S extends Keepable> {
  /** @throws {StoreUnavailableError} the server cannot be reached or did not answer in time */
  read(id: string): Promise<Cell<S> | undefined>
  /**
   * Writes `next` (removes the cell when `undefined`) only if the cell still has the rev `expected`
   * (`undefined`: only if there is none). It must be one atomic operation of the server.
   * @throws {StoreUnavailableError} it may or may not have been written
   * @throws {StoreFullError} the server takes no new ids
   */
  swap(id: string, expected: string | undefined, next: Cell<S> | undefined): Promise<Swap<S>>
}

/** How a `CompareAndSwapStore` guesses and tries again; all of it has defaults. */
export interface CompareAndSwapOptions {
  /** How many cells it remembers to start from. A wrong guess costs one command, never the truth. Default 10 000. */
  readonly remember?: number
  /** How many lost races it takes to give up. Default 20. */
  readonly attempts?: number
  /** Waits so many milliseconds between two attempts. */
  readonly pause?: (ms: number) => Promise<void>
  /** A random number from 0 to 1, for the jitter of the pauses. */
  readonly random?: () => number
  /** Milliseconds of a clock that never goes back: how long an update has waited for its turn. */
  readonly now?: () => number
}

/** What is known of an id. It stays the same object, so that the map that has it is not rebuilt all the time. */
interface Known<S> {
  /** The cell that was last seen on the server. */
  cell: Cell<S> | undefined
  /** The last of the updates that are under way. */
  turn: Promise<unknown> | undefined
}

const MAX_PAUSE_MS = 100
/** Nobody waits longer for the others of this process. */
const MAX_WAIT_MS = 5_000

const noReply = (): void => {}

const onlyOutages = (fault: unknown): void => {
  if (fault instanceof StoreUnavailableError) throw fault
}

/**
 * A `StateStore` on top of compare and swap. It starts from the cell it last saw, so that a right
 * guess saves the read; a write whose answer was lost is looked for and recognised by its rev.
 */
export class CompareAndSwapStore<S extends Keepable> implements StateStore<S> {
  readonly #cells: Cells<S>
  readonly #known = new Map<string, Known<S>>()
  /** Goes on where it stood: from the start it would pass over all that was deleted, each time. */
  #oldest = this.#known.entries()
  readonly #remember: number
  readonly #attempts: number
  readonly #pause: (ms: number) => Promise<void>
  readonly #random: () => number
  readonly #now: () => number

  constructor(cells: Cells<S>, options: CompareAndSwapOptions = {}) {
    this.#cells = cells
    this.#remember = options.remember ?? 10_000
    this.#attempts = options.attempts ?? 20
    // biome-ignore lint/style/noRestrictedGlobals: the pause of whoever passes none
    this.#pause = options.pause ?? ((ms) => new Promise((done) => setTimeout(done, ms)))
    this.#random = options.random ?? Math.random
    // biome-ignore lint/style/noRestrictedGlobals: the clock of whoever passes none
    this.#now = options.now ?? (() => performance.now())
  }

  /**
   * Updates of one id within this process come one after the other: at once they would only make each
   * other lose. When the server cannot be reached, those that wait hear it too, and do not try in turn.
   * One whose turn has not come after 5 s is given up, so that a slow server makes no long queues.
   * When the answer to a write was lost and somebody has written since, `transition` is applied once more.
   */
  async update<R>(id: string, transition: Transition<S, R>): Promise<R> {
    const known = this.#known.get(id) ?? this.#getToKnow(id)
    const before = known.turn
    const turn =
      before === undefined
        ? this.#update(id, known, transition)
        : this.#inTurn(before, () => this.#update(id, known, transition))
    known.turn = turn
    try {
      return await turn
    } finally {
      if (known.turn === turn) {
        known.turn = undefined
        if (known.cell) this.#makeRoom()
        else this.#known.delete(id)
      }
    }
  }

  async #inTurn<R>(before: Promise<unknown>, update: () => Promise<R>): Promise<R> {
    const since = this.#now()
    await before.then(noReply, onlyOutages)
    if (this.#now() - since > MAX_WAIT_MS) {
      throw new StoreConflictError(`Others were first for more than ${MAX_WAIT_MS} ms`)
    }
    return update()
  }

  async #update<R>(id: string, known: Known<S>, transition: Transition<S, R>): Promise<R> {
    // What is remembered, or "nothing is there": a guess either way, until the server confirms it.
    let current = known.cell
    let confirmed = false
    for (let lost = 0; lost < this.#attempts; ) {
      const { next, reply } = transition(current?.state)
      if (next === current?.state) {
        if (confirmed) return reply
        const fresh = await this.#cells.read(id)
        known.cell = fresh
        confirmed = true
        if (fresh?.rev === current?.rev) return reply
        current = fresh
        continue
      }
      const cell = next === undefined ? undefined : { rev: randomText(6), state: next }
      const swap = await this.#swap(id, known, current?.rev, cell)
      if (swap.written) {
        known.cell = cell
        return reply
      }
      current = swap.found
      known.cell = current
      if (!confirmed) {
        confirmed = true
        continue
      }
      lost += 1
      // Full jitter, so that the losers of one race do not meet again in the next.
      await this.#pause(this.#random() * Math.min(MAX_PAUSE_MS, 2 ** lost))
    }
    throw new StoreConflictError(`Somebody else wrote first, ${this.#attempts} times`)
  }

  /** Takes note of a cell that was seen on the server, as a guess to start from. */
  protected remember(id: string, cell: Cell<S>): void {
    const known = this.#known.get(id) ?? this.#getToKnow(id)
    known.cell = cell
    this.#makeRoom()
  }

  #getToKnow(id: string): Known<S> {
    const known: Known<S> = { cell: undefined, turn: undefined }
    this.#known.set(id, known)
    return known
  }

  /** Forgets whom it has known longest, except who has a turn. */
  #makeRoom(): void {
    if (this.#known.size <= this.#remember) return
    let next = this.#oldest.next()
    if (next.done) {
      this.#oldest = this.#known.entries()
      next = this.#oldest.next()
    }
    while (!next.done) {
      const [id, { turn }] = next.value
      if (!turn) this.#known.delete(id)
      if (this.#known.size <= this.#remember) return
      next = this.#oldest.next()
    }
  }

  /** Swaps; when the answer is lost, looks whether it was done, and does it if not. */
  async #swap(
    id: string,
    known: Known<S>,
    expected: string | undefined,
    next: Cell<S> | undefined,
  ): Promise<Swap<S>> {
    try {
      return await this.#cells.swap(id, expected, next)
    } catch (fault) {
      if (!(fault instanceof StoreUnavailableError)) throw fault
      known.cell = undefined
      const found = await this.#cells.read(id)
      if (found === undefined && next === undefined) return { written: true }
      // It is there. Writing it once more makes the server confirm that it stays, after a fail-over too.
      if (next && found?.rev === next.rev) return this.#cells.swap(id, next.rev, next)
      if (found?.rev !== expected) return { written: false, found }
    }
    const again = await this.#cells.swap(id, expected, next)
    // Our first attempt may have arrived late, after the look.
    return !again.written && again.found?.rev === next?.rev ? { written: true } : again
  }
}
