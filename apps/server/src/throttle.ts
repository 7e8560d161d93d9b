import type { Clock } from '@device-grant/core'

/** The shortest time between two reports of the same kind, in milliseconds. */
const QUIET_MS = 5_000

/** Makes a report, or leaves it out because an equal one was made a moment ago. */
export type Throttle = (report: (leftOut: number | undefined) => void) => void

/**
 * Makes at most one report every 5 s. Each report gets the number of reports that were left out
 * before it, or `undefined` if there were none. A clock that is set back does not prolong the silence.
 */
export const createThrottle = (clock: Clock): Throttle => {
  let reportedAt = Number.NEGATIVE_INFINITY
  let leftOut = 0
  return (report) => {
    const elapsedMs = clock.now() - reportedAt
    if (elapsedMs >= 0 && elapsedMs < QUIET_MS) {
      leftOut += 1
      return
    }
    reportedAt = clock.now()
    report(leftOut || undefined)
    leftOut = 0
  }
}

/** Makes at most one report of each kind every 5 s. */
export type ThrottleByKind = (kind: string, report: (leftOut: number | undefined) => void) => void

/** Throttles every kind of report by itself. There must be a small number of kinds. */
export const createThrottleByKind = (clock: Clock): ThrottleByKind => {
  const throttles = new Map<string, Throttle>()
  return (kind, report) => {
    const throttle = throttles.get(kind) ?? createThrottle(clock)
    throttles.set(kind, throttle)
    throttle(report)
  }
}
