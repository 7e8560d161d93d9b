import { type Clock, type OnError, StoreError } from '@device-grant/core'
import type { Logger } from 'pino'
import { describeError } from './describe-error.ts'
import { createThrottle, type Throttle } from './throttle.ts'

/**
 * Logs every error with the operation that failed. Errors of a store are logged at most every 5 s for
 * each kind, with the number left out, because every request fails while a store is down.
 */
export const logErrors = (log: Logger, clock: Clock): OnError => {
  const throttles = new Map<StoreError['code'], Throttle>()
  const throttleOf = (code: StoreError['code']): Throttle => {
    const throttle = throttles.get(code) ?? createThrottle(clock)
    throttles.set(code, throttle)
    return throttle
  }
  return (error, operation) => {
    const report = (leftOut?: number): void =>
      log.error({ ...describeError(error, log), leftOut }, `operation failed: ${operation}`)
    if (error instanceof StoreError) throttleOf(error.code)(report)
    else report()
  }
}
