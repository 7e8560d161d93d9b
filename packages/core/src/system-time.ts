/**
 * The clock and the timers of the system: the defaults wherever such a function can be passed in. Only
 * this file of the core uses them.
 */

/** The milliseconds of a clock that never goes back. */
export const performanceNow = (): number => performance.now()

/** Waits so many milliseconds. */
export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, ms))

/** Calls `late` after so many milliseconds, unless the returned function is called before. */
export const startTimer = (late: () => void, ms: number): (() => void) => {
  const timer = setTimeout(late, ms)
  return () => clearTimeout(timer)
}
