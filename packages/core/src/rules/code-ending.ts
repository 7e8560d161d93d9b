import type { Safeguard } from './safeguard.ts'
import { readSigns } from './typed-user-code.ts'
import type { UserCodeFormat } from './user-code-format.ts'

/** How many characters of the user code a person types again. */
export const CODE_ENDING_LENGTH = 4

/**
 * The person has to type the last four characters of the user code, so that a link with a code is not
 * enough to approve (RFC 10027 section 6.1.16). They are read as a typed user code is.
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
