/** The rules by themselves: pure functions of a state and the time, to test or to reuse without any IO. */
export type { Claim, KeyUse } from './api-key.ts'
export {
  checkKey,
  claimKey,
  confirmKey,
  isUseWorthWriting,
  reserveKey,
  revokeKey,
  useKey,
} from './api-key.ts'
export type { Charge } from './code-attempts.ts'
export { allowanceOf, chargeTry, giveTryBack } from './code-attempts.ts'
export type { GrantDecision, GrantPoll, GrantReview, OpenGrant } from './device-grant.ts'
export { decideGrant, openGrant, pollGrant, reviewGrant } from './device-grant.ts'
export type { OpenedUserCode } from './user-code.ts'
export { claimUserCode, openUserCode } from './user-code.ts'
