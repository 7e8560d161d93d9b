import { randomBelow } from '../crypto.ts'
import type { Policy } from './policy.ts'
import type { Keepable, Transition } from './transition.ts'
import { MASK_SIGN, userCodeLength } from './user-code-format.ts'

const MAX_TYPED = 64

/** A random user code as it is stored, without the mask's separators (RFC 8628 section 6.1). */
export const newUserCode = (policy: Policy): string => {
  const { userCodeCharset: charset, userCodeMask: mask } = policy
  let code = ''
  for (const sign of mask) if (sign === MASK_SIGN) code += charset[randomBelow(charset.length)]
  return code
}

/** The user code as people see it: `WDJBMJHT` in the mask `****-****` is `WDJB-MJHT`. */
export const showUserCode = (code: string, policy: Policy): string => {
  let at = 0
  return Array.from(policy.userCodeMask, (sign) => (sign === MASK_SIGN ? code[at++] : sign)).join(
    '',
  )
}

/**
 * What somebody typed, as a stored code: any case, any separators, full-width letters too. O, I and L count
 * as 0 and 1 where the charset has those and not the letters. Independent of the locale (RFC 8628 section 6.1).
 * @returns `undefined` when it cannot be a code
 */
export const normaliseUserCode = (typed: string, policy: Policy): string | undefined => {
  if (typed.length > MAX_TYPED) return undefined
  const { userCodeCharset: charset } = policy
  let code = ''
  for (const sign of typed) {
    const ascii = toAsciiUpperCase(sign)
    if (charset.includes(ascii)) code += ascii
    else if (ascii === 'O' && charset.includes('0')) code += '0'
    else if ((ascii === 'I' || ascii === 'L') && charset.includes('1')) code += '1'
  }
  return code.length === userCodeLength(policy) ? code : undefined
}

const toAsciiUpperCase = (sign: string): string => {
  const point = sign.codePointAt(0) ?? 0
  const narrow = point >= 0xff01 && point <= 0xff5e ? point - 0xfee0 : point
  return String.fromCodePoint(narrow >= 0x61 && narrow <= 0x7a ? narrow - 0x20 : narrow)
}

/** Which grant a user code stands for, and who has it open. Its id is the stored user code. */
export interface UserCodeClaim extends Keepable {
  readonly grantId: string
  /** The person who opened the code's page last. */
  readonly openedBy?: string
  /** Until then nobody else can open it, epoch milliseconds. */
  readonly openedUntil?: number
}

/** Takes a user code for a grant, unless another grant still has it. */
export const claimUserCode =
  (
    grantId: string,
    keepUntil: number,
    now: number,
  ): Transition<UserCodeClaim, 'claimed' | 'taken'> =>
  (current) =>
    current && now < current.keepUntil && current.grantId !== grantId
      ? { next: current, reply: 'taken' }
      : { next: { grantId, keepUntil }, reply: 'claimed' }

/** The grant that an opened code stands for; `contested` while another person has it open. */
export type OpenedUserCode =
  | { readonly outcome: 'opened'; readonly grantId: string }
  | { readonly outcome: 'contested'; readonly grantId: string }
  | { readonly outcome: 'unknown' }

/** A person opens a user code, and has it alone for a while. */
export const openUserCode =
  (person: string, now: number, policy: Policy): Transition<UserCodeClaim, OpenedUserCode> =>
  (current) => {
    if (!current || now >= current.keepUntil)
      return { next: current, reply: { outcome: 'unknown' } }
    const { grantId, keepUntil, openedBy, openedUntil } = current
    if (openedBy !== undefined && openedBy !== person && now < (openedUntil ?? 0)) {
      return { next: current, reply: { outcome: 'contested', grantId } }
    }
    return {
      next: { grantId, keepUntil, openedBy: person, openedUntil: now + policy.openedForMs },
      reply: { outcome: 'opened', grantId },
    }
  }
