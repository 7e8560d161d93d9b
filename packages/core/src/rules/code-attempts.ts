import { sha256 } from '../crypto.ts'
import type { Policy } from './policy.ts'
import type { Retained, Transition } from './transition.ts'

/** The attempts at user codes that are counted within the current window. */
export interface CodeAttempts extends Retained {
  /** When each attempt was counted, epoch milliseconds. */
  readonly attempts: readonly number[]
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

/** Servers' clocks differ, so the last attempt need not be the newest. */
const kept = (attempts: readonly number[], windowMs: number): CodeAttempts => ({
  attempts,
  keepUntil: Math.max(...attempts) + windowMs,
})

const withinWindow = (
  current: CodeAttempts | undefined,
  now: number,
  windowMs: number,
): readonly number[] => current?.attempts.filter((at) => at > now - windowMs) ?? []

/** Counts one attempt, unless `limit` attempts are already counted within the last `windowMs`. */
export const countAttempt =
  ({
    limit,
    now,
    windowMs,
  }: {
    readonly limit: number
    /** Epoch milliseconds. */
    readonly now: number
    readonly windowMs: number
  }): Transition<CodeAttempts, CountedAttempt> =>
  (current) => {
    const attempts = withinWindow(current, now, windowMs)
    if (attempts.length >= limit) return { next: current, reply: { outcome: 'limit_reached' } }
    return {
      next: kept([...attempts, now], windowMs),
      reply: { outcome: 'counted', before: attempts.length },
    }
  }

/** Removes the attempt that was counted at `at`, because its code was right. */
export const refundAttempt =
  ({
    at,
    now,
    windowMs,
  }: {
    /** Epoch milliseconds. */
    readonly at: number
    /** Epoch milliseconds. */
    readonly now: number
    readonly windowMs: number
  }): Transition<CodeAttempts, void> =>
  (current) => {
    const place = current?.attempts.indexOf(at) ?? -1
    if (!current || place < 0) return { next: current, reply: undefined }
    const rest = { ...current, attempts: current.attempts.toSpliced(place, 1) }
    const attempts = withinWindow(rest, now, windowMs)
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
