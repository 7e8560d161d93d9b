import { StoreError, StoreFullError, StoreUnavailableError } from '@device-grant/core'
import { DeadlineError } from './deadline.ts'

/**
 * Copies an error without ioredis's `command` member. The arguments of a refused `AUTH` or `HELLO`
 * hold the password, and loggers print the members of an error.
 */
export const withoutCommand = (error: unknown): Error => {
  if (!(error instanceof Error)) return new Error('Redis failed', { cause: error })
  const copy = new Error(error.message)
  copy.name = error.name
  if (error.stack !== undefined) copy.stack = error.stack
  if ('code' in error) Object.assign(copy, { code: error.code })
  if ('lastNodeError' in error && error.lastNodeError !== undefined) {
    copy.cause = withoutCommand(error.lastNodeError)
  }
  return copy
}

/** Redis 7 starts such an answer with the code. Redis 6 has it in the middle. */
const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && /\bOOM\b/.test(error.message)

/** Whether a key holds another type than a string. Redis 6 has the code in the middle of the answer. */
export const isOfOtherType = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ReplyError' && /\bWRONGTYPE\b/.test(error.message)

/** The first word of an error answer, for example `READONLY`, `NOAUTH` or `CLUSTERDOWN`. */
const answerCode = (error: unknown): string | undefined =>
  error instanceof Error && error.name === 'ReplyError'
    ? /^[A-Z][A-Z0-9]*\b/.exec(error.message)?.[0]
    : undefined

/** Makes the port's error from any error of ioredis. Its message names no host and no secret. */
export const toStoreError = (error: unknown, isCreation: boolean): StoreError => {
  if (error instanceof StoreError) return error
  const cause = withoutCommand(error)
  if (isOutOfMemory(error)) {
    return isCreation
      ? new StoreFullError('Redis is out of memory and takes no new ids', { cause })
      : new StoreUnavailableError('Redis is out of memory', { cause })
  }
  if (error instanceof DeadlineError) {
    return new StoreUnavailableError('Redis did not answer in time', { cause })
  }
  const code = answerCode(error)
  return new StoreUnavailableError(
    code === undefined ? 'Redis cannot be reached' : `Redis refused a command: ${code}`,
    { cause },
  )
}
