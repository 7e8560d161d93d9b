import { withDeadline } from './deadline.ts'
import { toStoreError } from './redis-error.ts'

/**
 * Returns the answer of a command of your own, and makes its errors those of the port. The client itself
 * may send a command again and again.
 * @throws {StoreUnavailableError} if it failed or took longer than `timeoutMs` milliseconds
 */
export const bounded = async <T>(answer: Promise<T>, timeoutMs: number): Promise<T> => {
  try {
    return await withDeadline(answer, timeoutMs)
  } catch (error) {
    throw toStoreError(error, false)
  }
}
