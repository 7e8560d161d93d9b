/** A clock that stands still until a test moves or starts it. */
export class TestClock {
  #now: number
  #startedAt: number | undefined

  /** @param now epoch milliseconds; default: the system's time */
  constructor(now: number = Date.now()) {
    this.#now = now
  }

  /** Epoch milliseconds. */
  now = (): number => this.#now + (this.#startedAt === undefined ? 0 : Date.now() - this.#startedAt)

  /** Runs in real time from now on, for devices that wait in real time. */
  start(): void {
    this.#startedAt ??= Date.now()
  }

  /** Moves the clock on by so many milliseconds. */
  pass(ms: number): void {
    this.#now += ms
  }
}
