import type { Versioned } from '@device-grant/core'

/** One line of the file. It counts only if the state has the version `expected` at this place. */
export interface WriteAttempt<S> {
  /** Random, so that a driver recognises its own lines. */
  readonly mark: string
  readonly id: string
  /** Absent if there must be no state. */
  readonly expected?: string | undefined
  /** Absent if the line removes the state. */
  readonly next?: Versioned<S> | undefined
}

/** Returns the attempt in a line, or `undefined` if a crash cut the line off. */
export const parseAttempt = <S>(line: string): WriteAttempt<S> | undefined => {
  try {
    return line === '' ? undefined : (JSON.parse(line) as WriteAttempt<S>)
  } catch {
    return undefined
  }
}

/** Applies an attempt to the states so far. Returns whether it counts. */
export const applyAttempt = <S>(
  states: Map<string, Versioned<S>>,
  { id, expected, next }: WriteAttempt<S>,
): boolean => {
  if (states.get(id)?.version !== expected) return false
  if (next) states.set(id, next)
  else states.delete(id)
  return true
}
