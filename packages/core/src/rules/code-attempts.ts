import { sha256 } from '../crypto.ts'
import type { Policy } from './policy.ts'
import type { Retained, Transition } from './transition.ts'

/** One counted attempt. Its id makes a repeated refund harmless. */
export interface CodeAttempt {
  readonly id: string
  /** Epoch milliseconds. */
  readonly at: number
  /** Present while the code is looked up: the attempt is refunded if the code is right. */
  readonly inProgress?: true | undefined
}

/** The attempts at user codes that are counted within the current window. */
export interface CodeAttempts extends Retained {
  readonly attempts: readonly CodeAttempt[]
}

/** The id of the attempts of everyone together. It is never a person's, because those are hashes. */
export const EVERYONE = 'everyone'

/** The id of a person's attempts. */
export const attemptsIdOf = (person: string): string => sha256(person)

/** Whether an attempt was counted, or the limit was reached before. */
export type CountedAttempt =
  | {
      readonly outcome: 'counted'
      /** Attempts counted within the window before this one. */
      readonly before: number
      /** Those of `before` whose code was wrong. */
      readonly wrongBefore: number
    }
  | { readonly outcome: 'limit_reached' }
  /** The limit was reached, but some attempts are in progress and may be refunded. */
  | { readonly outcome: 'in_progress' }

/** How long a look-up takes at most, in milliseconds. An older attempt counts as wrong. */
const LOOK_UP_MS = 10_000

/** How far two servers' clocks may differ, in milliseconds. */
const CLOCK_SKEW_MS = 1_000

/** Servers' clocks differ, so the last attempt need not be the newest. */
const kept = (attempts: readonly CodeAttempt[], windowMs: number): CodeAttempts => ({
  attempts,
  keepUntil: Math.max(...attempts.map(({ at }) => at)) + windowMs,
})

/** Attempts of the future do not count, because a clock that was set back would lengthen the limit. */
const withinWindow = (
  current: CodeAttempts | undefined,
  now: number,
  windowMs: number,
): readonly CodeAttempt[] =>
  current?.attempts.filter(({ at }) => at > now - windowMs && at <= now + CLOCK_SKEW_MS) ?? []

const isWrong = ({ at, inProgress }: CodeAttempt, now: number): boolean =>
  inProgress !== true || at <= now - LOOK_UP_MS

/** Counts one attempt, unless `limit` attempts are already counted within the last `windowMs`. */
export const countAttempt =
  ({
    id,
    inProgress,
    limit,
    now,
    windowMs,
  }: {
    /** The id of this attempt. */
    readonly id: string
    /** Whether the code is not looked up yet. */
    readonly inProgress: boolean
    readonly limit: number
    /** Epoch milliseconds. */
    readonly now: number
    readonly windowMs: number
  }): Transition<CodeAttempts, CountedAttempt> =>
  (current) => {
    const others = withinWindow(current, now, windowMs).filter((attempt) => attempt.id !== id)
    const wrongBefore = others.filter((attempt) => isWrong(attempt, now)).length
    if (others.length >= limit) {
      const outcome = wrongBefore >= limit ? 'limit_reached' : 'in_progress'
      return { next: current, reply: { outcome } }
    }
    const attempt: CodeAttempt = { id, at: now, ...(inProgress && { inProgress }) }
    return {
      next: kept([...others, attempt], windowMs),
      reply: { outcome: 'counted', before: others.length, wrongBefore },
    }
  }

/** Ends the progress of an attempt whose code was wrong. Returns how many were wrong with it. */
export const settleAttempt =
  ({
    id,
    now,
    windowMs,
  }: {
    /** The id of the attempt. */
    readonly id: string
    /** Epoch milliseconds. */
    readonly now: number
    readonly windowMs: number
  }): Transition<CodeAttempts, number> =>
  (current) => {
    const others = withinWindow(current, now, windowMs).filter((attempt) => attempt.id !== id)
    const wrongBefore = others.filter((attempt) => isWrong(attempt, now)).length
    return { next: kept([...others, { id, at: now }], windowMs), reply: wrongBefore + 1 }
  }

/** Removes an attempt, because its code was right or could not be looked up. */
export const refundAttempt =
  ({
    id,
    now,
    windowMs,
  }: {
    /** The id of the attempt. */
    readonly id: string
    /** Epoch milliseconds. */
    readonly now: number
    readonly windowMs: number
  }): Transition<CodeAttempts, void> =>
  (current) => {
    if (!current?.attempts.some((attempt) => attempt.id === id)) {
      return { next: current, reply: undefined }
    }
    const attempts = withinWindow(current, now, windowMs).filter((attempt) => attempt.id !== id)
    const next = attempts.length === 0 ? undefined : kept(attempts, windowMs)
    return { next, reply: undefined }
  }

/** How many attempts a person has in a window: one while everyone together is past the ceiling. */
export const allowedAttempts = ({
  ceilingReached,
  policy,
}: {
  readonly ceilingReached: boolean
  readonly policy: Policy
}): number =>
  ceilingReached ? Math.min(1, policy.wrongCodesPerPerson) : policy.wrongCodesPerPerson
