import type { Clock, Events } from '@device-grant/core'
import type { Logger } from 'pino'
import type { Pause } from '../repeat.ts'
import { auditLog } from './audit-log.ts'
import { limitRefusals } from './limit-refusals.ts'
import { Webhook } from './webhook.ts'
import type { WebhookSettings } from './webhook-settings.ts'

/** The parts of the audit trail. */
export interface AuditOptions {
  readonly log: Logger
  readonly clock: Clock
  readonly pause: Pause
}

/** The audit trail of the server. */
export interface Audit extends Events {
  /** Logs what was left out or dropped since the last call. Call it once a minute. */
  flush(): void
  /** Gives the webhook 2 s for pending events. No event may follow. */
  stop(): Promise<void>
}

/**
 * Makes the audit trail: the log, and a webhook if there is one.
 * @param settings the webhook at present
 */
export const createAudit = (
  settings: () => WebhookSettings | undefined,
  options: AuditOptions,
): Audit => {
  const lines = auditLog(options.log)
  const webhook = createWebhook(settings, options)
  const limited = limitRefusals(
    {
      emit(event) {
        lines.emit(event)
        webhook?.emit(event)
      },
    },
    options.log,
  )
  return {
    emit: limited.emit,
    flush() {
      limited.flush()
      webhook?.flush()
    },
    async stop() {
      limited.flush()
      await webhook?.stop()
    },
  }
}

const createWebhook = (
  settings: () => WebhookSettings | undefined,
  options: AuditOptions,
): Webhook | undefined => {
  const first = settings()
  return first && new Webhook(() => settings() ?? first, options)
}
