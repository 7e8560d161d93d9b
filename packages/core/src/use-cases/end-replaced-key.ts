import type { ApiKeyStore, Clock, Events } from '../ports.ts'
import { type ActiveKey, forgetReplaced, revokeKey } from '../rules/api-key.ts'
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
  }: { readonly apiKeys: ApiKeyStore; readonly clock: Clock; readonly events: Events },
  keyId: string,
  { owner, replaces }: ActiveKey,
): Promise<boolean> => {
  if (replaces === undefined) return true
  const now = clock.now()
  try {
    const revocation = revokeKey({ owner, now })
    const how = { by: 'replacement', replacedBy: keyId } as const
    await applyRevocation({ apiKeys, events }, { keyId: replaces, now, revocation, ...how })
    await apiKeys.update(keyId, forgetReplaced(replaces))
    return true
  } catch (error) {
    if (error instanceof StoreError) return false
    throw error
  }
}
