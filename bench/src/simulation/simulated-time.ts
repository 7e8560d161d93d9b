const TICK_MS = 10

/** A clock that only moves when work is due, and the work that is due later. */
export class SimulatedTime {
  #now: number
  readonly #due = new Map<number, (() => Promise<void>)[]>()
  readonly #start: number
  #pending = 0

  /** @param start epoch milliseconds */
  constructor(start: number) {
    this.#start = start
    this.#now = start
  }

  readonly now = (): number => this.#now

  /** How long it has run, in milliseconds. */
  get elapsed(): number {
    return this.#now - this.#start
  }

  /** Does work later, to the next 10 ms. */
  after(ms: number, work: () => Promise<void>): void {
    const tick = Math.ceil((this.#now + Math.max(ms, 1)) / TICK_MS)
    const list = this.#due.get(tick)
    if (list) list.push(work)
    else this.#due.set(tick, [work])
    this.#pending += 1
  }

  /** Does all work that is due within `ms` of the start, in order. */
  async run(ms: number): Promise<void> {
    const end = Math.floor((this.#start + ms) / TICK_MS)
    for (let tick = Math.floor(this.#now / TICK_MS); tick <= end && this.#pending > 0; tick++) {
      const works = this.#due.get(tick)
      if (!works) continue
      this.#now = tick * TICK_MS
      this.#due.delete(tick)
      this.#pending -= works.length
      for (const work of works) await work()
    }
  }
}
