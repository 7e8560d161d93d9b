import type { EventOf } from '../events.ts'
import type { Events, StateStore } from '../ports.ts'
import type { ApiKey, Revocation } from '../rules/api-key.ts'
import type { Transition } from '../rules/transition.ts'
import { aboutKey } from './event-members.ts'
import { updateKey } from './update-key.ts'

/** A revocation of one key, and who revokes it. */
export interface ApplyRevocation
  extends Pick<
    EventOf<'key_revoked'>,
    'by' | 'browser' | 'callerClientId' | 'replacedBy' | 'operator' | 'place'
  > {
  readonly keyId: string
  /** Epoch milliseconds. */
  readonly now: number
  readonly revocation: Transition<ApiKey, Revocation>
}

/**
 * Revokes a key, and emits `key_revoked` if this call revoked it.
 * @throws {StoreError} if it is unknown whether the key was revoked; retrying is safe
 */
export const applyRevocation = async (
  { apiKeys, events }: { readonly apiKeys: StateStore<ApiKey>; readonly events: Events },
  { keyId, now, revocation, ...how }: ApplyRevocation,
): Promise<Revocation> => {
  const { reply, before } = await updateKey(apiKeys, keyId, revocation)
  if (reply === 'revoked' && before && before.status !== 'erased') {
    events.emit({ type: 'key_revoked', at: now, ...aboutKey(keyId, before), ...how })
  }
  return reply
}
