import type { ApiKeyStore, Clock, StoredApiKey } from '../ports.ts'
import { idleExpiryOf, isLive } from '../rules/api-key.ts'
import type { DeviceAuthorizationRequest } from '../rules/device-authorization-request.ts'
import type { Policy } from '../rules/policy.ts'

/** A key as its owner sees it. All times are epoch milliseconds. */
export interface ListedKey {
  readonly id: string
  /**
   * `waiting`: approved, but not picked up by its device. `unused`: picked up, and waiting for its first
   * use.
   */
  readonly status: 'waiting' | 'unused' | 'active'
  readonly name: string
  readonly request: DeviceAuthorizationRequest
  /** The scopes that it has, separated by spaces. The request holds what was asked for. */
  readonly scope?: string | undefined
  /** The name that its owner gave the device. */
  readonly deviceName?: string | undefined
  readonly approvedAt: number
  readonly lastUsedAt?: number | undefined
  /** When the key stops working, or until when a waiting key can be picked up. */
  readonly expiresAt: number
  /** When the key expires if it is not used until then. */
  readonly idleExpiresAt?: number | undefined
}

/** Which page of a person's keys. */
export interface ListApiKeysRequest {
  readonly owner: string
  /** The `next` of the page before. Absent for the first page. */
  readonly after?: string | undefined
  /**
   * How many keys the page has at most.
   * @default 50
   */
  readonly limit?: number | undefined
}

/** One page of a person's keys. */
export interface KeyList {
  readonly keys: readonly ListedKey[]
  /** Present if there may be more keys. */
  readonly next?: string | undefined
  /** How long other processes may accept a key after its revocation, in milliseconds. */
  readonly revocationDelayMs: number
}

/**
 * Lists a person's keys that work or wait for pick-up, the newest first.
 * @throws {StoreError} if the keys could not be looked up
 */
export type ListApiKeys = (request: ListApiKeysRequest) => Promise<KeyList>

/** The ports of `ListApiKeys`. */
export interface ListApiKeysDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly policy: Policy
}

const PAGE = 50

/** Makes the use case that lists a person's keys. Revoked and expired keys are left out. */
export const createListApiKeys =
  ({ apiKeys, clock, policy }: ListApiKeysDependencies): ListApiKeys =>
  async ({ owner, after, limit = PAGE }) => {
    const keys: ListedKey[] = []
    let next = after
    do {
      const page = await apiKeys.find({ owner, after: next, limit: limit - keys.length })
      const at = { now: clock.now(), policy }
      keys.push(...page.keys.flatMap((stored) => listKey(stored, at) ?? []))
      next = page.next
    } while (next !== undefined && keys.length < limit)
    return { keys, next, revocationDelayMs: policy.keyCheckMaxAgeMs }
  }

/** A key as its owner sees it, or `undefined` if it is not live. */
export const listKey = (
  { id, key }: StoredApiKey,
  { now, policy }: { readonly now: number; readonly policy: Policy },
): ListedKey | undefined => {
  if (!isLive(key, { now, policy })) return undefined
  const { name, request, scope, deviceName, approvedAt, expiresAt } = key
  const lastUsedAt = key.status === 'active' ? key.lastUsedAt : undefined
  const status = ({ reserved: 'waiting', claimed: 'unused', active: 'active' } as const)[key.status]
  const idle = key.status === 'reserved' ? Number.POSITIVE_INFINITY : idleExpiryOf(key, policy)
  return {
    id,
    status,
    name,
    request,
    scope,
    deviceName,
    approvedAt,
    lastUsedAt,
    expiresAt,
    idleExpiresAt: Number.isFinite(idle) ? idle : undefined,
  }
}
