import type { ApiKeyStore, Clock, Events, StateStore } from '../ports.ts'
import { isWorthRevoking, type Revocation, revokeKey } from '../rules/api-key.ts'
import { type CutOff, ownerCutOffId, setCutOff } from '../rules/cut-off.ts'
import type { DeviceInfo } from '../rules/device-authorization-request.ts'
import type { EndKey } from '../rules/key-ending.ts'
import type { Policy } from '../rules/policy.ts'
import { applyRevocation } from './apply-revocation.ts'
import { keysOf } from './live-keys.ts'

/** The ports of `RevokeApiKey`. */
export interface RevokeApiKeyDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly events: Events
  readonly policy: Policy
}

/** The ports of `RevokeAllApiKeys`. */
export interface RevokeAllApiKeysDependencies extends RevokeApiKeyDependencies {
  readonly cutOffs: StateStore<CutOff>
}

/** A key and the person who revokes it. */
export interface RevokeApiKeyRequest {
  readonly owner: string
  readonly keyId: string
  /** The person's browser, for the event. */
  readonly browser?: DeviceInfo | undefined
}

/**
 * A person revokes one of their keys. It takes effect at once in this process, and within
 * `keyCheckMaxAgeMs` in others.
 * @throws {StoreError} if it is unknown whether the key was revoked; retrying is safe
 */
export type RevokeApiKey = (request: RevokeApiKeyRequest) => Promise<Revocation>

/** Makes the use case that revokes one key. */
export const createRevokeApiKey =
  (dependencies: RevokeApiKeyDependencies): RevokeApiKey =>
  async ({ owner, keyId, browser }) => {
    const now = dependencies.clock.now()
    const revoke = (end: EndKey) => revokeKey({ owner, ...end })
    const revocation = { keyId, now, revoke, by: 'owner', browser } as const
    return (await applyRevocation(dependencies, revocation)).reply
  }

/**
 * A person revokes all their keys, including those that wait for pick-up. A grant that was approved
 * before gives no key any more.
 * @param browser the person's browser, for the events
 * @returns how many keys this call revoked
 * @throws {StoreError} if some keys may not be revoked; retrying is safe
 */
export type RevokeAllApiKeys = (owner: string, browser?: DeviceInfo) => Promise<number>

/**
 * Makes the use case that revokes all keys of a person. The cut-off is written first, because a key may
 * be picked up while the others are revoked.
 */
export const createRevokeAllApiKeys = (
  dependencies: RevokeAllApiKeysDependencies,
): RevokeAllApiKeys => {
  const { apiKeys, cutOffs, clock, policy } = dependencies
  const revoke = createRevokeApiKey(dependencies)
  return async (owner, browser) => {
    await cutOffs.update(ownerCutOffId(owner), setCutOff({ now: clock.now(), policy }))
    let revoked = 0
    for await (const { id: keyId, key } of keysOf(apiKeys, { owner })) {
      if (!isWorthRevoking(key, clock.now())) continue
      if ((await revoke({ owner, keyId, browser })) === 'revoked') revoked += 1
    }
    return revoked
  }
}
