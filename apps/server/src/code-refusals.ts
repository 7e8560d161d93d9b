import type { Logger } from 'pino'

/** Counts the new codes that the limit refused. A log line for each would be a flood of its own. */
export class CodeRefusals {
  readonly #log: Logger
  readonly #counts = new Map<string, number>()
  #lastAddress: string | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  add(limit: 'address_limit' | 'total_limit', address: string | undefined): void {
    this.#counts.set(limit, (this.#counts.get(limit) ?? 0) + 1)
    this.#lastAddress = address
  }

  /** Logs what was counted since the last call, if anything, and starts again at zero. */
  flush(): void {
    if (this.#counts.size === 0) return
    const counts = Object.fromEntries(this.#counts)
    this.#log.warn({ ...counts, lastAddress: this.#lastAddress }, 'new codes refused by the limit')
    this.#counts.clear()
  }
}
