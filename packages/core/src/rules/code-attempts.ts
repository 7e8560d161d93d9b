import { sha256 } from '../crypto.ts'
import type { Policy } from './policy.ts'
import type { Retained, Transition } from './transition.ts'

/** One counted attempt. Its id makes a repeated refund harmless. */
export interface CodeAttempt {
  readonly id: string
  /** Epoch milliseconds. */
  readonly at: number
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
    }
  | { readonly outcome: 'limit_reached' }

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

/** Counts one attempt, unless `limit` attempts are already counted within the last `windowMs`. */
export const countAttempt =
  ({
    id,
    limit,
    now,
    windowMs,
  }: {
    /** The id of this attempt. */
    readonly id: string
    readonly limit: number
    /** Epoch milliseconds. */
    readonly now: number
    readonly windowMs: number
  }): Transition<CodeAttempts, CountedAttempt> =>
  (current) => {
    const others = withinWindow(current, now, windowMs).filter((attempt) => attempt.id !== id)
    if (others.length >= limit) return { next: current, reply: { outcome: 'limit_reached' } }
    return {
      next: kept([...others, { id, at: now }], windowMs),
      reply: { outcome: 'counted', before: others.length },
    }
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
