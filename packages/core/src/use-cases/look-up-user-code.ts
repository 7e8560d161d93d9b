import type { Clock, Events, StateStore } from '../ports.ts'
import {
  allowedAttempts,
  attemptsIdOf,
  type CodeAttempts,
  type CountedAttempt,
  countAttempt,
  EVERYONE,
  refundAttempt,
} from '../rules/code-attempts.ts'
import type { Refusal } from '../rules/decision.ts'
import type { Policy } from '../rules/policy.ts'
import { normaliseUserCode, openUserCode, type UserCodeClaim } from '../rules/user-code.ts'
import { StoreConflictError } from '../store-errors.ts'

/** A signed-in person and the user code that they typed. */
export interface TypedUserCode {
  readonly userCode: string
  /** The person's id. */
  readonly person: string
}

/** The ports of every use case that takes a typed user code. */
export interface LookUpUserCodeDependencies {
  readonly userCodes: StateStore<UserCodeClaim>
  readonly codeAttempts: StateStore<CodeAttempts>
  readonly policy: Policy
  readonly clock: Clock
  readonly events: Events
}

/** The grant of a typed user code, or why this person may not see it. */
export type FoundUserCode =
  | {
      readonly outcome: 'found'
      readonly grantId: string
      /** The user code as it is stored. */
      readonly userCode: string
    }
  | Extract<Refusal, { readonly outcome: 'invalid' | 'too_many_attempts' }>

/**
 * Finds the grant of a typed user code and opens the code for the person. The attempt is counted before
 * the look-up and refunded if the code exists, so that parallel guesses count (RFC 8628 section 5.1).
 * @throws {StoreError} if it is unknown whether the code was opened
 */
export const lookUpUserCode = async (
  dependencies: LookUpUserCodeDependencies,
  { userCode: typed, person }: TypedUserCode,
): Promise<FoundUserCode> => {
  const { userCodes, policy, clock, events } = dependencies
  const now = clock.now()
  const counted = await count(dependencies, person, now)
  if (!counted) {
    events.emit({ type: 'too_many_wrong_user_codes', at: now, person })
    return { outcome: 'too_many_attempts', retryAfterMs: policy.wrongCodesWindowMs }
  }
  const userCode = normaliseUserCode(typed, policy)
  if (userCode !== undefined) {
    const opened = await userCodes
      .update(userCode, openUserCode({ person, now, policy }))
      .catch(async (error: unknown) => {
        // An outage tells nothing about the code, so this was no attempt.
        await refund(dependencies, counted.countedAt, now)
        throw error
      })
    if (opened.outcome === 'opened') {
      await refund(dependencies, counted.countedAt, now)
      return { outcome: 'found', grantId: opened.grantId, userCode }
    }
    if (opened.outcome === 'contested') {
      events.emit({ type: 'user_code_contested', at: now, grantId: opened.grantId, person })
    }
  }
  const attemptsLeft = await countWrong(dependencies, counted, now)
  events.emit({ type: 'wrong_user_code', at: now, person, attemptsLeft })
  const retryAfterMs = attemptsLeft > 0 ? undefined : policy.wrongCodesWindowMs
  return { outcome: 'invalid', attemptsLeft, retryAfterMs }
}

interface Counted {
  /** This person's attempts before this one. */
  readonly before: number
  /** The ids of the states in which it was counted. */
  readonly countedAt: readonly string[]
}

/**
 * Counts one attempt, or returns `undefined` if none is left. Only a person's second attempt needs room
 * below the ceiling, so that people who type their codes right share no counter.
 */
const count = async (
  dependencies: LookUpUserCodeDependencies,
  person: string,
  now: number,
): Promise<Counted | undefined> => {
  const { codeAttempts, policy } = dependencies
  const windowMs = policy.wrongCodesWindowMs
  const id = attemptsIdOf(person)
  const limit = policy.wrongCodesPerPerson
  const own = await codeAttempts.update(id, countAttempt({ limit, now, windowMs }))
  if (own.outcome === 'limit_reached') return undefined
  const { before } = own
  if (before < allowedAttempts({ ceilingReached: true, policy })) return { before, countedAt: [id] }
  const everyone = await countForEveryone(dependencies, now)
  if (everyone.outcome === 'counted') return { before, countedAt: [id, EVERYONE] }
  await codeAttempts.update(id, refundAttempt({ at: now, now, windowMs }))
  return undefined
}

/** Counts a wrong attempt towards the ceiling. Returns how many attempts are left after it. */
const countWrong = async (
  dependencies: LookUpUserCodeDependencies,
  { before, countedAt }: Counted,
  now: number,
): Promise<number> => {
  const isCounted = countedAt.includes(EVERYONE)
  const ceilingReached =
    !isCounted && (await countForEveryone(dependencies, now)).outcome === 'limit_reached'
  const allowed = allowedAttempts({ ceilingReached, policy: dependencies.policy })
  return Math.max(0, allowed - before - 1)
}

const countForEveryone = async (
  { codeAttempts, policy }: LookUpUserCodeDependencies,
  now: number,
): Promise<CountedAttempt> => {
  const { wrongCodesOfEveryone: limit, wrongCodesWindowMs: windowMs } = policy
  try {
    return await codeAttempts.update(EVERYONE, countAttempt({ limit, now, windowMs }))
  } catch (error) {
    // Too many attempts at once to count them is the same as too many.
    if (error instanceof StoreConflictError) return { outcome: 'limit_reached' }
    throw error
  }
}

const refund = async (
  { codeAttempts, policy }: LookUpUserCodeDependencies,
  countedAt: readonly string[],
  now: number,
): Promise<void> => {
  const transition = refundAttempt({ at: now, now, windowMs: policy.wrongCodesWindowMs })
  // The code was right. An attempt that cannot be refunded ends with its window.
  await Promise.allSettled(countedAt.map((id) => codeAttempts.update(id, transition)))
}
