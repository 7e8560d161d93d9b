import { randomBelow } from '../crypto.ts'
import type { Policy } from './policy.ts'
import type { Retained, Transition } from './transition.ts'
import { MASK_SIGN, type UserCodeFormat, userCodeLength } from './user-code-format.ts'

const MAX_TYPED = 64

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

/**
 * Turns typed text into a stored user code (RFC 8628 section 6.1). Accepts any case, any separators
 * and full-width letters. O, I and L count as 0 and 1 if the charset has only the digits.
 * @returns `undefined` if the text cannot be a code
 */
export const normaliseUserCode = (typed: string, format: UserCodeFormat): string | undefined => {
  if (typed.length > MAX_TYPED) return undefined
  const { userCodeCharset: charset } = format
  let code = ''
  for (const sign of typed) {
    const ascii = toAsciiUpperCase(sign)
    if (charset.includes(ascii)) code += ascii
    else if (ascii === 'O' && charset.includes('0')) code += '0'
    else if ((ascii === 'I' || ascii === 'L') && charset.includes('1')) code += '1'
  }
  return code.length === userCodeLength(format) ? code : undefined
}

// toUpperCase would depend on the locale in some engines and map other letters to ASCII.
const toAsciiUpperCase = (sign: string): string => {
  const point = sign.codePointAt(0) ?? 0
  const narrow = point >= 0xff01 && point <= 0xff5e ? point - 0xfee0 : point
  return String.fromCodePoint(narrow >= 0x61 && narrow <= 0x7a ? narrow - 0x20 : narrow)
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

/** The grant behind an opened code. `contested` means that another person has it open. */
export type OpenedUserCode =
  | { readonly outcome: 'opened' | 'contested'; readonly grantId: string }
  | { readonly outcome: 'no_such_code' }

/** A person opens a user code. No other person can open it for `openedForMs`. */
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
    const { grantId, keepUntil, openedBy, openedUntil = 0 } = current
    if (openedBy !== undefined && openedBy !== person && now < openedUntil) {
      return { next: current, reply: { outcome: 'contested', grantId } }
    }
    return {
      next: { grantId, keepUntil, openedBy: person, openedUntil: now + policy.openedForMs },
      reply: { outcome: 'opened', grantId },
    }
  }
