/** How long a command may take by default, in milliseconds. */
export const DEFAULT_TIMEOUT_MS = 2_000

/** Thrown when no answer came in time. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}

/**
 * Returns the result of `work`. The timeout of ioredis is not used: it covers neither a Cluster without
 * slots nor commands that wait behind a pipeline in flight, and each command pays for its timer.
 * @throws {DeadlineError} if it took longer than `timeoutMs` milliseconds
 */
export const withDeadline = <T>(work: Promise<T>, timeoutMs: number): Promise<T> =>
  new Promise((resolve, reject) => {
    const fail = (): void => reject(new DeadlineError(`No answer within ${timeoutMs} ms`))
    const timer = setTimeout(fail, timeoutMs)
    // Not `finally`, which makes two more promises for every command.
    work.then(
      (result) => {
        clearTimeout(timer)
        resolve(result)
      },
      (error) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
