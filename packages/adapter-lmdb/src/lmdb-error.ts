import { StoreError, StoreFullError, StoreUnavailableError } from '@device-grant/core'

/** MDB_MAP_FULL, ENOSPC and EDQUOT. */
const FULL = [-30_792, 28, 122]

/** Makes the port's error from any error of LMDB. `isCreation` says whether a new id was refused. */
export const toStoreError = (cause: unknown, isCreation: boolean): StoreError => {
  if (cause instanceof StoreError) return cause
  const code: unknown = cause instanceof Error ? Reflect.get(cause, 'code') : undefined
  if (typeof code === 'number' && FULL.includes(code)) {
    return isCreation
      ? new StoreFullError('The disk of the LMDB folder is full', { cause })
      : new StoreUnavailableError('The disk of the LMDB folder is full', { cause })
  }
  const description = typeof code === 'number' ? ` (${code})` : ''
  return new StoreUnavailableError(`LMDB failed${description}`, { cause })
}

/** The error of a commit. lmdb rejects each write with an error that only holds a promise of it. */
export const commitErrorOf = async (error: unknown): Promise<unknown> => {
  const cause: unknown = error instanceof Error ? Reflect.get(error, 'commitError') : undefined
  try {
    await cause
    return error
  } catch (commitError) {
    return commitError
  }
}
