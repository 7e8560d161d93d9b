/** The character of a mask that stands for one random character. */
export const MASK_SIGN = '*'

/** Which characters user codes have, and how they are shown (RFC 8628 section 6.1). */
export interface UserCodeFormat {
  /**
   * The characters of user codes: 2 to 36 different upper-case letters and digits, no look-alikes.
   * @default 'BCDFGHJKLMNPQRSTVWXZ'
   */
  readonly userCodeCharset: string
  /**
   * How a user code is shown: each `*` is one random character, and dash, dot and space are separators.
   * @default '****-****'
   */
  readonly userCodeMask: string
}

/** The number of random characters in a user code. */
export const userCodeLength = ({ userCodeMask }: Pick<UserCodeFormat, 'userCodeMask'>): number =>
  userCodeMask.split(MASK_SIGN).length - 1
