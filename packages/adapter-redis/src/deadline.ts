/** How long an answer of Redis is waited for, unless something else is said; milliseconds. */
export const DEFAULT_TIMEOUT_MS = 2_000

/** No answer came in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/**
 * The outcome of `work`, or a `DeadlineError` after `ms`. The driver's own timeout does not cover a
 * Cluster that has no slots yet, nor what waits behind a pipeline under way.
 */
export const withDeadline = <T>(work: Promise<T>, ms: number): Promise<T> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new DeadlineError(`No answer within ${ms} ms`)), ms)
    work.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (fault: unknown) => {
        clearTimeout(timer)
        reject(fault)
      },
    )
  })
