import type { ApiKeyStore, Clock, Events } from '../ports.ts'
import { type PresentedKeyRevocation, revokePresentedKey, secretHashOf } from '../rules/api-key.ts'
import { parseApiKey } from '../rules/api-key-format.ts'

/** The ports of `RevokePresentedKey`. */
export interface RevokePresentedKeyDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly events: Events
}

/** A whole API key, and the client that presents it. */
export interface RevokePresentedKeyRequest {
  readonly apiKey: string
  /** A client whose authentication was checked before. Absent if the caller named none. */
  readonly clientId?: string | undefined
}

/**
 * A caller revokes the key that it has (RFC 7009). The whole key is compared, because ids stand in logs.
 * @throws {StoreError} if it is unknown whether the key was revoked; retrying is safe
 */
export type RevokePresentedKey = (
  request: RevokePresentedKeyRequest,
) => Promise<PresentedKeyRevocation>

/** Makes the use case that revokes a presented key. */
export const createRevokePresentedKey =
  ({ apiKeys, clock, events }: RevokePresentedKeyDependencies): RevokePresentedKey =>
  async ({ apiKey, clientId }) => {
    const keyId = parseApiKey(apiKey)
    if (keyId === undefined) return 'no_such_key'
    const secretHash = secretHashOf(apiKey)
    const now = clock.now()
    let owner = ''
    const revocation = await apiKeys.update(keyId, (current) => {
      if (current && 'owner' in current) owner = current.owner
      return revokePresentedKey({ secretHash, clientId, now })(current)
    })
    if (revocation === 'revoked') {
      events.emit({ type: 'key_revoked', at: now, keyId, owner, by: 'bearer', clientId })
    }
    return revocation
  }
