import type { StateStore } from '../ports.ts'
import type { Refusal } from '../rules/decision.ts'
import type { DeviceAuthorizationRequest } from '../rules/device-authorization-request.ts'
import { type DeviceGrant, reviewGrant } from '../rules/device-grant.ts'
import { showUserCode } from '../rules/user-code.ts'
import {
  type LookUpUserCodeDependencies,
  lookUpUserCode,
  type TypedUserCode,
} from './look-up-user-code.ts'
import { refuseUserCode } from './refuse-user-code.ts'

/** What a person must see before they decide (RFC 8628 sections 3.3 and 5.4). */
export interface PendingAuthorization {
  readonly outcome: 'pending'
  /** The user code as the device shows it. */
  readonly userCode: string
  readonly request: DeviceAuthorizationRequest
  /** Epoch milliseconds. */
  readonly requestedAt: number
  /** Epoch milliseconds. */
  readonly expiresAt: number
  /** How long the key will work, in milliseconds. */
  readonly keyLifetimeMs: number
}

/**
 * Shows a person the request behind a user code and opens the code for them. It decides nothing.
 * @throws {StoreError} if the code could not be looked up
 */
export type ReviewUserCode = (typed: TypedUserCode) => Promise<PendingAuthorization | Refusal>

/** The ports of `ReviewUserCode`. */
export interface ReviewUserCodeDependencies extends LookUpUserCodeDependencies {
  readonly grants: StateStore<DeviceGrant>
}

/** Makes the use case that shows a request. A wrong code costs an attempt (RFC 8628 section 5.1). */
export const createReviewUserCode =
  (dependencies: ReviewUserCodeDependencies): ReviewUserCode =>
  async (typed) => {
    const { grants, policy, clock } = dependencies
    const found = await lookUpUserCode(dependencies, typed)
    if (found.outcome !== 'found') return found
    const review = await grants.update(found.grantId, reviewGrant(clock.now()))
    if (review.outcome !== 'pending') {
      return refuseUserCode(review, { person: typed.person, found, format: policy })
    }
    const { request, requestedAt, expiresAt } = review.grant
    return {
      outcome: 'pending',
      userCode: showUserCode(found.userCode, policy),
      request,
      requestedAt,
      expiresAt,
      keyLifetimeMs: policy.keyLifetimeMs,
    }
  }
