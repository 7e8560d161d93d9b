import type { Level, Logger } from 'pino'

/** Counts what requests cause too often for a log line of its own. */
export class LoggedCounts<K extends string> {
  readonly #write: (line: object) => void
  readonly #counts = new Map<K, number>()
  #last: Readonly<Record<string, string>> = {}

  /** @param message what was counted */
  constructor(log: Logger, level: Level, message: string) {
    this.#write = (line) => log[level](line, message)
  }

  /** @param last a detail of this one. The line has the last detail that was known. */
  add(key: K, last: Readonly<Record<string, string | undefined>> = {}): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
    for (const [name, value] of Object.entries(last)) {
      if (value !== undefined) this.#last = { ...this.#last, [name]: value }
    }
  }

  /** Logs what was counted since the last call, if anything, and starts again at zero. */
  flush(): void {
    if (this.#counts.size === 0) return
    this.#write({ ...Object.fromEntries(this.#counts), ...this.#last })
    this.#counts.clear()
    this.#last = {}
  }
}
