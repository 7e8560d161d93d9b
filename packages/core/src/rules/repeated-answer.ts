import type { Decision, Refusal } from './decision.ts'
import { readDeviceName } from './device-name.ts'
import { scopeNames } from './scope.ts'

/** What a person decides about a device, and what they choose for its key. */
export interface AnswerChoices {
  readonly decision: Decision
  /** The scopes that are left, each once. Absent: not said. */
  readonly scopes?: readonly string[] | undefined
  /** In milliseconds. Absent: not said. */
  readonly lifetimeMs?: number | undefined
  /** The name of the device. Absent: not said. */
  readonly deviceName?: string | undefined
  /** The id of the key that the new one replaces. Absent: it replaces none. */
  readonly replaces?: string | undefined
}

/** Whether a refused answer says again what its person decided, as a reloaded page does. */
export const isRepeatedAnswer = (
  { yours, granted }: Extract<Refusal, { readonly outcome: 'already_processed' }>,
  { decision, scopes, lifetimeMs, deviceName, replaces }: AnswerChoices,
): boolean => {
  if (yours !== decision) return false
  if (!granted) return true
  return (
    (scopes === undefined || isSameScope(scopes, granted.scope)) &&
    (lifetimeMs === undefined || lifetimeMs === granted.lifetimeMs) &&
    (deviceName === undefined || isSameName(deviceName, granted.deviceName)) &&
    replaces === granted.replaces
  )
}

const isSameScope = (names: readonly string[], scope: string | undefined): boolean => {
  const granted = scopeNames(scope)
  return names.length === granted.length && names.every((name) => granted.includes(name))
}

const isSameName = (given: string, kept: string | undefined): boolean => {
  const read = readDeviceName(given)
  return read.outcome === 'ok' && read.name === kept
}
