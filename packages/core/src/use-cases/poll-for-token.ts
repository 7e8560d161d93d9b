import type { Clock, Events, StateStore } from '../ports.ts'
import { type ApiKey, claimKey, confirmKey, keyIdOf } from '../rules/api-key.ts'
import { type DeviceGrant, type GrantPoll, grantIdOf, pollGrant } from '../rules/device-grant.ts'
import type { Policy } from '../rules/policy.ts'
import { StoreError } from '../store-errors.ts'

/** One poll of a device (RFC 8628 section 3.4). */
export interface TokenRequest {
  readonly deviceCode: string
  /** Must be the client that asked for the code. */
  readonly clientId?: string
}

/** The answer to a poll, in the words of RFC 8628 section 3.5 and RFC 6749 section 5. Times in whole seconds. */
export type TokenReply =
  | {
      readonly outcome:
        | 'authorization_pending'
        | 'access_denied'
        | 'expired_token'
        | 'invalid_grant'
    }
  | {
      readonly outcome: 'slow_down'
      /** The spacing that holds from now on; absent when it is not known to have changed. */
      readonly interval?: number
      /** Set when a store failed: a device hears `slow_down` then, because it gives up at anything else. */
      readonly fault?: StoreError
    }
  | {
      readonly outcome: 'granted'
      readonly keyId: string
      /** The key itself. It is kept nowhere. */
      readonly apiKey: string
      readonly expiresIn: number
      readonly scope?: string
    }

/** The device polls for its key (RFC 8628 section 3.4). A store that is down is `slow_down`, never an exception. */
export type PollForToken = (request: TokenRequest) => Promise<TokenReply>

/**
 * The answer with the key has left whole: from now on it is never told again. A failure is harmless;
 * the key's first use confirms it too.
 * @throws {StoreError} it is not known whether this was written down
 */
export type ConfirmDelivery = (keyId: string) => Promise<void>

export interface PollForTokenDependencies {
  readonly grants: StateStore<DeviceGrant>
  readonly apiKeys: StateStore<ApiKey>
  readonly policy: Policy
  readonly clock: Clock
  readonly events: Events
}

/** Makes the use case that answers polls: one write while pending, one more when the key is picked up. */
export const createPollForToken = (dependencies: PollForTokenDependencies): PollForToken => {
  const { grants, policy, clock, events } = dependencies
  return async ({ deviceCode, clientId }) => {
    const grantId = grantIdOf(deviceCode)
    try {
      const now = clock.now()
      const poll = await grants.update(grantId, pollGrant(clientId, now, policy))
      switch (poll.outcome) {
        case 'slow_down':
          events.emit({ type: 'poll_too_early', at: now, grantId, intervalMs: poll.intervalMs })
          return { outcome: 'slow_down', interval: Math.ceil(poll.intervalMs / 1000) }
        case 'expired_token':
          events.emit({ type: 'expired_on_poll', at: now, grantId })
          return { outcome: 'expired_token' }
        case 'approved':
          return await pickUp(dependencies, deviceCode, grantId, poll)
        default:
          return { outcome: poll.outcome }
      }
    } catch (fault) {
      if (fault instanceof StoreError) return { outcome: 'slow_down', fault }
      throw fault
    }
  }
}

const pickUp = async (
  { apiKeys, policy, clock, events }: PollForTokenDependencies,
  deviceCode: string,
  grantId: string,
  { redeemable, scope, intervalMs }: Extract<GrantPoll, { readonly outcome: 'approved' }>,
): Promise<TokenReply> => {
  const keyId = keyIdOf(grantId)
  const now = clock.now()
  const claim = await apiKeys.update(keyId, claimKey(deviceCode, redeemable, now, policy))
  switch (claim.outcome) {
    case 'told':
      events.emit({ type: 'key_claimed', at: now, grantId, keyId, again: claim.again })
      return {
        outcome: 'granted',
        keyId,
        apiKey: claim.apiKey,
        expiresIn: Math.max(1, Math.floor((claim.expiresAt - now) / 1000)),
        ...(scope === undefined ? {} : { scope }),
      }
    case 'under_way':
      return { outcome: 'slow_down', interval: Math.ceil(intervalMs / 1000) }
    case 'lapsed':
      events.emit({ type: 'expired_on_poll', at: now, grantId })
      return { outcome: 'expired_token' }
    case 'used_up_and_expired':
      return { outcome: 'expired_token' }
    case 'revoked':
      return { outcome: 'access_denied' }
    case 'used_up':
    case 'missing':
      return { outcome: 'invalid_grant' }
  }
}

/** Makes the use case that takes note of a delivery. */
export const createConfirmDelivery =
  ({ apiKeys }: { readonly apiKeys: StateStore<ApiKey> }): ConfirmDelivery =>
  (keyId) =>
    apiKeys.update(keyId, confirmKey())
