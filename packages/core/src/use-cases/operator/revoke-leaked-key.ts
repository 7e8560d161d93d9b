import type { ApiKeyStore, Clock, Events } from '../../ports.ts'
import { type Revocation, revokeLeakedKey, secretHashOf } from '../../rules/api-key.ts'
import { parseApiKey } from '../../rules/api-key-format.ts'
import type { EndKey } from '../../rules/key-ending.ts'
import type { Policy } from '../../rules/policy.ts'
import { applyRevocation } from '../apply-revocation.ts'
import type { ByOperator } from './revoke-api-keys.ts'

/** The ports of `RevokeLeakedKey`. */
export interface RevokeLeakedKeyDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly events: Events
  readonly policy: Policy
}

/** A whole API key that was found where it should not be. */
export interface RevokeLeakedKeyRequest extends ByOperator {
  readonly apiKey: string
  /** Who has found it: an operator, or a service that scans public places. */
  readonly by: 'operator' | 'secret_scanning'
  /** Where it was found, for the event. */
  readonly place?: string | undefined
}

/**
 * Revokes a leaked key, whatever its client. Only its checksum and its secret count, because ids stand in
 * logs. `no_such_key` also stands for a wrong secret, and then nothing changes.
 * @throws {StoreError} if it is unknown whether the key was revoked; retrying is safe
 */
export type RevokeLeakedKey = (request: RevokeLeakedKeyRequest) => Promise<Revocation>

/** Makes the use case that revokes a leaked key. */
export const createRevokeLeakedKey =
  (dependencies: RevokeLeakedKeyDependencies): RevokeLeakedKey =>
  async ({ apiKey, by, place, operator }) => {
    const keyId = parseApiKey(apiKey)
    if (keyId === undefined) return 'no_such_key'
    const secretHash = secretHashOf(apiKey)
    const now = dependencies.clock.now()
    const revoke = (end: EndKey) => revokeLeakedKey({ secretHash, ...end })
    const revocation = { keyId, now, revoke, by, operator, place }
    return (await applyRevocation(dependencies, revocation)).reply
  }
