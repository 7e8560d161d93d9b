import { sha256 } from '../crypto.ts'
import type { Policy } from './policy.ts'
import type { Keepable, Transition } from './transition.ts'

/** The times of the tries charged within the last window, epoch milliseconds. */
export interface Window extends Keepable {
  readonly charges: readonly number[]
}

/** Where the tries of everybody together are counted. No person's window has this id. */
export const EVERYBODY = 'everybody'

/** The id of a person's window. */
export const windowIdOf = (person: string): string => sha256(person)

/** Whether there was a try left to charge. */
export type Charge =
  | {
      readonly outcome: 'charged'
      /** Tries charged within the window before this one. */
      readonly before: number
    }
  | { readonly outcome: 'full' }

const running = (window: Window | undefined, now: number, windowMs: number): readonly number[] =>
  window?.charges.filter((at) => at > now - windowMs) ?? []

/** Servers' clocks differ a little, so the last charge need not be the newest. */
const kept = (charges: readonly number[], windowMs: number): Window => ({
  charges,
  keepUntil: Math.max(...charges) + windowMs,
})

/** Charges one try, unless `limit` tries are charged within the last `windowMs` already. */
export const chargeTry =
  (limit: number, now: number, windowMs: number): Transition<Window, Charge> =>
  (current) => {
    const charges = running(current, now, windowMs)
    if (charges.length >= limit) return { next: current, reply: { outcome: 'full' } }
    return {
      next: kept([...charges, now], windowMs),
      reply: { outcome: 'charged', before: charges.length },
    }
  }

/** Gives the try charged at `at` back. */
export const giveTryBack =
  (at: number, now: number, windowMs: number): Transition<Window, void> =>
  (current) => {
    const place = current?.charges.indexOf(at) ?? -1
    if (!current || place < 0) return { next: current, reply: undefined }
    const charges = running(
      { ...current, charges: current.charges.toSpliced(place, 1) },
      now,
      windowMs,
    )
    return {
      next: charges.length === 0 ? undefined : kept(charges, windowMs),
      reply: undefined,
    }
  }

/** How many tries a person has in a window: one, while everybody together is past the ceiling. */
export const allowanceOf = (ceilingReached: boolean, policy: Policy): number =>
  ceilingReached ? Math.min(1, policy.wrongCodesPerPerson) : policy.wrongCodesPerPerson
