import { keyIdOf } from '../rules/api-key-format.ts'
import type { Refusal } from '../rules/decision.ts'
import type { GrantReview } from '../rules/device-grant.ts'
import { showUserCode } from '../rules/user-code.ts'
import type { UserCodeFormat } from '../rules/user-code-format.ts'
import type { FoundUserCode } from './look-up-user-code.ts'

/**
 * Says why there is nothing to decide. The device is named only to a person who decided, or who had the
 * code open before it expired.
 */
export const refuseUserCode = (
  review: Exclude<GrantReview, { readonly outcome: 'pending' }>,
  {
    person,
    found,
    format,
  }: {
    readonly person: string
    readonly found: Extract<FoundUserCode, { readonly outcome: 'found' }>
    readonly format: UserCodeFormat
  },
): Refusal => {
  const { grant } = review
  const userCode = showUserCode(found.userCode, format)
  const clientId = grant?.request.clientId
  if (review.outcome === 'expired') {
    // A look after the expiry must not make a stranger one who had the code open.
    return grant && found.openedAt < grant.expiresAt
      ? { outcome: 'expired', userCode, clientId }
      : { outcome: 'expired' }
  }
  if (review.grant.person !== person) return { outcome: 'already_processed' }
  const outcome = 'already_processed'
  if (review.grant.status === 'denied') return { outcome, yours: 'deny', userCode, clientId }
  const { scope, deviceName, lifetimeMs, replaces, approvedAt } = review.grant.terms
  const keyId = keyIdOf(found.grantId)
  const granted = { keyId, approvedAt, scope, deviceName, lifetimeMs, replaces }
  return { outcome, yours: 'approve', granted, userCode, clientId }
}
