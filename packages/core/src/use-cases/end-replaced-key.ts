import type { ApiKeyStore, Clock, Events } from '../ports.ts'
import { type ActiveKey, type ApiKey, forgetReplaced, revokeKey } from '../rules/api-key.ts'
import type { EndKey } from '../rules/key-ending.ts'
import type { Policy } from '../rules/policy.ts'
import { StoreError } from '../store-errors.ts'
import { applyRevocation } from './apply-revocation.ts'

/**
 * Ends the key that a used key replaces. Returns false if a store failed, so that the next use tries
 * again.
 */
export const endReplacedKey = async (
  {
    apiKeys,
    clock,
    events,
    policy,
  }: {
    readonly apiKeys: ApiKeyStore
    readonly clock: Clock
    readonly events: Events
    readonly policy: Policy
  },
  keyId: string,
  { owner, replaces }: ActiveKey,
): Promise<boolean> => {
  if (replaces === undefined) return true
  const now = clock.now()
  try {
    const revoke = (end: EndKey) => revokeKey({ owner, ...end })
    const how = { by: 'replacement', replacedBy: keyId } as const
    // The oldest key first, because a key that is revoked does not name the one that it replaces.
    for (const ended of (await chainOf(apiKeys, replaces)).toReversed()) {
      await applyRevocation({ apiKeys, events, policy }, { keyId: ended, now, revoke, ...how })
    }
    await apiKeys.update(keyId, forgetReplaced(replaces))
    return true
  } catch (error) {
    if (error instanceof StoreError) return false
    throw error
  }
}

/** Longer chains need as many keys that were never used, or as many failed writes in a row. */
const MAX_CHAIN = 10

/** A key, and those that it replaces in turn and that have not ended for sure. */
const chainOf = async (apiKeys: ApiKeyStore, keyId: string): Promise<readonly string[]> => {
  const chain: string[] = []
  let next: string | undefined = keyId
  while (next !== undefined && chain.length < MAX_CHAIN) {
    chain.push(next)
    const key: ApiKey | undefined = await apiKeys.read(next)
    next = key && 'replaces' in key ? key.replaces : undefined
  }
  return chain
}
