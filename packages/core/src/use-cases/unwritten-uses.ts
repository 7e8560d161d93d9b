const MAX_ENTRIES = 10_000

/**
 * Remembers uses of keys whose write failed, in this process. Without them, an outage of writes would
 * make keys in use look unused.
 */
export class UnwrittenUses {
  readonly #uses = new Map<string, number>()

  /** The latest use of a key whose write failed, epoch milliseconds. */
  of(keyId: string): number | undefined {
    return this.#uses.get(keyId)
  }

  /** Remembers a use at `now`, epoch milliseconds. */
  add(keyId: string, now: number): void {
    this.#uses.delete(keyId)
    const [oldest] = this.#uses.keys()
    if (oldest !== undefined && this.#uses.size >= MAX_ENTRIES) this.#uses.delete(oldest)
    this.#uses.set(keyId, now)
  }

  /** Forgets the uses of a key, because a later one was written. */
  remove(keyId: string): void {
    this.#uses.delete(keyId)
  }
}
