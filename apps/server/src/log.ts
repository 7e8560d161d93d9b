import type { Clock, DeviceGrantEvent, Events } from '@device-grant/core'
import { type DestinationStream, type LogFn, type Logger, pino } from 'pino'
import { LogDestination } from './log-destination.ts'
import { printable } from './printable.ts'
import { createThrottleByKind } from './throttle.ts'

/** The log of a process. */
export interface ProcessLog {
  readonly log: Logger
  /** Resolves when every line is written, or after so many milliseconds. */
  flush(withinMs: number): Promise<void>
}

/** Logs JSON lines to standard output, without waiting for its reader. */
export const createLog = (level: string): ProcessLog => {
  // The access to `process.stdout` makes a pipe non-blocking.
  const destination = new LogDestination(process.stdout.fd, {
    onDropped: (lines) =>
      log.warn({ lines }, 'log lines dropped, because their reader was too slow'),
  })
  const log = logTo(destination, level)
  process.once('exit', () => destination.end())
  return { log, flush: (withinMs) => destination.flush(withinMs) }
}

/** Logs JSON lines. They hold ids, never codes, keys or whole requests, and only printable text. */
export const logTo = (destination: DestinationStream, level: string): Logger =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      hooks: {
        logMethod(args, method) {
          method.apply(this, args.map(printable) as Parameters<LogFn>)
        },
      },
    },
    destination,
  )

type Level = 'debug' | 'info' | 'warn'

const LEVELS: Readonly<Record<DeviceGrantEvent['type'], Level>> = {
  authorization_requested: 'info',
  authorization_approved: 'info',
  authorization_denied: 'info',
  client_refused: 'warn',
  too_many_codes: 'warn',
  person_not_admitted: 'warn',
  sign_in_failed: 'warn',
  device_renamed: 'info',
  expired_on_poll: 'debug',
  poll_too_early: 'debug',
  wrong_client: 'warn',
  key_claimed: 'info',
  key_used_first: 'info',
  key_refused: 'info',
  key_revoked: 'info',
  key_erased: 'info',
  wrong_user_code: 'info',
  too_many_wrong_user_codes: 'warn',
  too_many_keys: 'warn',
  user_code_contested: 'warn',
}

/**
 * Logs every event. The time of the log line stands for the time of the event. Requests can cause
 * warnings as often as they like, so at most one of each type is logged every 5 s.
 */
export const logEvents = (log: Logger, clock: Clock): Events => {
  const throttle = createThrottleByKind(clock)
  return {
    emit({ type, at: _, ...details }) {
      const level = LEVELS[type]
      if (level !== 'warn') return log[level](details, type)
      throttle(type, (leftOut) => log.warn({ ...details, leftOut }, type))
    },
  }
}
