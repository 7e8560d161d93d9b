/** The rules alone: pure functions of a state and the time, for tests and reuse without IO. */
export type { Claim, ClaimKey, KeyUse } from './api-key.ts'
export {
  checkKey,
  claimKey,
  confirmKey,
  isUseWorthWriting,
  reserveKey,
  revokeKey,
  useKey,
} from './api-key.ts'
export type { CountedAttempt } from './code-attempts.ts'
export { allowedAttempts, countAttempt, refundAttempt } from './code-attempts.ts'
export type {
  GrantDecision,
  GrantPoll,
  GrantRefusal,
  GrantReview,
  OpenGrant,
} from './device-grant.ts'
export { decideGrant, openGrant, pollGrant, reviewGrant } from './device-grant.ts'
export type { OpenedUserCode } from './user-code.ts'
export { claimUserCode, openUserCode } from './user-code.ts'
