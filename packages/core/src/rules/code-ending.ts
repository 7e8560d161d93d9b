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
  name: 'code_ending',
  needForApproval: ({ userCode, statement: { codeEnding: typed } }) => ({
    need: 'code_ending',
    isMet:
      typed !== undefined &&
      readSigns(typed, userCodeCharset) === userCode.slice(-CODE_ENDING_LENGTH),
  }),
})

/** The last characters of a user code as devices show it, for a person who has typed all of it. */
export const endingOf = (userCode: string): string =>
  userCode.replace(/[^A-Z0-9]/g, '').slice(-CODE_ENDING_LENGTH)

/**
 * A user code as devices show it, with a dot for each of its last characters, so that they can only be read
 * from the device.
 */
export const withoutEnding = (userCode: string): string => userCode.replace(ENDING, '•')

const ENDING = new RegExp(
  `[A-Z0-9](?=[^A-Z0-9]*(?:[A-Z0-9][^A-Z0-9]*){0,${CODE_ENDING_LENGTH - 1}}$)`,
  'g',
)
