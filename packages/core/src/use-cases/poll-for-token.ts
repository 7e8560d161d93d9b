import type { Clock, Events, StateStore } from '../ports.ts'
import { type ApiKey, claimKey, confirmKey, keyIdOf } from '../rules/api-key.ts'
import { type DeviceGrant, type GrantPoll, grantIdOf, pollGrant } from '../rules/device-grant.ts'
import type { Policy } from '../rules/policy.ts'
import { StoreError } from '../store-errors.ts'

/** One poll of a device (RFC 8628 section 3.4). */
export interface TokenRequest {
  readonly deviceCode: string
  /** Must be the client that requested the code. */
  readonly clientId?: string | undefined
}

/** The answer to a poll (RFC 8628 section 3.5, RFC 6749 section 5). Times are in seconds. */
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
      /** The interval from now on. Absent if a store failed. */
      readonly interval?: number | undefined
      /** Present if a store failed. Devices give up at any other answer than `slow_down`. */
      readonly error?: StoreError | undefined
    }
  | {
      readonly outcome: 'granted'
      readonly keyId: string
      /** The key itself. It is stored nowhere. */
      readonly apiKey: string
      readonly expiresIn: number
      readonly scope?: string | undefined
    }

/**
 * Answers a poll of a device (RFC 8628 section 3.4). A store that is down gives `slow_down`, never an
 * exception.
 */
export type PollForToken = (request: TokenRequest) => Promise<TokenReply>

/**
 * Records that the answer with the key was sent whole, so that the key is never issued again. Its
 * failure is harmless, because the first use of the key records the same.
 * @throws {StoreError} if it is unknown whether this was recorded
 */
export type ConfirmDelivery = (keyId: string) => Promise<void>

/** The ports of `PollForToken`. */
export interface PollForTokenDependencies {
  readonly grants: StateStore<DeviceGrant>
  readonly apiKeys: StateStore<ApiKey>
  readonly policy: Policy
  readonly clock: Clock
  readonly events: Events
}

/** Makes the use case that answers polls: one write while pending, one more at pick-up. */
export const createPollForToken = (dependencies: PollForTokenDependencies): PollForToken => {
  const { grants, policy, clock, events } = dependencies
  return async ({ deviceCode, clientId }) => {
    const grantId = grantIdOf(deviceCode)
    try {
      const now = clock.now()
      const poll = await grants.update(grantId, pollGrant({ clientId, now, policy }))
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
    } catch (error) {
      if (error instanceof StoreError) return { outcome: 'slow_down', error }
      throw error
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
  const claim = await apiKeys.update(keyId, claimKey({ deviceCode, redeemable, now, policy }))
  switch (claim.outcome) {
    case 'issued':
    case 'reissued': {
      const reissued = claim.outcome === 'reissued'
      events.emit({ type: 'key_claimed', at: now, grantId, keyId, reissued })
      const expiresIn = Math.max(1, Math.floor((claim.expiresAt - now) / 1000))
      return { outcome: 'granted', keyId, apiKey: claim.apiKey, expiresIn, scope }
    }
    case 'in_flight':
      return { outcome: 'slow_down', interval: Math.ceil(intervalMs / 1000) }
    case 'expired':
      events.emit({ type: 'expired_on_poll', at: now, grantId })
      return { outcome: 'expired_token' }
    case 'consumed_and_expired':
      return { outcome: 'expired_token' }
    case 'revoked':
      return { outcome: 'access_denied' }
    case 'consumed':
    case 'no_such_key':
      return { outcome: 'invalid_grant' }
  }
}

/** Makes the use case that records a delivery. */
export const createConfirmDelivery =
  ({ apiKeys }: { readonly apiKeys: StateStore<ApiKey> }): ConfirmDelivery =>
  (keyId) =>
    apiKeys.update(keyId, confirmKey())
