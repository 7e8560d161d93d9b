import { type Clock, type OnError, StoreConflictError, StoreError } from '@device-grant/core'
import type { Logger } from 'pino'
import { watchOf } from './attribute-errors.ts'
import { describeError } from './describe-error.ts'
import { createThrottleByKind } from './throttle.ts'

/**
 * Logs every error with the operation that failed. Errors of a store are logged at most every 5 s for
 * each store and kind, with the number left out, because every request fails while a store is down.
 */
export const logErrors = (log: Logger, clock: Clock): OnError => {
  const throttle = createThrottleByKind(clock)
  return (error, operation) => {
    const text = `operation failed: ${operation}`
    if (!(error instanceof StoreError)) return log.error(describeError(error, log), text)
    const watch = watchOf(error)
    // A store that refuses a write that lost its race is not down.
    if (watch !== undefined && !(error instanceof StoreConflictError)) {
      return watch.failed(error, 'error', text)
    }
    const store = watch?.name
    throttle(`${store} ${error.code}`, (leftOut) =>
      log.error({ store, ...describeError(error, log), leftOut }, text),
    )
  }
}
