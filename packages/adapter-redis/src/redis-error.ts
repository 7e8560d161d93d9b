import { StoreError, StoreFullError, StoreUnavailableError } from '@device-grant/core'
import { DeadlineError } from './deadline.ts'

/**
 * What went wrong, without the driver's `command` member: the arguments of a refused `AUTH` or
 * `HELLO` hold the password, and whoever logs an error logs its members too.
 */
export const withoutCommand = (fault: unknown): Error => {
  if (!(fault instanceof Error)) return new Error('Redis failed', { cause: fault })
  const clean = new Error(fault.message)
  clean.name = fault.name
  if (fault.stack !== undefined) clean.stack = fault.stack
  if ('code' in fault) Object.assign(clean, { code: fault.code })
  if ('lastNodeError' in fault && fault.lastNodeError !== undefined) {
    clean.cause = withoutCommand(fault.lastNodeError)
  }
  return clean
}

/** Redis 7 begins such an answer with the code, Redis 6 has it in the middle. */
const isOutOfMemory = (fault: unknown): boolean =>
  fault instanceof Error && /\bOOM\b/.test(fault.message)

/** The first word of an error answer: `READONLY`, `NOAUTH`, `CLUSTERDOWN` … */
const answerCode = (fault: unknown): string | undefined =>
  fault instanceof Error && fault.name === 'ReplyError'
    ? /^[A-Z][A-Z0-9]*\b/.exec(fault.message)?.[0]
    : undefined

/** The error of the port for whatever the driver threw. Its message names no host and no secret. */
export const toStoreError = (fault: unknown, creates: boolean): StoreError => {
  if (fault instanceof StoreError) return fault
  const cause = withoutCommand(fault)
  if (isOutOfMemory(fault)) {
    return creates
      ? new StoreFullError('Redis is out of memory and takes no new ids', { cause })
      : new StoreUnavailableError('Redis is out of memory', { cause })
  }
  if (fault instanceof DeadlineError) {
    return new StoreUnavailableError('Redis did not answer in time', { cause })
  }
  if (fault instanceof SyntaxError) {
    return new StoreUnavailableError('Redis holds something else under this key', { cause })
  }
  const code = answerCode(fault)
  return new StoreUnavailableError(
    code === undefined ? 'Redis cannot be reached' : `Redis refused a command: ${code}`,
    { cause },
  )
}
