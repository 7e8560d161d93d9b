import {
  type ApiKey,
  type ApiKeyStore,
  type Retained,
  type StateStore,
  StoreUnavailableError,
  type Transition,
} from '@device-grant/core'

/** A write that a fail-over may lose. */
interface Write {
  readonly at: number
  undo(): void
}

/** A server that can be down, and that can lose its last writes. */
export class SimulatedRedis {
  isDown = false
  readonly now: () => number
  readonly #keepMs: number
  #writes: Write[] = []
  #lengthAtNextSweep = 0

  /**
   * @param now epoch milliseconds
   * @param keepMs how long writes can be lost, in milliseconds
   */
  constructor(now: () => number, keepMs: number) {
    this.now = now
    this.#keepMs = keepMs
  }

  wrote(undo: () => void): void {
    this.#writes.push({ at: this.now(), undo })
    if (this.#writes.length < this.#lengthAtNextSweep) return
    const since = this.now() - this.#keepMs
    this.#writes = this.#writes.filter(({ at }) => at >= since)
    // Twice what is left, so that a sweep costs each write the same, however many there are.
    this.#lengthAtNextSweep = 2 * this.#writes.length + 1_000
  }

  /** Undoes the writes of the last `ms`, the newest first. Returns how many. */
  forget(ms: number): number {
    const since = this.now() - ms
    const lost = this.#writes.filter(({ at }) => at >= since)
    for (const write of lost.reverse()) write.undo()
    this.#writes = []
    return lost.length
  }
}

/** One kind of state on a simulated server. */
export class SimulatedStore<S extends Retained> implements StateStore<S> {
  readonly #redis: SimulatedRedis
  readonly #states = new Map<string, S>()
  #sizeAfterSweep = 0

  constructor(redis: SimulatedRedis) {
    this.#redis = redis
  }

  async update<R>(id: string, transition: Transition<S, R>): Promise<R> {
    if (this.#redis.isDown) throw new StoreUnavailableError('The simulated server is down')
    const kept = this.#states.get(id)
    const current = kept && kept.keepUntil > this.#redis.now() ? kept : undefined
    const { next, reply } = transition(current)
    if (next === current) return reply
    this.#set(id, next)
    this.#redis.wrote(() => this.#set(id, current))
    return reply
  }

  read(id: string): Promise<S | undefined> {
    return this.update(id, (current) => ({ next: current, reply: current }))
  }

  #set(id: string, state: S | undefined): void {
    if (state) this.#states.set(id, state)
    else this.#states.delete(id)
    if (this.#states.size > this.#sizeAfterSweep + 100_000) this.#sweep()
  }

  #sweep(): void {
    const now = this.#redis.now()
    for (const [id, { keepUntil }] of this.#states) if (keepUntil <= now) this.#states.delete(id)
    this.#sizeAfterSweep = this.#states.size
  }
}

/** Keys on a simulated server. The simulation lists no keys of a person. */
export class SimulatedKeyStore extends SimulatedStore<ApiKey> implements ApiKeyStore {
  async find(): Promise<{ readonly keys: readonly [] }> {
    return { keys: [] }
  }
}
