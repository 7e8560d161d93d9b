import { randomText } from '../crypto.ts'
import type { StateStore } from '../ports.ts'
import { type ApiKey, keyIdOf, keyNameOf, reserveKey } from '../rules/api-key.ts'
import {
  type DeviceGrant,
  decideGrant,
  type PendingGrant,
  reviewGrant,
} from '../rules/device-grant.ts'
import type { Origin } from '../rules/origin.ts'
import { showUserCode } from '../rules/user-code.ts'
import { StoreError } from '../store-errors.ts'
import { type FindGrantDependencies, findGrant } from './look-up-user-code.ts'
import {
  type AskingDevice,
  refusalOf,
  type UserCodeQuestion,
  type UserCodeRefusal,
} from './review-user-code.ts'

/** What a signed-in person decided about the code that they typed. */
export interface UserCodeAnswer extends UserCodeQuestion {
  readonly decision: 'approve' | 'deny'
  /** Where the person decides from; recorded beside the device's own origin, never mixed with it. */
  readonly origin?: Origin
}

/** What came of an answer: decided, refused with a reason, or left open by a store that failed. */
export type AnswerReply =
  | ({ readonly outcome: 'approved' | 'denied' } & AskingDevice)
  | UserCodeRefusal
  | {
      /**
       * `key_not_created`: a store failed, and nothing was approved. `unknown`: a store failed while the
       * decision was written. Answering again is safe in both cases.
       */
      readonly outcome: 'key_not_created' | 'unknown'
      readonly fault: StoreError
    }

/** A person approves or denies a device (RFC 8628 section 3.3). Of several answers the first one holds. */
export type AnswerUserCode = (answer: UserCodeAnswer) => Promise<AnswerReply>

export interface AnswerUserCodeDependencies extends FindGrantDependencies {
  readonly grants: StateStore<DeviceGrant>
  readonly apiKeys: StateStore<ApiKey>
}

/** Makes the use case that approves or denies: a key is reserved first, then one compare and swap decides. */
export const createAnswerUserCode =
  (dependencies: AnswerUserCodeDependencies): AnswerUserCode =>
  async (answer) => {
    const { decision, person, origin } = answer
    const { grants, policy, clock, events } = dependencies
    // Until the swap below nothing is decided, so a fault up to there is a plain failure.
    let deciding = decision === 'deny'
    try {
      const found = await findGrant(dependencies, answer.userCode, person)
      if (found.outcome !== 'found') return found
      const { grantId, userCode } = found
      if (decision === 'approve') {
        const refusal = await reserve(dependencies, found, person)
        if (refusal) return refusal
      }
      deciding = true
      // Read anew: reserving may have taken its time, and an expired code is not to be approved.
      const now = clock.now()
      const decided = await grants.update(grantId, decideGrant(decision, person, now))
      if (decided.outcome !== 'decided') return refusalOf(decided, userCode, policy)
      const type = decision === 'approve' ? 'authorization_approved' : 'authorization_denied'
      events.emit({ type, at: now, grantId, person, ...(origin ? { origin } : {}) })
      const { outcome: _, ...client } = decided
      const outcome = decision === 'approve' ? 'approved' : 'denied'
      return { outcome, userCode: showUserCode(userCode, policy), ...client }
    } catch (fault) {
      if (!(fault instanceof StoreError)) throw fault
      return { outcome: deciding ? 'unknown' : 'key_not_created', fault }
    }
  }

/** Reserves the key of a pending grant, or says why there is none to reserve. */
const reserve = async (
  { grants, apiKeys, policy, clock }: AnswerUserCodeDependencies,
  { grantId, userCode }: { readonly grantId: string; readonly userCode: string },
  person: string,
): Promise<UserCodeRefusal | undefined> => {
  const now = clock.now()
  const review = await grants.update(grantId, reviewGrant(person, now))
  if (review.outcome !== 'pending') return refusalOf(review, userCode, policy)
  const { clientId, scope, origin, expiresAt, keepUntil }: PendingGrant = review.grant
  const reserved = await apiKeys.update(
    keyIdOf(grantId),
    reserveKey({
      name: keyNameOf(showUserCode(userCode, policy)),
      owner: person,
      ...(clientId === undefined ? {} : { clientId }),
      ...(scope === undefined ? {} : { scope }),
      origin,
      approvedAt: now,
      salt: randomText(16),
      prefix: policy.keyPrefix,
      expiresAt,
      keepUntil,
    }),
  )
  return reserved === 'reserved' ? undefined : { outcome: 'already_processed' }
}
