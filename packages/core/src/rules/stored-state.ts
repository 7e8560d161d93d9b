import type { CodeAttempts } from './code-attempts.ts'
import type { DeviceGrant } from './device-grant.ts'
import type { UsedAssertion } from './used-assertion.ts'
import type { UserCodeClaim } from './user-code.ts'

type Members = Readonly<Record<string, unknown>>

/** What a kind of member must be, or may be if it is present. */
const isText = (value: unknown): value is string => typeof value === 'string'
const isNumber = (value: unknown): value is number => Number.isFinite(value)
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)
const isAbsentOr = (value: unknown, is: (value: unknown) => boolean): boolean =>
  value === undefined || is(value)
const membersOf = (value: unknown): Members | undefined =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as Members)
    : undefined

/** Whether stored data is the state of a grant. Members that this version does not know are allowed. */
export const isDeviceGrant = (value: unknown): value is DeviceGrant => {
  const grant = membersOf(value)
  if (!grant || !isRequest(grant['request'])) return false
  const { keepUntil, requestedAt, expiresAt, intervalMs, userCode } = grant as Partial<DeviceGrant>
  if (![keepUntil, requestedAt, expiresAt, intervalMs].every(isNumber)) return false
  if (!isText(userCode)) return false
  switch (grant['status']) {
    case 'pending':
      return isAbsentOr(grant['nextPollAt'], isNumber)
    case 'approved':
      return isText(grant['person']) && isTerms(grant['terms'])
    case 'denied':
      return isText(grant['person'])
    default:
      return false
  }
}

const isRequest = (value: unknown): boolean => {
  const request = membersOf(value)
  return (
    request !== undefined &&
    isAbsentOr(request['clientId'], isText) &&
    isAbsentOr(request['scope'], isText) &&
    isAbsentOr(request['deviceName'], isText) &&
    isAbsentOr(request['resources'], isTexts) &&
    membersOf(request['device']) !== undefined
  )
}

const isTerms = (value: unknown): boolean => {
  const terms = membersOf(value)
  return (
    terms !== undefined &&
    [terms['name'], terms['prefix']].every(isText) &&
    ['scope', 'deviceName', 'replaces'].every((name) => isAbsentOr(terms[name], isText)) &&
    [terms['lifetimeMs'], terms['approvedAt']].every(isNumber)
  )
}

/** Whether stored data is the state of a user code. */
export const isUserCodeClaim = (value: unknown): value is UserCodeClaim => {
  const claim = membersOf(value)
  return (
    claim !== undefined &&
    isText(claim['grantId']) &&
    isNumber(claim['keepUntil']) &&
    isAbsentOr(claim['openedBy'], isText) &&
    isAbsentOr(claim['openedUntil'], isNumber)
  )
}

/** Whether stored data is the state of code attempts. */
export const isCodeAttempts = (value: unknown): value is CodeAttempts => {
  const state = membersOf(value)
  const attempts = state?.['attempts']
  return (
    isNumber(state?.['keepUntil']) &&
    Array.isArray(attempts) &&
    attempts.every((attempt: unknown) => {
      const members = membersOf(attempt)
      return isText(members?.['id']) && isNumber(members['at'])
    })
  )
}

/** Whether stored data is the state of a used assertion. */
export const isUsedAssertion = (value: unknown): value is UsedAssertion =>
  isNumber(membersOf(value)?.['keepUntil'])
