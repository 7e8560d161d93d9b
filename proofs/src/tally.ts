/** Counts what happened, to be printed at the end. */
export class Tally {
  readonly #counts = new Map<string, number>()
  #slowestMs = 0

  add(what: string, count = 1): void {
    this.#counts.set(what, this.of(what) + count)
  }

  /** Keeps the longest of all times. */
  took(ms: number): void {
    this.#slowestMs = Math.max(this.#slowestMs, ms)
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0
  }

  /** Everything that begins so. */
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
