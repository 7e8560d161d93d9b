import type { Clock } from '@device-grant/core'
import type { Logger } from 'pino'
import { describeError } from './describe-error.ts'
import type { ProbedStore } from './health.ts'
import { type Pause, pauseInRealTime } from './repeat.ts'
import { outsideRequests } from './telemetry/request-context.ts'
import { createThrottle } from './throttle.ts'

/** The pause between two probes of a store that is down, in milliseconds. */
const PROBE_EVERY_MS = 2_000

export interface StoreWatchOptions {
  readonly store: ProbedStore
  readonly log: Logger
  readonly clock: Clock
  /** Ends the probes when aborted. */
  readonly signal: AbortSignal
  /** @default a pause in real time */
  readonly pause?: Pause | undefined
}

/**
 * Logs the errors of one store, at most one every 5 s, with the number left out. It probes a store
 * that is down, and logs when the store is back, for how long it was down and with how many errors.
 */
export class StoreWatch {
  readonly #options: StoreWatchOptions
  readonly #throttle: ReturnType<typeof createThrottle>
  #errors = 0
  #outages = 0

  constructor(options: StoreWatchOptions) {
    this.#options = options
    this.#throttle = createThrottle(options.clock)
  }

  get name(): string {
    return this.#options.store.name
  }

  get isDown(): boolean {
    return this.#errors > 0
  }

  /** How many times the store went down. */
  get outages(): number {
    return this.#outages
  }

  /** Logs an error because of which the store counts as down. */
  failed(error: unknown, level: 'warn' | 'error', text: string): void {
    const { log, signal } = this.#options
    if (signal.aborted) return
    this.#throttle((leftOut) =>
      log[level]({ store: this.name, ...describeError(error, log), leftOut }, text),
    )
    this.#errors += 1
    if (this.#errors > 1) return
    this.#outages += 1
    void outsideRequests(() => this.#untilBack())
  }

  async #untilBack(): Promise<void> {
    const { store, log, clock, signal, pause = pauseInRealTime } = this.#options
    const downSince = clock.now()
    for (;;) {
      const errors = this.#errors
      await pause(PROBE_EVERY_MS, signal)
      if (signal.aborted) return
      // Some servers of a store may answer a probe while others still fail.
      if (errors === this.#errors && (await answers(store)) && errors === this.#errors) break
    }
    const downForMs = clock.now() - downSince
    log.info({ store: this.name, downForMs, errors: this.#errors }, 'store is back')
    this.#errors = 0
  }
}

const answers = async (store: ProbedStore): Promise<boolean> => {
  try {
    await store.probe()
    return true
  } catch {
    return false
  }
}
