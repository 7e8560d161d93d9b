import type { ApiKeyStore, ClientRegistry, Clock, ScopeCatalogue, StoredApiKey } from '../ports.ts'
import {
  type ApiKey,
  type ClaimedKey,
  idleExpiryOf,
  isLive,
  isOfUnknownStatus,
} from '../rules/api-key.ts'
import type { DeviceAuthorizationRequest } from '../rules/device-authorization-request.ts'
import type { Policy } from '../rules/policy.ts'
import type { RegisteredClient } from '../rules/registered-client.ts'
import type { CatalogueScopes } from '../rules/scope.ts'
import { pageOfKeys } from './page-of-keys.ts'
import { withClient } from './with-client.ts'

/** A key as its owner sees it. All times are epoch milliseconds. */
export interface ListedKey {
  readonly id: string
  /**
   * `waiting`: approved, but not picked up by its device. `unused`: picked up, and waiting for its first
   * use. `unknown`: written by a newer version of this software, so it does not work here.
   */
  readonly status: 'waiting' | 'unused' | 'active' | 'unknown'
  readonly name: string
  readonly request: DeviceAuthorizationRequest
  /** What the registry knows of the client. */
  readonly client?: RegisteredClient | undefined
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
  /** The scopes that the operator knows. Absent without a catalogue. */
  readonly catalogue?: CatalogueScopes | undefined
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
  /** @default clients have no names */
  readonly clients?: ClientRegistry | undefined
  /** @default scopes have no descriptions */
  readonly scopes?: ScopeCatalogue | undefined
}

const PAGE = 50

/** Makes the use case that lists a person's keys. Revoked and expired keys are left out. */
export const createListApiKeys =
  ({ apiKeys, clock, policy, clients, scopes }: ListApiKeysDependencies): ListApiKeys =>
  async ({ owner, after, limit = PAGE }) => {
    const at = { now: clock.now(), policy }
    const { shown: keys, next } = await pageOfKeys(apiKeys, { owner, after, limit }, (stored) =>
      listKey(stored, at),
    )
    return {
      keys: await Promise.all(keys.map((key) => withClient(key, key.request.clientId, clients))),
      next,
      revocationDelayMs: policy.keyCheckMaxAgeMs,
      ...(scopes && { catalogue: scopes.scopes() }),
    }
  }

/** A key as its owner sees it, or `undefined` if it has ended. */
export const listKey = (
  { id, key }: StoredApiKey,
  { now, policy }: { readonly now: number; readonly policy: Policy },
): ListedKey | undefined => {
  if (isOfUnknownStatus(key)) return listUnknownKey(id, key, now)
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

/** Lists what a key of an unknown status has in common with the others, as far as it has it. */
const listUnknownKey = (id: string, key: ApiKey, now: number): ListedKey | undefined => {
  const { name, request, scope, deviceName, approvedAt, expiresAt } = key as Partial<ClaimedKey>
  if (name === undefined || approvedAt === undefined || expiresAt === undefined) return undefined
  if (!request?.device || now >= expiresAt) return undefined
  return { id, status: 'unknown', name, request, scope, deviceName, approvedAt, expiresAt }
}
