import type { EventOf } from '../events.ts'
import type { Events, StateStore } from '../ports.ts'
import type { ApiKey, Revocation } from '../rules/api-key.ts'
import { keepEndedMs } from '../rules/cut-off.ts'
import type { EndKey } from '../rules/key-ending.ts'
import type { Policy } from '../rules/policy.ts'
import type { Transition } from '../rules/transition.ts'
import { aboutKey } from './event-members.ts'
import { updateKey } from './update-key.ts'

/** A revocation of one key, and who revokes it. */
export interface ApplyRevocation<R>
  extends Pick<
    EventOf<'key_revoked'>,
    'by' | 'browser' | 'callerClientId' | 'replacedBy' | 'operator' | 'place'
  > {
  readonly keyId: string
  /** Epoch milliseconds. */
  readonly now: number
  /** The rule that revokes the key. */
  readonly revoke: (end: EndKey) => Transition<ApiKey, R>
}

/** The ports of `applyRevocation`. */
export interface RevocationDependencies {
  readonly apiKeys: StateStore<ApiKey>
  readonly events: Events
  readonly policy: Policy
}

/**
 * Revokes a key, and emits `key_revoked` if this call revoked it. Returns the reply, and the key that the
 * reply was decided on.
 * @throws {StoreError} if it is unknown whether the key was revoked; retrying is safe
 */
export const applyRevocation = async <R extends string = Revocation>(
  { apiKeys, events, policy }: RevocationDependencies,
  { keyId, now, revoke, ...how }: ApplyRevocation<R>,
): Promise<{ readonly reply: R; readonly before: ApiKey | undefined }> => {
  const ending = { by: how.by, ...(how.place !== undefined && { place: how.place }) }
  const revocation = revoke({ now, ending, keepMs: keepEndedMs(policy) })
  const { reply, before } = await updateKey(apiKeys, keyId, revocation)
  if (reply === 'revoked' && before && before.status !== 'erased') {
    events.emit({ type: 'key_revoked', at: now, ...aboutKey(keyId, before), ...how })
  }
  return { reply, before }
}
