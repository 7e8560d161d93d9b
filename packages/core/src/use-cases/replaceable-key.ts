import type { ApiKeyStore, Clock } from '../ports.ts'
import type { ActiveKey, ClaimedKey } from '../rules/api-key.ts'
import type { DeviceAuthorizationRequest } from '../rules/device-authorization-request.ts'
import type { Policy } from '../rules/policy.ts'
import { StoreError } from '../store-errors.ts'
import { type ListedKey, listKey } from './list-api-keys.ts'
import { liveKeysOf } from './live-keys.ts'

/** An earlier key of the same device, which a new one may replace. */
export interface ReplaceableKey {
  readonly key: ListedKey
  /** Whether it has been unused for a day, so that it is likely out of use. */
  readonly isUnused: boolean
}

/** After so many milliseconds without a use, a key is likely out of use. */
const UNUSED_AFTER_MS = 86_400_000

/**
 * Finds the key of an earlier login of the same person, client and device name: the one that was used
 * last. An outage finds none, because the offer is a convenience.
 */
export const findReplaceableKey = async (
  {
    apiKeys,
    clock,
    policy,
  }: { readonly apiKeys: ApiKeyStore; readonly clock: Clock; readonly policy: Policy },
  person: string,
  { clientId, deviceName }: DeviceAuthorizationRequest,
): Promise<ReplaceableKey | undefined> => {
  if (deviceName === undefined) return undefined
  const now = clock.now()
  let latest: ListedKey | undefined
  try {
    for await (const stored of liveKeysOf(apiKeys, { owner: person, now, policy })) {
      const { key } = stored
      if (!isReplaceable(key, { person, clientId }) || key.deviceName !== deviceName) continue
      const listed = listKey(stored, { now, policy })
      if (listed && (!latest || lastTouched(listed) > lastTouched(latest))) latest = listed
    }
  } catch (error) {
    if (error instanceof StoreError) return undefined
    throw error
  }
  return latest && { key: latest, isUnused: now - lastTouched(latest) >= UNUSED_AFTER_MS }
}

/** Whether a person's new key for a client may replace a key: their own one, picked up by that client. */
export const isReplaceable = (
  key: { readonly status: string },
  { person, clientId }: { readonly person: string; readonly clientId: string | undefined },
): key is ClaimedKey | ActiveKey => {
  if (key.status !== 'claimed' && key.status !== 'active') return false
  const { owner, request } = key as ClaimedKey | ActiveKey
  return owner === person && request.clientId === clientId
}

/** When a key was used last, or else approved, epoch milliseconds. */
export const lastTouched = ({ lastUsedAt, approvedAt }: ListedKey): number =>
  lastUsedAt ?? approvedAt
