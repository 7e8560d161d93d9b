import type { StateStore } from '../ports.ts'
import { type DeviceGrant, type GrantReview, reviewGrant } from '../rules/device-grant.ts'
import type { Origin } from '../rules/origin.ts'
import type { Policy } from '../rules/policy.ts'
import { showUserCode } from '../rules/user-code.ts'
import { type FindGrantDependencies, findGrant, type WrongUserCode } from './look-up-user-code.ts'

/** Who asks about which user code. */
export interface UserCodeQuestion {
  /** What the person typed. */
  readonly userCode: string
  /** The signed-in person. */
  readonly person: string
}

/** The device that a user code belongs to, for those who may know of it. */
export interface AskingDevice {
  /** As it stands on the device's screen. */
  readonly userCode: string
  readonly clientId?: string
}

/** Why there is nothing to decide. */
export type UserCodeRefusal =
  | WrongUserCode
  | ({ readonly outcome: 'expired' } & AskingDevice)
  /** Somebody else has decided: neutral. */
  | { readonly outcome: 'already_processed'; readonly yours?: never }
  /** This very person has. */
  | ({ readonly outcome: 'already_processed'; readonly yours: 'approve' | 'deny' } & AskingDevice)

/** What the person has to see before they decide (RFC 8628 sections 3.3 and 5.4). Times in epoch milliseconds. */
export interface PendingAuthorization extends AskingDevice {
  readonly outcome: 'pending'
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
    if (review.outcome !== 'pending') return refusalOf(review, found.userCode, policy)
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

/** Names the device in a refusal, unless it was somebody else's to decide. */
export const refusalOf = (
  review: Exclude<GrantReview, { readonly outcome: 'pending' }>,
  userCode: string,
  policy: Policy,
): UserCodeRefusal =>
  review.outcome === 'already_processed' && review.yours === undefined
    ? review
    : { ...review, userCode: showUserCode(userCode, policy) }
