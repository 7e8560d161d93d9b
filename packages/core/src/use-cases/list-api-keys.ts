import type { ApiKeyStore, Clock } from '../ports.ts'
import type { ApiKey } from '../rules/api-key.ts'
import type { Origin } from '../rules/origin.ts'

/** A key as its owner sees it. Times in epoch milliseconds. */
export interface ListedKey {
  readonly id: string
  /** `waiting`: approved, and not picked up by its device yet. */
  readonly status: 'waiting' | 'active'
  readonly name: string
  readonly clientId?: string
  readonly scope?: string
  /** Where the device asked from. */
  readonly origin: Origin
  readonly approvedAt: number
  readonly lastUsedAt?: number
  /** When it stops working, or, while it waits, when the offer lapses. */
  readonly expiresAt: number
}

/**
 * A person's keys that work or wait for pick-up, the newest first.
 * @throws {StoreError} they could not be looked up
 */
export type ListApiKeys = (owner: string) => Promise<readonly ListedKey[]>

/** Makes the use case that lists what a person has connected; revoked and expired keys are left out. */
export const createListApiKeys =
  ({ apiKeys, clock }: { readonly apiKeys: ApiKeyStore; readonly clock: Clock }): ListApiKeys =>
  async (owner) => {
    const stored = await apiKeys.findByOwner(owner)
    const now = clock.now()
    return stored
      .flatMap(({ id, key }) => list(id, key, now) ?? [])
      .sort((a, b) => b.approvedAt - a.approvedAt)
  }

const list = (id: string, key: ApiKey, now: number): ListedKey | undefined => {
  if (key.status === 'revoked' || now >= key.expiresAt) return undefined
  const { name, clientId, scope, origin, approvedAt, expiresAt } = key
  const lastUsedAt = key.status === 'active' ? key.lastUsedAt : undefined
  return {
    id,
    status: key.status === 'reserved' ? 'waiting' : 'active',
    name,
    ...(clientId === undefined ? {} : { clientId }),
    ...(scope === undefined ? {} : { scope }),
    origin,
    approvedAt,
    ...(lastUsedAt === undefined ? {} : { lastUsedAt }),
    expiresAt,
  }
}
