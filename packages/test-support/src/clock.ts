/** A clock that stands still until it is moved, or let go. */
export class TestClock {
  #now = Date.now()
  #goingSince: number | undefined
  now(): number {
    return this.#now + (this.#goingSince === undefined ? 0 : Date.now() - this.#goingSince)
  }
  /** Lets it go by itself from now on, for devices that keep real time. */
  letGo(): void {
    this.#goingSince ??= Date.now()
  }
  /** Moves on by so many milliseconds. */
  pass(ms: number): void {
    this.#now += ms
  }
}
