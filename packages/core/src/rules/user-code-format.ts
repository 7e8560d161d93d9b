/** The character of a mask that stands for one random character. */
export const MASK_SIGN = '*'

/** Which characters user codes have, and how they are shown (RFC 8628 section 6.1). */
export interface UserCodeFormat {
  /** The characters of user codes: upper-case letters and digits, none twice. */
  readonly userCodeCharset: string
  /** How a user code is shown: each `*` is one random character, the rest are separators. */
  readonly userCodeMask: string
}

/** The number of random characters in a user code. */
export const userCodeLength = ({ userCodeMask }: Pick<UserCodeFormat, 'userCodeMask'>): number =>
  userCodeMask.split(MASK_SIGN).length - 1
