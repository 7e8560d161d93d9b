import { randomMark } from '../crypto.ts'
import type { Clock, Events, StateStore } from '../ports.ts'
import type { LoginHints } from '../rules/approver.ts'
import {
  allowedAttempts,
  attemptsIdOf,
  type CodeAttempts,
  type CountedAttempt,
  countAttempt,
  EVERYONE,
  refundAttempt,
  settleAttempt,
} from '../rules/code-attempts.ts'
import type { Refusal } from '../rules/decision.ts'
import type { DeviceInfo } from '../rules/device-authorization-request.ts'
import { type DeviceGrant, endGrant } from '../rules/device-grant.ts'
import type { Policy } from '../rules/policy.ts'
import { readTypedText } from '../rules/typed-user-code.ts'
import { type OpenedUserCode, openUserCode, type UserCodeClaim } from '../rules/user-code.ts'
import { StoreConflictError } from '../store-errors.ts'

/** A signed-in person and the user code that they typed. */
export interface TypedUserCode {
  readonly userCode: string
  /** The person's id. */
  readonly person: string
  /** An e-mail address of the person that the sign-in has verified. */
  readonly email?: string | undefined
  /** When the person last signed in, epoch milliseconds. Absent if that is unknown. */
  readonly signedInAt?: number | undefined
  /** The person's browser, for events. It is recorded beside the device, never mixed with it. */
  readonly browser?: DeviceInfo | undefined
}

/** The ports of every use case that takes a typed user code. */
export interface LookUpUserCodeDependencies {
  readonly grants: StateStore<DeviceGrant>
  readonly userCodes: StateStore<UserCodeClaim>
  readonly codeAttempts: StateStore<CodeAttempts>
  readonly policy: Policy
  readonly clock: Clock
  readonly events: Events
  /** @default codes with a login hint are for no person */
  readonly loginHints?: LoginHints | undefined
}

/** The grant of a typed user code, or why this person may not see it. */
export type FoundUserCode =
  | {
      readonly outcome: 'found'
      readonly grantId: string
      /** The user code as it is stored. */
      readonly userCode: string
      /** When this person first opened the code, epoch milliseconds. */
      readonly openedAt: number
      /** This person, if an API key of theirs came with the request. */
      readonly sender?: string | undefined
    }
  /** So many people have opened the code, or tried to, that it has ended. */
  | { readonly outcome: 'expired' }
  | Extract<
      Refusal,
      {
        readonly outcome:
          | 'malformed'
          | 'invalid'
          | 'too_many_attempts'
          | 'attempts_in_progress'
          | 'contested'
      }
    >

/**
 * Finds the grant of a typed user code and opens the code for the person. The attempt is counted before
 * the look-up and refunded if the code exists, so that parallel guesses count (RFC 8628 section 5.1).
 * Text that cannot be a code costs nothing.
 * @throws {StoreError} if it is unknown whether the code was opened; no attempt is counted
 */
export const lookUpUserCode = async (
  dependencies: LookUpUserCodeDependencies,
  { userCode: typed, person, email, browser }: TypedUserCode,
): Promise<FoundUserCode> => {
  const { policy, clock, events } = dependencies
  const text = readTypedText(typed, policy)
  if (text.outcome === 'malformed') return { ...text, charset: policy.userCodeCharset }
  const now = clock.now()
  const countedAt = new Set<string>()
  const attempt = { id: randomMark(), person, email, browser, now, countedAt }
  try {
    const counted = await count(dependencies, attempt)
    switch (counted.outcome) {
      case 'limit_reached':
        events.emit({ type: 'too_many_wrong_user_codes', at: now, person, browser })
        return { outcome: 'too_many_attempts', retryAfterMs: policy.wrongCodesWindowMs }
      case 'in_progress':
        return { outcome: 'attempts_in_progress', retryAfterMs: RETRY_SOON_MS }
      case 'counted':
        return await open(dependencies, attempt, counted, text.userCode)
    }
  } catch (error) {
    // An outage tells nothing about the code, so this was no attempt.
    await refund(dependencies, attempt)
    throw error
  }
}

/** A look-up takes less, in milliseconds. */
const RETRY_SOON_MS = 1_000

interface Attempt {
  readonly id: string
  readonly person: string
  readonly email: string | undefined
  readonly browser: DeviceInfo | undefined
  readonly now: number
  /** The ids of the states in which it is or may be counted. */
  readonly countedAt: Set<string>
}

/** An attempt that may look its code up. */
interface Counted {
  readonly outcome: 'counted'
  /** Whether it was counted for everyone too. */
  readonly isCountedForEveryone: boolean
}

/** An attempt that may not. */
type NotCounted = Exclude<CountedAttempt, { readonly outcome: 'counted' }>

