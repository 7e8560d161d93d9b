import type { CodeAttempts } from './code-attempts.ts'
import type { DeviceGrant } from './device-grant.ts'
import { isAbsentOr, isNumber, isRequest, isText, isTexts, membersOf } from './stored-members.ts'
import type { UsedAssertion } from './used-assertion.ts'
import type { UserCodeClaim } from './user-code.ts'

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
      return isText(grant['person']) && isTerms(grant['terms']) && isAbsentOr(grant['met'], isTexts)
    case 'denied':
      return isText(grant['person'])
    default:
      return false
  }
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

const isApproverState = (value: unknown): boolean => {
  const approver = membersOf(value)
  return (
    approver !== undefined &&
    isAbsentOr(approver['owner'], isText) &&
    isAbsentOr(approver['hint'], (hint) => {
      const mark = membersOf(hint)
      return isText(mark?.['id']) && isText(mark['email'])
    })
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
    isAbsentOr(claim['openedUntil'], isNumber) &&
    isAbsentOr(claim['approver'], isApproverState) &&
    isAbsentOr(claim['people'], isTexts)
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
