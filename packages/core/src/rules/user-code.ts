import { randomBelow } from '../crypto.ts'
import type { Policy } from './policy.ts'
import type { Retained, Transition } from './transition.ts'
import { MASK_SIGN, type UserCodeFormat } from './user-code-format.ts'

/** A random user code as it is stored, without the mask's separators (RFC 8628 section 6.1). */
export const newUserCode = ({ userCodeCharset, userCodeMask }: UserCodeFormat): string => {
  let code = ''
  for (const sign of userCodeMask) {
    if (sign === MASK_SIGN) code += userCodeCharset[randomBelow(userCodeCharset.length)]
  }
  return code
}

/** The user code as people see it: `WDJBMJHT` in the mask `****-****` is `WDJB-MJHT`. */
export const showUserCode = (code: string, { userCodeMask }: UserCodeFormat): string => {
  let at = 0
  return Array.from(userCodeMask, (sign) => (sign === MASK_SIGN ? code[at++] : sign)).join('')
}

/** The grant that a user code stands for, and the person who has it open. Its id is the stored user code. */
export interface UserCodeClaim extends Retained {
  readonly grantId: string
  /** The person who opened the code last. */
  readonly openedBy?: string | undefined
  /** No other person can open the code earlier, epoch milliseconds. */
  readonly openedUntil?: number | undefined
}

/** Claims a user code for a grant, unless another grant still has it. */
export const claimUserCode =
  ({
    grantId,
    keepUntil,
    now,
  }: {
    readonly grantId: string
    /** Epoch milliseconds. */
    readonly keepUntil: number
    /** Epoch milliseconds. */
    readonly now: number
  }): Transition<UserCodeClaim, 'claimed' | 'taken'> =>
  (current) =>
    current && now < current.keepUntil && current.grantId !== grantId
      ? { next: current, reply: 'taken' }
      : { next: { grantId, keepUntil }, reply: 'claimed' }

/** The grant behind an opened code, or why it stays closed. */
export type OpenedUserCode =
  | {
      readonly outcome: 'opened'
      readonly grantId: string
      /** When this person first opened the code, epoch milliseconds. */
      readonly openedAt: number
    }
  | {
      /** Another person has it open. */
      readonly outcome: 'contested'
      readonly grantId: string
      /** Their hold ends after so many milliseconds. */
      readonly retryAfterMs: number
    }
  | { readonly outcome: 'no_such_code' }

/**
 * A person opens a user code. No other person can open it for `openedForMs` after this person's first
 * look. Further looks do not lengthen the hold.
 */
export const openUserCode =
  ({
    person,
    now,
    policy,
  }: {
    readonly person: string
    /** Epoch milliseconds. */
    readonly now: number
    readonly policy: Policy
  }): Transition<UserCodeClaim, OpenedUserCode> =>
  (current) => {
    if (!current || now >= current.keepUntil) {
      return { next: current, reply: { outcome: 'no_such_code' } }
    }
    const { grantId, openedBy, openedUntil = 0 } = current
    if (openedBy === person) {
      const openedAt = openedUntil - policy.openedForMs
      return { next: current, reply: { outcome: 'opened', grantId, openedAt } }
    }
    // A clock that was set back must not lengthen a hold.
    const heldFor = Math.min(openedUntil - now, policy.openedForMs)
    if (openedBy !== undefined && heldFor > 0) {
      return { next: current, reply: { outcome: 'contested', grantId, retryAfterMs: heldFor } }
    }
    return {
      next: { ...current, openedBy: person, openedUntil: now + policy.openedForMs },
      reply: { outcome: 'opened', grantId, openedAt: now },
    }
  }

/** A person lets a user code go, so that another one can open it at once. */
export const releaseUserCode =
  (person: string): Transition<UserCodeClaim, void> =>
  (current) => {
    if (!current || current.openedBy !== person) return { next: current, reply: undefined }
    const { openedBy: _, openedUntil: __, ...released } = current
    return { next: released, reply: undefined }
  }