const open = async (
  dependencies: LookUpUserCodeDependencies,
  attempt: Attempt,
  counted: Counted,
  userCode: string,
): Promise<FoundUserCode> => {
  const { userCodes, policy, events, loginHints } = dependencies
  const { person, email, browser, now } = attempt
  const opened: OpenedUserCode = await userCodes.update(
    userCode,
    openUserCode({ person, email, now, policy, loginHints }),
  )
  switch (opened.outcome) {
    case 'opened': {
      await refund(dependencies, attempt)
      const { grantId, openedAt, sender } = opened
      return { outcome: 'found', grantId, userCode, openedAt, sender }
    }
    case 'contested': {
      await refund(dependencies, attempt)
      const { grantId, retryAfterMs } = opened
      events.emit({ type: 'user_code_contested', at: now, grantId, person, browser })
      return { outcome: 'contested', retryAfterMs }
    }
    case 'ended': {
      await refund(dependencies, attempt)
      const { grantId, openedAt, sender } = opened
      await end(dependencies, attempt, grantId)
      return openedAt === undefined
        ? { outcome: 'expired' }
        : { outcome: 'found', grantId, userCode, openedAt, sender }
    }
    case 'no_such_code': {
      const attemptsLeft = await countWrong(dependencies, attempt, counted)
      events.emit({ type: 'wrong_user_code', at: now, person, browser, attemptsLeft })
      const retryAfterMs = attemptsLeft > 0 ? undefined : policy.wrongCodesWindowMs
      return { outcome: 'invalid', attemptsLeft, retryAfterMs }
    }
  }
}

/** Ends the grant of a code that too many people opened. Repeating it is harmless. */
const end = async (
  { grants, events, policy: { contestedLimit: people } }: LookUpUserCodeDependencies,
  { person, browser, now }: Attempt,
  grantId: string,
): Promise<void> => {
  if (await grants.update(grantId, endGrant(now))) {
    events.emit({ type: 'contested_code_ended', at: now, grantId, person, browser, people })
  }
}

/**
 * Counts one attempt. Only a person's second attempt needs room below the ceiling, so that people who
 * type their codes right share no counter.
 */
const count = async (
  dependencies: LookUpUserCodeDependencies,
  attempt: Attempt,
): Promise<Counted | NotCounted> => {
  const { codeAttempts, policy } = dependencies
  const { id, person, now, countedAt } = attempt
  const { wrongCodesPerPerson: limit, wrongCodesWindowMs: windowMs } = policy
  const ownId = attemptsIdOf(person)
  countedAt.add(ownId)
  const own = await codeAttempts.update(
    ownId,
    countAttempt({ id, inProgress: true, limit, now, windowMs }),
  )
  if (own.outcome !== 'counted') return own
  const allowed = allowedAttempts({ ceilingReached: true, policy })
  if (own.before < allowed) return { outcome: 'counted', isCountedForEveryone: false }
  const everyone = await countForEveryone(dependencies, attempt)
  if (everyone.outcome === 'counted') return { outcome: 'counted', isCountedForEveryone: true }
  await refund(dependencies, attempt)
  return own.wrongBefore < allowed ? { outcome: 'in_progress' } : everyone
}

/** Counts a wrong attempt towards the ceiling. Returns how many attempts are left after it. */
const countWrong = async (
  dependencies: LookUpUserCodeDependencies,
  attempt: Attempt,
  { isCountedForEveryone }: Counted,
): Promise<number> => {
  const { codeAttempts, policy } = dependencies
  const { id, person, now } = attempt
  const { wrongCodesWindowMs: windowMs } = policy
  const wrong = await codeAttempts.update(
    attemptsIdOf(person),
    settleAttempt({ id, now, windowMs }),
  )
  const ceilingReached =
    !isCountedForEveryone && (await countForEveryone(dependencies, attempt)).outcome !== 'counted'
  const allowed = allowedAttempts({ ceilingReached, policy })
  return Math.max(0, allowed - wrong)
}

const countForEveryone = async (
  { codeAttempts, policy }: LookUpUserCodeDependencies,
  { id, now, countedAt }: Attempt,
): Promise<CountedAttempt> => {
  const { wrongCodesOfEveryone: limit, wrongCodesWindowMs: windowMs } = policy
  countedAt.add(EVERYONE)
  try {
    const transition = countAttempt({ id, inProgress: false, limit, now, windowMs })
    return await codeAttempts.update(EVERYONE, transition)
  } catch (error) {
    // Attempts of other people were counted first, so this one can be counted soon.
    if (error instanceof StoreConflictError) return { outcome: 'in_progress' }
    throw error
  }
}

const refund = async (
  { codeAttempts, policy }: LookUpUserCodeDependencies,
  { id, now, countedAt }: Attempt,
): Promise<void> => {
  const transition = refundAttempt({ id, now, windowMs: policy.wrongCodesWindowMs })
  const refunds = Array.from(countedAt, (counter) => codeAttempts.update(counter, transition))
  // An attempt that cannot be refunded ends with its window.
  await Promise.allSettled(refunds)
}
