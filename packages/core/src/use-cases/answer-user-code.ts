import { randomText } from '../crypto.ts'
import type { StateStore } from '../ports.ts'
import { type ApiKey, keyIdOf, keyNameOf, reserveKey } from '../rules/api-key.ts'
import type { Decision, Refusal } from '../rules/decision.ts'
import type { DeviceInfo } from '../rules/device-authorization-request.ts'
import { type DeviceGrant, decideGrant, reviewGrant } from '../rules/device-grant.ts'
import { showUserCode } from '../rules/user-code.ts'
import { StoreError } from '../store-errors.ts'
import {
  type LookUpUserCodeDependencies,
  lookUpUserCode,
  type TypedUserCode,
} from './look-up-user-code.ts'
import { withUserCode } from './review-user-code.ts'

/** What a signed-in person decides about a user code. */
export interface UserCodeAnswer extends TypedUserCode {
  readonly decision: Decision
  /** The person's browser. It is recorded beside the device, never mixed with it. */
  readonly browser?: DeviceInfo | undefined
}

/** The result of an answer: decided, refused with a reason, or left open by a store that failed. */
export type AnswerReply =
  | {
      readonly outcome: 'approved' | 'denied'
      /** The user code as the device shows it. */
      readonly userCode: string
      readonly clientId?: string | undefined
    }
  | Refusal
  | {
      /**
       * `key_not_created`: a store failed and nothing was approved. `outcome_unknown`: a store failed
       * while the decision was written. Retrying is safe in both cases.
       */
      readonly outcome: 'key_not_created' | 'outcome_unknown'
      readonly error: StoreError
    }

/** A person approves or denies a device (RFC 8628 section 3.3). The first of several answers counts. */
export type AnswerUserCode = (answer: UserCodeAnswer) => Promise<AnswerReply>

/** The ports of `AnswerUserCode`. */
export interface AnswerUserCodeDependencies extends LookUpUserCodeDependencies {
  readonly grants: StateStore<DeviceGrant>
  readonly apiKeys: StateStore<ApiKey>
}

/** Makes the use case that approves or denies. A key is reserved first, then one swap decides. */
export const createAnswerUserCode =
  (dependencies: AnswerUserCodeDependencies): AnswerUserCode =>
  async (answer) => {
    const { decision } = answer
    // An approval that fails before its decision has approved nothing. A denial has no such step.
    const failedBefore = decision === 'approve' ? 'key_not_created' : 'outcome_unknown'
    const found = await orStoreError(prepare(dependencies, answer))
    if (found instanceof StoreError) return { outcome: failedBefore, error: found }
    if (found.outcome !== 'found') return found
    const reply = await orStoreError(decide(dependencies, answer, found))
    return reply instanceof StoreError ? { outcome: 'outcome_unknown', error: reply } : reply
  }

const orStoreError = async <T>(work: Promise<T>): Promise<T | StoreError> => {
  try {
    return await work
  } catch (error) {
    if (error instanceof StoreError) return error
    throw error
  }
}

interface Found {
  readonly outcome: 'found'
  readonly grantId: string
  /** The user code as it is stored. */
  readonly userCode: string
}

/** Looks the code up and, for an approval, reserves the key. */
const prepare = async (
  dependencies: AnswerUserCodeDependencies,
  answer: UserCodeAnswer,
): Promise<Found | Refusal> => {
  const found = await lookUpUserCode(dependencies, answer)
  if (found.outcome !== 'found' || answer.decision === 'deny') return found
  return (await reserve(dependencies, found, answer.person)) ?? found
}

const decide = async (
  { grants, policy, clock, events }: AnswerUserCodeDependencies,
  { decision, person, browser }: UserCodeAnswer,
  { grantId, userCode }: Found,
): Promise<AnswerReply> => {
  // The clock is read again, because the code may have expired while the key was reserved.
  const now = clock.now()
  const decided = await grants.update(grantId, decideGrant({ decision, person, now }))
  if (decided.outcome !== 'decided') return withUserCode(decided, userCode, policy)
  const type = decision === 'approve' ? 'authorization_approved' : 'authorization_denied'
  events.emit({ type, at: now, grantId, person, browser })
  return {
    outcome: decision === 'approve' ? 'approved' : 'denied',
    userCode: showUserCode(userCode, policy),
    clientId: decided.clientId,
  }
}

/** Reserves the key of a pending grant. Returns why there is none to reserve, if so. */
const reserve = async (
  { grants, apiKeys, policy, clock }: AnswerUserCodeDependencies,
  { grantId, userCode }: Found,
  person: string,
): Promise<Refusal | undefined> => {
  const now = clock.now()
  const review = await grants.update(grantId, reviewGrant({ person, now }))
  if (review.outcome !== 'pending') return withUserCode(review, userCode, policy)
  const { request, expiresAt, keepUntil } = review.grant
  const reservation = {
    name: keyNameOf(showUserCode(userCode, policy)),
    owner: person,
    request,
    approvedAt: now,
    salt: randomText(16),
    prefix: policy.keyPrefix,
    expiresAt,
    keepUntil,
  }
  const reserved = await apiKeys.update(keyIdOf(grantId), reserveKey(reservation))
  return reserved === 'reserved' ? undefined : { outcome: 'already_processed' }
}
