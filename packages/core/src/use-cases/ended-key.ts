import type { StoredApiKey } from '../ports.ts'
import {
  type ActiveKey,
  type ApiKey,
  type ClaimedKey,
  idleExpiryOf,
  isLive,
  isRevokedByOwner,
} from '../rules/api-key.ts'
import type { DeviceAuthorizationRequest } from '../rules/device-authorization-request.ts'
import type { KeyEnder } from '../rules/key-ending.ts'
import type { Policy } from '../rules/policy.ts'
import type { RegisteredClient } from '../rules/registered-client.ts'

/** A key that has ended, as its owner sees it. All times are epoch milliseconds. */
export interface EndedKey {
  readonly id: string
  /**
   * What ended it. `expired`: its time. `unused`: it was not used for too long. `not_picked_up`: its
   * device did not come. `revoked`: an earlier version, which did not keep what ended it.
   */
  readonly ending: KeyEnder | 'expired' | 'unused' | 'not_picked_up' | 'revoked'
  /** For a leaked key: where it was found. */
  readonly place?: string | undefined
  readonly name: string
  readonly request: DeviceAuthorizationRequest
  /** What the registry knows of the client. */
  readonly client?: RegisteredClient | undefined
  /** The scopes that it had, separated by spaces. */
  readonly scope?: string | undefined
  readonly deviceName?: string | undefined
  readonly approvedAt: number
  readonly lastUsedAt?: number | undefined
  /** Absent for a key that was revoked before its pick-up. */
  readonly endedAt?: number | undefined
}

/** A key as its owner sees it after its end, or `undefined` if it works or was erased. */
export const endedKey = (
  { id, key }: StoredApiKey,
  { now, policy }: { readonly now: number; readonly policy: Policy },
): EndedKey | undefined => {
  if (key.status === 'erased') return undefined
  const isEnded: boolean = !isLive(key, { now, policy })
  const end = isEnded ? endOf(key, { now, policy }) : undefined
  if (!end) return undefined
  const { name, request, scope, deviceName, approvedAt } = key
  const lastUsedAt =
    key.status === 'active' || key.status === 'revoked' ? key.lastUsedAt : undefined
  return { id, ...end, name, request, scope, deviceName, approvedAt, lastUsedAt }
}

type End = Pick<EndedKey, 'ending' | 'place' | 'endedAt'>

const endOf = (
  key: Exclude<ApiKey, { readonly status: 'erased' }>,
  { now, policy }: { readonly now: number; readonly policy: Policy },
): End | undefined => {
  switch (key.status) {
    case 'reserved':
      return isRevokedByOwner(key)
        ? { ending: key.ending?.by ?? 'owner', place: key.ending?.place }
        : { ending: 'not_picked_up', endedAt: Math.min(key.expiresAt, now) }
    case 'claimed':
    case 'active':
      return endOfUnrevoked(key, policy)
    case 'revoked': {
      const { by: ending = 'revoked', place } = key.ending ?? {}
      return { ending, place, endedAt: key.revokedAt }
    }
    default:
      // A newer version of this software may store a status that this one does not know.
      return undefined
  }
}

/** A key that nothing revoked ends by its time, without use, or after a restore. */
const endOfUnrevoked = (key: ClaimedKey | ActiveKey, policy: Policy): End => {
  const { keysNotBefore } = policy
  if (key.approvedAt < keysNotBefore) return { ending: 'operator', endedAt: keysNotBefore }
  const unusedAt = idleExpiryOf(key, policy)
  return unusedAt < key.expiresAt
    ? { ending: 'unused', endedAt: unusedAt }
    : { ending: 'expired', endedAt: key.expiresAt }
}
