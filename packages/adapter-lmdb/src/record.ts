import { type Retained, StoreDataError, type Versioned } from '@device-grant/core'

/** The version of the records that this package writes. */
const SCHEMA = 1
/** How they begin. A copy of the state with one member more would cost a poll ten times as much. */
const START = `{"schema":${SCHEMA},`

/** What a database returns for an id. */
export interface LmdbRecord {
  readonly value: string
  readonly version?: number
}

/** Formats a state as JSON, with the version of its layout. Members of a newer version stay. */
export const formatState = (state: Retained): string =>
  'schema' in state ? JSON.stringify(state) : START + JSON.stringify(state).slice(1)

/** How many hexadecimal digits a version of `CompareAndSwapStore` has. */
export const VERSION_LENGTH = 12

/** A version of `CompareAndSwapStore` as the number that LMDB compares. */
export const versionNumber = (version: string): number => Number.parseInt(version, 16)

const versionText = (version: number): string => version.toString(16).padStart(VERSION_LENGTH, '0')

/**
 * Reads a record.
 * @throws {StoreDataError} naming the record by `name`, if it holds no state that `isState` accepts
 */
export const parseRecord = <S extends Retained>(
  { value, version = 0 }: LmdbRecord,
  isState: (value: unknown) => value is S,
  name: () => string,
): Versioned<S> => {
  const state = stateOf(value)
  if (isState(state)) return { version: versionText(version), state }
  throw new StoreDataError(`The LMDB record ${name()} holds no state of this version`)
}

const stateOf = (text: string): unknown => {
  try {
    // The schema of a newer record is kept among the members.
    return JSON.parse(text.startsWith(START) ? `{${text.slice(START.length)}` : text)
  } catch {
    return undefined
  }
}

/** Whether stored data has the one member that every state has. */
export const hasKeepUntil = <S extends Retained>(value: unknown): value is S =>
  value !== null &&
  typeof value === 'object' &&
  'keepUntil' in value &&
  Number.isFinite(value.keepUntil)
