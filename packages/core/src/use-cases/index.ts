import type { ApiKeyStore, Clock, Events, StateStore } from '../ports.ts'
import type { Window } from '../rules/code-attempts.ts'
import type { DeviceGrant } from '../rules/device-grant.ts'
import { createPolicy, type Policy } from '../rules/policy.ts'
import type { UserCodeClaim } from '../rules/user-code.ts'
import { type AnswerUserCode, createAnswerUserCode } from './answer-user-code.ts'
import { type AuthenticateApiKey, createAuthenticateApiKey } from './authenticate-api-key.ts'
import { type AuthorizeDevice, createAuthorizeDevice } from './authorize-device.ts'
import { createListApiKeys, type ListApiKeys } from './list-api-keys.ts'
import {
  type ConfirmDelivery,
  createConfirmDelivery,
  createPollForToken,
  type PollForToken,
} from './poll-for-token.ts'
import { createReviewUserCode, type ReviewUserCode } from './review-user-code.ts'
import {
  createRevokeAllApiKeys,
  createRevokeApiKey,
  type RevokeAllApiKeys,
  type RevokeApiKey,
} from './revoke-api-key.ts'

/** What the use cases stand on. */
export interface UseCaseDependencies {
  readonly grants: StateStore<DeviceGrant>
  readonly userCodes: StateStore<UserCodeClaim>
  readonly windows: StateStore<Window>
  readonly apiKeys: ApiKeyStore
  /** Default: the default policy. */
  readonly policy?: Policy
  /** For example `{ now: Date.now }`. */
  readonly clock: Clock
  /** Default: nobody listens. */
  readonly events?: Events
}

/** Everything that a device, a person and a service behind them can do. */
export interface UseCases {
  readonly authorizeDevice: AuthorizeDevice
  readonly pollForToken: PollForToken
  readonly confirmDelivery: ConfirmDelivery
  readonly reviewUserCode: ReviewUserCode
  readonly answerUserCode: AnswerUserCode
  readonly authenticateApiKey: AuthenticateApiKey
  readonly listApiKeys: ListApiKeys
  readonly revokeApiKey: RevokeApiKey
  readonly revokeAllApiKeys: RevokeAllApiKeys
}

/**
 * Makes all use cases, without a container.
 * @throws {PolicyError} the policy is refused
 */
export const createUseCases = ({
  policy,
  events = { emit: () => {} },
  ...ports
}: UseCaseDependencies): UseCases => {
  const dependencies = { ...ports, policy: createPolicy(policy), events: harmless(events) }
  return {
    authorizeDevice: createAuthorizeDevice(dependencies),
    pollForToken: createPollForToken(dependencies),
    confirmDelivery: createConfirmDelivery(dependencies),
    reviewUserCode: createReviewUserCode(dependencies),
    answerUserCode: createAnswerUserCode(dependencies),
    authenticateApiKey: createAuthenticateApiKey(dependencies),
    listApiKeys: createListApiKeys(dependencies),
    revokeApiKey: createRevokeApiKey(dependencies),
    revokeAllApiKeys: createRevokeAllApiKeys(dependencies),
  }
}

/** A listener decides nothing: what it throws must not turn a key that was told into a failure. */
const harmless = (events: Events): Events => ({
  async emit(event) {
    try {
      await events.emit(event)
    } catch {
      // The listener's own matter.
    }
  },
})
