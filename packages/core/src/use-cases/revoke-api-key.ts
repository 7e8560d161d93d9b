import type { ApiKeyStore, Clock, Events } from '../ports.ts'
import { type Revocation, revokeKey } from '../rules/api-key.ts'

/** The ports of `RevokeApiKey` and `RevokeAllApiKeys`. */
export interface RevokeApiKeyDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly events: Events
}

/** A key and the person who revokes it. */
export interface RevokeApiKeyRequest {
  readonly owner: string
  readonly keyId: string
}

/**
 * A person revokes one of their keys, effective at once.
 * @throws {StoreError} if it is unknown whether the key was revoked; retrying is safe
 */
export type RevokeApiKey = (request: RevokeApiKeyRequest) => Promise<Revocation>

/** Makes the use case that revokes one key. */
export const createRevokeApiKey =
  ({ apiKeys, clock, events }: RevokeApiKeyDependencies): RevokeApiKey =>
  async ({ owner, keyId }) => {
    const now = clock.now()
    const revocation = await apiKeys.update(keyId, revokeKey({ owner, now }))
    if (revocation === 'revoked') events.emit({ type: 'key_revoked', at: now, keyId, owner })
    return revocation
  }

/**
 * A person revokes all their keys, including those that wait for pick-up.
 * @returns how many keys this call revoked
 * @throws {StoreError} if some keys may not be revoked; retrying is safe
 */
export type RevokeAllApiKeys = (owner: string) => Promise<number>

/** Makes the use case that revokes all keys of a person, one after the other. */
export const createRevokeAllApiKeys = (
  dependencies: RevokeApiKeyDependencies,
): RevokeAllApiKeys => {
  const revoke = createRevokeApiKey(dependencies)
  return async (owner) => {
    let revoked = 0
    const stored = await dependencies.apiKeys.findByOwner(owner)
    const now = dependencies.clock.now()
    for (const { id: keyId, key } of stored) {
      if (key.status === 'revoked' || now >= key.expiresAt) continue
      if ((await revoke({ owner, keyId })) === 'revoked') revoked += 1
    }
    return revoked
  }
}
