import { randomBelow } from '../crypto.ts'
import { type Approver, isApprover, type LoginHints } from './approver.ts'
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
  /** The only person who may open the code. Absent: every person. */
  readonly approver?: Approver | undefined
  /** The people who opened the code or tried to. Kept only if the policy has a `contestedLimit`. */
  readonly people?: readonly string[] | undefined
}

/** Claims a user code for a grant, unless another grant still has it. */
export const claimUserCode =
  ({
    grantId,
    keepUntil,
    approver,
    now,
  }: {
    readonly grantId: string
    /** Epoch milliseconds. */
    readonly keepUntil: number
    readonly approver?: Approver | undefined
    /** Epoch milliseconds. */
    readonly now: number
  }): Transition<UserCodeClaim, 'claimed' | 'taken'> =>
  (current) =>
    current && now < current.keepUntil && current.grantId !== grantId
      ? { next: current, reply: 'taken' }
      : {
          next: approver ? { grantId, keepUntil, approver } : { grantId, keepUntil },
          reply: 'claimed',
        }

/** The grant behind an opened code, or why it stays closed. */
export type OpenedUserCode =
  | {
      readonly outcome: 'opened'
      readonly grantId: string
      /** When this person first opened the code, epoch milliseconds. */
      readonly openedAt: number
      /** This person, if an API key of theirs came with the request. */
      readonly sender?: string | undefined
    }
  | {
      /** Another person has it open. */
      readonly outcome: 'contested'
      readonly grantId: string
      /** Their hold ends after so many milliseconds. */
      readonly retryAfterMs: number
    }
  | {
      /** So many people have opened the code, or tried to, that it ends. */
      readonly outcome: 'ended'
      readonly grantId: string
      /** Present for the person who opened the code last, epoch milliseconds. */
      readonly openedAt?: number | undefined
      /** This person, if an API key of theirs came with the request. */
      readonly sender?: string | undefined
    }
  /** There is no such code, or none for this person. */
  | { readonly outcome: 'no_such_code' }

/**
 * A person opens a user code. No other person can open it for `openedForMs` after this person's first
 * look. Further looks do not lengthen the hold. A code for another person is as if there were none.
 */
export const openUserCode =
  ({
    person,
    email,
    now,
    policy,
    loginHints,
  }: {
    readonly person: string
    /** An e-mail address that the sign-in has verified. */
    readonly email?: string | undefined
    /** Epoch milliseconds. */
    readonly now: number
    readonly policy: Policy
    readonly loginHints?: LoginHints | undefined
  }): Transition<UserCodeClaim, OpenedUserCode> =>
  (found) => {
    if (!found || now >= found.keepUntil) {
      return { next: found, reply: { outcome: 'no_such_code' } }
    }
    const { grantId, openedBy, openedUntil = 0, approver } = found
    if (approver && !isApprover(approver, grantId, { person, email }, loginHints)) {
      return { next: found, reply: { outcome: 'no_such_code' } }
    }
    const sender = approver?.owner === undefined ? {} : { sender: approver.owner }
    const current = withPerson(found, person, policy)
    const openedAt = openedUntil - policy.openedForMs
    if (isContestedTooOften(current, policy)) {
      const own = openedBy === person ? { openedAt, ...sender } : {}
      return { next: current, reply: { outcome: 'ended', grantId, ...own } }
    }
    if (openedBy === person) {
      return { next: current, reply: { outcome: 'opened', grantId, openedAt, ...sender } }
    }
    // A clock that was set back must not lengthen a hold.
    const heldFor = Math.min(openedUntil - now, policy.openedForMs)
    if (openedBy !== undefined && heldFor > 0) {
      return { next: current, reply: { outcome: 'contested', grantId, retryAfterMs: heldFor } }
    }
    return {
      next: { ...current, openedBy: person, openedUntil: now + policy.openedForMs },
      reply: { outcome: 'opened', grantId, openedAt: now, ...sender },
    }
  }

/** Notes one more person. The list never grows beyond the limit that ends the code. */
const withPerson = (
  claim: UserCodeClaim,
  person: string,
  { contestedLimit }: Policy,
): UserCodeClaim => {
  const { people = [] } = claim
  return contestedLimit === 0 || people.length >= contestedLimit || people.includes(person)
    ? claim
    : { ...claim, people: [...people, person] }
}

const isContestedTooOften = ({ people = [] }: UserCodeClaim, { contestedLimit }: Policy): boolean =>
  contestedLimit > 0 && people.length >= contestedLimit

/** A person lets a user code go, so that another one can open it at once. */
export const releaseUserCode =
  (person: string): Transition<UserCodeClaim, void> =>
  (current) => {
    if (!current) return { next: current, reply: undefined }
    const { openedBy, openedUntil, people, ...code } = current
    const isHolder = openedBy === person
    if (!isHolder && !people?.includes(person)) return { next: current, reply: undefined }
    // The person signs in with another account, which counts instead.
    const others = people && { people: people.filter((other) => other !== person) }
    const holder = isHolder ? {} : { openedBy, openedUntil }
    return { next: { ...code, ...holder, ...others }, reply: undefined }
  }
