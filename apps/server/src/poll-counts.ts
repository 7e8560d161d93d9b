import type { TokenReply } from '@device-grant/core'
import type { Logger } from 'pino'

/** Counts polls by their outcome. A log line for each poll would be too many. */
export class PollCounts {
  readonly #log: Logger
  readonly #counts = new Map<TokenReply['outcome'], number>()

  constructor(log: Logger) {
    this.#log = log
  }

  add(outcome: TokenReply['outcome']): void {
    this.#counts.set(outcome, (this.#counts.get(outcome) ?? 0) + 1)
  }

  /** Logs what was counted since the last call, if anything, and starts again at zero. */
  flush(): void {
    if (this.#counts.size === 0) return
    this.#log.info(Object.fromEntries(this.#counts), 'polls counted')
    this.#counts.clear()
  }
}
