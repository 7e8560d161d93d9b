import { type DeviceGrant, reviewGrant } from './device-grant.ts'
import type { Origin } from './events.ts'
import { type FindGrantDependencies, findGrant } from './find-grant.ts'
import type { StateStore } from './ports.ts'
import { showUserCode } from './user-code.ts'

/** Who asks about which user code. */
export interface UserCodeQuestion {
  /** What the person typed. */
  readonly userCode: string
  /** The signed-in person. */
  readonly person: string
}

/** Why there is nothing to decide. */
export type UserCodeRefusal =
  | { readonly outcome: 'invalid'; readonly triesLeft: number }
  | { readonly outcome: 'expired' | 'too_many_wrong_codes' }
  | { readonly outcome: 'already_processed'; readonly yours?: 'approve' | 'deny' }

/** What the person has to see before they decide (RFC 8628 sections 3.3 and 5.4). Times in epoch milliseconds. */
export interface PendingAuthorization {
  readonly outcome: 'pending'
  /** As it stands on the device's screen. */
  readonly userCode: string
  readonly clientId?: string
  readonly scope?: string
  readonly origin: Origin
  readonly requestedAt: number
  readonly expiresAt: number
  /** How long the key will live, milliseconds. */
  readonly keyLifetimeMs: number
}

/**
 * A person looks at what a user code stands for, and has it open alone for a while. Nothing is decided.
 * @throws {StoreError} nothing is known
 */
export type ReviewUserCode = (
  question: UserCodeQuestion,
) => Promise<PendingAuthorization | UserCodeRefusal>

export interface ReviewUserCodeDependencies extends FindGrantDependencies {
  readonly grants: StateStore<DeviceGrant>
}

/** Makes the use case that shows what a code stands for; a wrong one costs its person a try (RFC 8628 section 5.1). */
export const createReviewUserCode =
  (dependencies: ReviewUserCodeDependencies): ReviewUserCode =>
  async ({ userCode, person }) => {
    const { grants, policy, clock } = dependencies
    const found = await findGrant(dependencies, userCode, person)
    if (found.outcome !== 'found') return found
    const review = await grants.update(found.grantId, reviewGrant(person, clock.now()))
    if (review.outcome !== 'pending') return review
    const { clientId, scope, origin, requestedAt, expiresAt } = review.grant
    return {
      outcome: 'pending',
      userCode: showUserCode(found.userCode, policy),
      ...(clientId === undefined ? {} : { clientId }),
      ...(scope === undefined ? {} : { scope }),
      origin,
      requestedAt,
      expiresAt,
      keyLifetimeMs: policy.keyLifetimeMs,
    }
  }
