import { isMet, type Safeguard, type ScopeFacts } from './safeguard.ts'
import { scopeNames } from './scope.ts'

const hasSensitiveScope = ({ scope, catalogue }: ScopeFacts): boolean =>
  scopeNames(scope).some((name) => catalogue?.get(name)?.sensitive === true)

/**
 * No request may ask for a sensitive scope, and no device gets a key with one (RFC 10027 section 6.1.9). A
 * scope may become sensitive between the two.
 */
export const refuseSensitiveScopes = (): Safeguard => {
  const refuse = (facts: ScopeFacts) => (hasSensitiveScope(facts) ? 'sensitive_scope' : undefined)
  return { refuseRequest: refuse, refusePickUp: refuse }
}

/**
 * Applies a safeguard only where a scope is sensitive. A person may untick that scope to do without it. An
 * API key that comes along is always read, and so binds the code to its owner. A device gets a key with
 * the scope only if its approval met the safeguard, which needs a name for that.
 */
export const onlyForSensitiveScopes = (safeguard: Safeguard): Safeguard => {
  const { name, readsApiKey, refuseRequest, blockApproval, needForApproval } = safeguard
  const {
    noteApproval = (facts) => (isMet(safeguard, facts) ? name : undefined),
    refusePickUp = ({ met }) =>
      name === undefined || met.includes(name) ? undefined : 'sensitive_scope',
  } = safeguard
  return {
    readsApiKey,
    refuseRequest: (facts) => (hasSensitiveScope(facts) ? refuseRequest?.(facts) : undefined),
    blockApproval: (facts) => (hasSensitiveScope(facts) ? blockApproval?.(facts) : undefined),
    needForApproval: (facts) => (hasSensitiveScope(facts) ? needForApproval?.(facts) : undefined),
    // Noted whatever the scope, because it may become sensitive before pick-up.
    noteApproval,
    refusePickUp: (facts) => (hasSensitiveScope(facts) ? refusePickUp(facts) : undefined),
  }
}
