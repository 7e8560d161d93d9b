import type { DeviceGrantEvent, Events } from '@device-grant/core'
import { type Logger, pino } from 'pino'

/** Structured JSON logs on standard output. They carry ids, never codes, keys or whole requests. */
export const createLog = (level: string): Logger =>
  pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    // Written at once: what is still under way when the process exits would be lost.
    pino.destination({ dest: 1, sync: true }),
  )

/** What may be said of a fault: its kind and message. Its stack is for `LOG_LEVEL=debug`. */
export const describeFault = (fault: unknown, log: Logger): Record<string, unknown> => {
  if (!(fault instanceof Error)) return { fault: 'not an error' }
  const { cause } = fault
  return {
    fault: fault.name,
    message: fault.message,
    ...(cause instanceof Error ? { cause: cause.name } : {}),
    ...(log.isLevelEnabled('debug') ? { stack: fault.stack } : {}),
  }
}

type Level = 'debug' | 'info' | 'warn'

const LEVELS: Readonly<Record<DeviceGrantEvent['type'], Level>> = {
  authorization_requested: 'info',
  authorization_approved: 'info',
  authorization_denied: 'info',
  expired_on_poll: 'debug',
  poll_too_early: 'debug',
  key_claimed: 'info',
  key_used_first: 'info',
  key_revoked: 'info',
  wrong_user_code: 'info',
  too_many_wrong_user_codes: 'warn',
  user_code_contested: 'warn',
}

/** Writes every event into the log. */
export const logEvents = (log: Logger): Events => ({
  emit({ type, at: _, ...facts }) {
    log[LEVELS[type]](facts, type)
  },
})
