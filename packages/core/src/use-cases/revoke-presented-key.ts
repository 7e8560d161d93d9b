import type { ApiKeyStore, Clock, Events } from '../ports.ts'
import { type PresentedKeyRevocation, revokePresentedKey, secretHashOf } from '../rules/api-key.ts'
import { parseApiKey } from '../rules/api-key-format.ts'
import type { EndKey } from '../rules/key-ending.ts'
import type { Policy } from '../rules/policy.ts'
import { applyRevocation } from './apply-revocation.ts'
import { aboutKey } from './event-members.ts'

/** The ports of `RevokePresentedKey`. */
export interface RevokePresentedKeyDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly events: Events
  readonly policy: Policy
}

/** A whole API key, and the client that presents it. */
export interface RevokePresentedKeyRequest {
  readonly apiKey: string
  /** A client whose authentication was checked before. Absent if the caller named none. */
  readonly clientId?: string | undefined
  /**
   * Other ids that the client may mean, because a Basic header can be read in two ways.
   * @default clientId is the only one
   */
  readonly otherClientIds?: readonly string[] | undefined
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
  (dependencies: RevokePresentedKeyDependencies): RevokePresentedKey =>
  async ({ apiKey, clientId: callerClientId, otherClientIds }) => {
    const { clock, events } = dependencies
    const now = clock.now()
    const keyId = parseApiKey(apiKey)
    const refused = { type: 'key_refused', at: now, during: 'revocation', callerClientId } as const
    if (keyId === undefined) {
      events.emit({ ...refused, reason: 'malformed' })
      return 'no_such_key'
    }
    const secretHash = secretHashOf(apiKey)
    const caller = { clientId: callerClientId, otherClientIds }
    const revoke = (end: EndKey) => revokePresentedKey({ secretHash, ...caller, ...end })
    const revocation = { keyId, now, revoke, by: 'bearer', callerClientId } as const
    const { reply, before } = await applyRevocation(dependencies, revocation)
    // The secret was right unless there is no such key.
    const known = before && before.status !== 'erased' ? aboutKey(keyId, before) : undefined
    if (reply === 'no_such_key') events.emit({ ...refused, reason: reply, keyId })
    else if (reply === 'other_client') events.emit({ ...refused, reason: reply, keyId, ...known })
    return reply
  }
