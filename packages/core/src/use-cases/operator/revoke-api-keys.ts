import type { ApiKeyStore, Clock, Events, FindApiKeys, StateStore } from '../../ports.ts'
import { isWorthRevoking, revokeAnyKey } from '../../rules/api-key.ts'
import { type CutOff, clientCutOffId, ownerCutOffId, setCutOff } from '../../rules/cut-off.ts'
import type { Policy } from '../../rules/policy.ts'
import { applyRevocation } from '../apply-revocation.ts'
import { keysOf } from '../live-keys.ts'

/** The operator behind a request. */
export interface ByOperator {
  /**
   * A name for the events.
   * @default events name no operator
   */
  readonly operator?: string | undefined
}

/** Which keys an operator revokes. */
export type RevokeKeysRequest = ByOperator &
  ({ readonly owner: string } | { readonly clientId: string } | { readonly keyId: string })

/**
 * An operator revokes one key, or all keys of a person or client. A grant that was approved before gives
 * no key any more.
 * @returns how many keys this call revoked
 * @throws {StoreError} if some keys may not be revoked; retrying is safe
 */
export type RevokeApiKeys = (request: RevokeKeysRequest) => Promise<number>

/** The ports of `RevokeApiKeys`. */
export interface RevokeApiKeysDependencies {
  readonly apiKeys: ApiKeyStore
  readonly cutOffs: StateStore<CutOff>
  readonly clock: Clock
  readonly events: Events
  readonly policy: Policy
}

/**
 * Makes the use case that revokes keys of other people. The cut-off is written first, because a key may
 * be picked up while the others are revoked.
 */
export const createRevokeApiKeys = (dependencies: RevokeApiKeysDependencies): RevokeApiKeys => {
  const { cutOffs, clock, policy } = dependencies
  return async (request) => {
    if ('keyId' in request) return revokeOne(dependencies, request)
    const cutOffId =
      'owner' in request ? ownerCutOffId(request.owner) : clientCutOffId(request.clientId)
    await cutOffs.update(cutOffId, setCutOff({ now: clock.now(), policy }))
    return revokeFound(dependencies, request)
  }
}

const revokeFound = async (
  dependencies: RevokeApiKeysDependencies,
  { operator, ...conditions }: Pick<FindApiKeys, 'owner' | 'clientId'> & ByOperator,
): Promise<number> => {
  const { apiKeys, clock } = dependencies
  let revoked = 0
  for await (const { id: keyId, key } of keysOf(apiKeys, conditions)) {
    if (!isWorthRevoking(key, clock.now())) continue
    revoked += await revokeOne(dependencies, { keyId, operator })
  }
  return revoked
}

/** Revokes one key. Returns 1 if this call revoked it, else 0. */
const revokeOne = async (
  dependencies: RevokeApiKeysDependencies,
  { keyId, operator }: { readonly keyId: string } & ByOperator,
): Promise<number> => {
  const now = dependencies.clock.now()
  const how = { revoke: revokeAnyKey, by: 'operator', operator } as const
  const { reply } = await applyRevocation(dependencies, { keyId, now, ...how })
  return reply === 'revoked' ? 1 : 0
}
