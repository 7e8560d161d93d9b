import type { Safeguard, ScopeFacts } from './safeguard.ts'
import { scopeNames } from './scope.ts'

const hasSensitiveScope = ({ scope, catalogue }: ScopeFacts): boolean =>
  scopeNames(scope).some((name) => catalogue?.get(name)?.sensitive === true)

/** No request may ask for a sensitive scope (RFC 10027 section 6.1.9). */
export const refuseSensitiveScopes = (): Safeguard => ({
  refuseRequest: (facts) => (hasSensitiveScope(facts) ? 'sensitive_scope' : undefined),
})

/**
 * Applies a safeguard only where a scope is sensitive. A person may untick that scope to do without it. An
 * API key that comes along is always read, and so binds the code to its owner.
 */
export const onlyForSensitiveScopes = (safeguard: Safeguard): Safeguard => {
  const { readsApiKey, refuseRequest, blockApproval, needForApproval } = safeguard
  return {
    readsApiKey,
    refuseRequest: (facts) => (hasSensitiveScope(facts) ? refuseRequest?.(facts) : undefined),
    blockApproval: (facts) => (hasSensitiveScope(facts) ? blockApproval?.(facts) : undefined),
    needForApproval: (facts) => (hasSensitiveScope(facts) ? needForApproval?.(facts) : undefined),
  }
}
