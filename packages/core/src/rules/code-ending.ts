import type { Safeguard } from './safeguard.ts'
import { readSigns } from './typed-user-code.ts'
import type { UserCodeFormat } from './user-code-format.ts'

/** How many characters of the user code a person types again. */
export const CODE_ENDING_LENGTH = 4

/**
 * The person types the last four characters of the user code (RFC 10027 section 6.1.16). A link with a code
 * alone then approves nothing. They are read as a typed user code is.
 */
export const codeEnding = ({
  userCodeCharset,
}: Pick<UserCodeFormat, 'userCodeCharset'>): Safeguard => ({
  needForApproval: ({ userCode, statement: { codeEnding: typed } }) => ({
    need: 'code_ending',
    isMet:
      typed !== undefined &&
      readSigns(typed, userCodeCharset) === userCode.slice(-CODE_ENDING_LENGTH),
  }),
})
