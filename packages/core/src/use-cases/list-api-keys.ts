import type { ApiKeyStore, Clock } from '../ports.ts'
import type { ApiKey } from '../rules/api-key.ts'
import type { DeviceAuthorizationRequest } from '../rules/device-authorization-request.ts'

/** A key as its owner sees it. All times are epoch milliseconds. */
export interface ListedKey {
  readonly id: string
  /** `waiting`: approved, but not picked up by its device. */
  readonly status: 'waiting' | 'active'
  readonly name: string
  readonly request: DeviceAuthorizationRequest
  readonly approvedAt: number
  readonly lastUsedAt?: number | undefined
  /** When the key stops working, or until when a waiting key can be picked up. */
  readonly expiresAt: number
}

/**
 * Lists a person's keys that work or wait for pick-up, the newest first.
 * @throws {StoreError} if the keys could not be looked up
 */
export type ListApiKeys = (owner: string) => Promise<readonly ListedKey[]>

/** The ports of `ListApiKeys`. */
export interface ListApiKeysDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
}

/** Makes the use case that lists a person's keys. Revoked and expired keys are left out. */
export const createListApiKeys =
  ({ apiKeys, clock }: ListApiKeysDependencies): ListApiKeys =>
  async (owner) => {
    const stored = await apiKeys.findByOwner(owner)
    const now = clock.now()
    return stored
      .flatMap(({ id, key }) => list(id, key, now) ?? [])
      .sort((a, b) => b.approvedAt - a.approvedAt)
  }

const list = (id: string, key: ApiKey, now: number): ListedKey | undefined => {
  if (key.status === 'revoked' || now >= key.expiresAt) return undefined
  const { name, request, approvedAt, expiresAt } = key
  const lastUsedAt = key.status === 'active' ? key.lastUsedAt : undefined
  const status = key.status === 'reserved' ? 'waiting' : 'active'
  return { id, status, name, request, approvedAt, lastUsedAt, expiresAt }
}
