import type { ApiKeyStore, Clock, Events } from '../ports.ts'
import { type Revocation, revokeKey } from '../rules/api-key.ts'

export interface RevokeApiKeyDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly events: Events
}

/**
 * A person takes one of their keys back, effective at once; `unknown` when it is not theirs.
 * @throws {StoreError} it is not known whether the key was revoked; trying again is safe
 */
export type RevokeApiKey = (owner: string, keyId: string) => Promise<Revocation>

/** Makes the use case that takes one key back. */
export const createRevokeApiKey =
  ({ apiKeys, clock, events }: RevokeApiKeyDependencies): RevokeApiKey =>
  async (owner, keyId) => {
    const now = clock.now()
    const revocation = await apiKeys.update(keyId, revokeKey(owner, now))
    if (revocation === 'revoked') events.emit({ type: 'key_revoked', at: now, keyId, owner })
    return revocation
  }

/**
 * A person takes all their keys back, those waiting for pick-up included.
 * @returns how many were revoked by this call
 * @throws {StoreError} some may be revoked and some not; trying again is safe
 */
export type RevokeAllApiKeys = (owner: string) => Promise<number>

/** Makes the use case that takes all keys of a person back, one after the other. */
export const createRevokeAllApiKeys = (
  dependencies: RevokeApiKeyDependencies,
): RevokeAllApiKeys => {
  const revoke = createRevokeApiKey(dependencies)
  return async (owner) => {
    let revoked = 0
    const stored = await dependencies.apiKeys.findByOwner(owner)
    const now = dependencies.clock.now()
    for (const { id, key } of stored) {
      if (key.status === 'revoked' || now >= key.expiresAt) continue
      if ((await revoke(owner, id)) === 'revoked') revoked += 1
    }
    return revoked
  }
}
