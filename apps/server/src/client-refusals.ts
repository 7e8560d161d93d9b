import type { ClientRefusalReason } from '@device-grant/http-koa'
import type { Logger } from 'pino'

/** Counts the clients that were refused. A log line for each would be a flood of its own. */
export class ClientRefusals {
  readonly #log: Logger
  readonly #counts = new Map<ClientRefusalReason, number>()
  #lastClientId: string | undefined

  constructor(log: Logger) {
    this.#log = log
  }

  /** @param clientId the id of a registered client, if there is one */
  add(reason: ClientRefusalReason, clientId: string | undefined): void {
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1)
    this.#lastClientId = clientId ?? this.#lastClientId
  }

  /** Logs what was counted since the last call, if anything, and starts again at zero. */
  flush(): void {
    if (this.#counts.size === 0) return
    const counts = Object.fromEntries(this.#counts)
    this.#log.warn({ ...counts, lastClientId: this.#lastClientId }, 'clients refused')
    this.#counts.clear()
    this.#lastClientId = undefined
  }
}
