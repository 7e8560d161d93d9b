import type { ApiKeyStore, Clock, FindApiKeys } from '../../ports.ts'
import {
  type ApiKey,
  hasSecret,
  isLive,
  isRevokedByOwner,
  secretHashOf,
} from '../../rules/api-key.ts'
import { parseApiKey } from '../../rules/api-key-format.ts'
import type { DeviceAuthorizationRequest } from '../../rules/device-authorization-request.ts'
import type { Policy } from '../../rules/policy.ts'
import { pageOfKeys } from '../page-of-keys.ts'

/** A key as an operator sees it, without secrets and hashes. All times are epoch milliseconds. */
export interface FoundKey {
  readonly id: string
  /**
   * `waiting`: approved, but not picked up. `unused`: picked up, and waiting for its first use. `unknown`:
   * stored by a newer version of this software.
   */
  readonly status: 'waiting' | 'unused' | 'active' | 'expired' | 'revoked' | 'unknown'
  readonly owner: string
  readonly name: string
  readonly deviceName?: string | undefined
  readonly request: DeviceAuthorizationRequest
  /** The scopes that it has, separated by spaces. */
  readonly scope?: string | undefined
  readonly approvedAt: number
  readonly lastUsedAt?: number | undefined
  readonly expiresAt?: number | undefined
  readonly revokedAt?: number | undefined
}

/** Which keys an operator looks for. A condition that is absent holds for every key. */
export interface FindKeysRequest extends Omit<FindApiKeys, 'limit' | 'status'> {
  /** The id of one key. */
  readonly keyId?: string | undefined
  /** A whole API key. A right id with a wrong secret finds nothing. */
  readonly apiKey?: string | undefined
  readonly status?: FoundKey['status'] | undefined
  /**
   * How many keys the page has at most, from 1.
   * @default 50
   */
  readonly limit?: number | undefined
}

/** One page of keys. */
export interface FoundKeys {
  readonly keys: readonly FoundKey[]
  /** Present if there may be more keys. */
  readonly next?: string | undefined
}

/**
 * Finds keys by owner, client or status, whether they work or not, the newest approval first.
 * @throws {StoreError} if the keys could not be looked up
 */
export type FindKeys = (request: FindKeysRequest) => Promise<FoundKeys>

/** The ports of `FindKeys`. */
export interface FindKeysDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly policy: Policy
}

const PAGE = 50

/** The status that all keys with a shown status are stored with, where there is one. */
const STORED_STATUS: Partial<Record<FoundKey['status'], FindApiKeys['status']>> = {
  waiting: 'reserved',
  unused: 'claimed',
  active: 'active',
}

/** Makes the use case that finds keys. A page may have fewer keys than its limit. */
export const createFindApiKeys =
  ({ apiKeys, clock, policy }: FindKeysDependencies): FindKeys =>
  async ({ keyId, apiKey, owner, clientId, status, after, limit = PAGE }) => {
    const isWanted = (found: FoundKey): boolean =>
      (owner === undefined || found.owner === owner) &&
      (clientId === undefined || found.request.clientId === clientId) &&
      (status === undefined || found.status === status)
    const at = { now: clock.now(), policy }
    if (keyId !== undefined || apiKey !== undefined) {
      const id = apiKey === undefined ? keyId : parseApiKey(apiKey)
      const key = id === undefined ? undefined : await apiKeys.read(id)
      if (!id || !key || (keyId ?? id) !== id) return { keys: [] }
      if (apiKey !== undefined && !hasSecret(key, secretHashOf(apiKey))) return { keys: [] }
      const found = foundKey(id, key, at)
      return { keys: found && isWanted(found) ? [found] : [] }
    }
    const conditions = { owner, clientId, status: status && STORED_STATUS[status], after, limit }
    const { shown, next } = await pageOfKeys(apiKeys, conditions, ({ id, key }) => {
      const found = foundKey(id, key, at)
      return found && isWanted(found) ? found : undefined
    })
    return { keys: shown, next }
  }

const foundKey = (
  id: string,
  key: ApiKey,
  { now, policy }: { readonly now: number; readonly policy: Policy },
): FoundKey | undefined => {
  if (key.status === 'erased') return undefined
  const { owner, name, deviceName, request, scope, approvedAt } = key
  // What an erasure leaves of a reservation has no owner.
  if (owner === '') return undefined
  return {
    id,
    status: shownStatus(key, now, policy),
    owner,
    name,
    deviceName,
    request,
    scope,
    approvedAt,
    lastUsedAt: key.status === 'active' ? key.lastUsedAt : undefined,
    expiresAt: key.status === 'revoked' ? undefined : key.expiresAt,
    revokedAt: key.status === 'revoked' ? key.revokedAt : undefined,
  }
}

const shownStatus = (
  key: Exclude<ApiKey, { readonly status: 'erased' }>,
  now: number,
  policy: Policy,
): FoundKey['status'] => {
  switch (key.status) {
    case 'reserved':
      if (isRevokedByOwner(key)) return 'revoked'
      return isLive(key, { now, policy }) ? 'waiting' : 'expired'
    case 'claimed':
    case 'active':
      if (!isLive(key, { now, policy })) return 'expired'
      return key.status === 'active' ? 'active' : 'unused'
    case 'revoked':
      return 'revoked'
    default:
      return 'unknown'
  }
}
