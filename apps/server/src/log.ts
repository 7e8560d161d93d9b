import { type DestinationStream, type LogFn, type Logger, pino } from 'pino'
import { LogDestination } from './log-destination.ts'
import { printable } from './printable.ts'
import { requestFields } from './telemetry/request-context.ts'

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
      mixin: requestFields,
      // The hook below copies each object, so it may get more members.
      mixinMergeStrategy: (fields, ofRequest) => Object.assign(fields, ofRequest),
      hooks: {
        logMethod(args, method) {
          method.apply(this, args.map(printable) as Parameters<LogFn>)
        },
      },
    },
    destination,
  )
