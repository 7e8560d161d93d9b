import { sha256 } from '../crypto.ts'
import type { Policy } from './policy.ts'
import type { Retained, Transition } from './transition.ts'

/**
 * The time at which all keys of a person were revoked. Grants that were approved earlier give no key
 * any more, even if their keys were not found.
 */
export interface CutOff extends Retained {
  /** Epoch milliseconds. */
  readonly at: number
}

/** The id of a person's cut-off. It is a hash, because some stores limit the characters of ids. */
export const ownerCutOffId = (owner: string): string => sha256(`owner ${owner}`)

/** How far two servers' clocks may differ, in milliseconds. */
const CLOCK_SKEW_MS = 1_000

/** Sets a cut-off at `now`, epoch milliseconds. It is kept as long as a grant can live. */
export const setCutOff =
  ({ now, policy }: { readonly now: number; readonly policy: Policy }): Transition<CutOff, void> =>
  (current) => {
    const at = Math.max(now, current?.at ?? 0)
    const lifetimeMs = policy.codeLifetimeMs + policy.keepAfterExpiryMs + CLOCK_SKEW_MS
    return { next: { at, keepUntil: at + lifetimeMs }, reply: undefined }
  }

/** Whether a grant approved at `approvedAt`, epoch milliseconds, gives no key any more. */
export const isCutOff = (cutOff: CutOff | undefined, approvedAt: number): boolean =>
  cutOff !== undefined && approvedAt <= cutOff.at + CLOCK_SKEW_MS
