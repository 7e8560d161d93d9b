/** The rules alone: pure functions of a state and the time, for tests and reuse without IO. */
export type {
  CheckKey,
  Claim,
  ClaimKey,
  KeyCheck,
  KeyUse,
  Reservation,
  ReserveKey,
} from './api-key.ts'
export {
  checkKey,
  claimKey,
  isLive,
  isUseWorthWriting,
  reserveKey,
  revokeKey,
  settleReservation,
  useKey,
} from './api-key.ts'
export type { CountedAttempt } from './code-attempts.ts'
export { allowedAttempts, countAttempt, refundAttempt } from './code-attempts.ts'
export { isCutOff, ownerCutOffId, setCutOff } from './cut-off.ts'
export type {
  DecideGrant,
  GrantDecision,
  GrantPoll,
  GrantReview,
  OpenGrant,
} from './device-grant.ts'
export { decideGrant, openGrant, pollGrant, reviewGrant } from './device-grant.ts'
export { importCutOff, importKey, isMovable } from './imported-key.ts'
export type { EndKey, KeyEnder, KeyEnding } from './key-ending.ts'
export type { OpenedUserCode } from './user-code.ts'
export { claimUserCode, openUserCode, releaseUserCode } from './user-code.ts'
