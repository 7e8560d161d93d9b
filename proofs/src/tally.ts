/** Counts results, to be printed at the end. */
export class Tally {
  readonly #counts = new Map<string, number>()
  #slowestMs = 0

  /** Adds to the count of a result. */
  add(what: string, count = 1): void {
    this.#counts.set(what, this.of(what) + count)
  }

  /** Records the duration of an answer, in milliseconds. The longest one is printed. */
  took(ms: number): void {
    this.#slowestMs = Math.max(this.#slowestMs, ms)
  }

  /** The count of a result. */
  of(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  /** The sum of all counts that begin with `prefix`. */
  sum(prefix: string): number {
    let sum = 0
    for (const [what, count] of this.#counts) if (what.startsWith(prefix)) sum += count
    return sum
  }

  toString(): string {
    const rows = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1))
    return [...rows, ['ms, the slowest answer', Math.round(this.#slowestMs)] as const]
      .map(([what, count]) => `${String(count).padStart(7)}  ${what}`)
      .join('\n')
  }
}
