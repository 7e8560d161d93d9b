import { hmacText, isSameText } from '../crypto.ts'

/** The only person who may approve a request. It is kept with the user code. Every member has to hold. */
export interface Approver {
  /** The owner of the API key that came with the request. */
  readonly owner?: string | undefined
  /** What the `login_hint` of the request was, which cannot be read back. */
  readonly hint?: HintMark | undefined
}

/** A login hint as it is stored: two keyed hashes, because a hint names an id or an e-mail address. */
export interface HintMark {
  readonly id: string
  readonly email: string
}

/** A person, by everything that a login hint may name. */
export interface HintedPerson {
  readonly person: string
  /** An e-mail address that the sign-in has verified. */
  readonly email?: string | undefined
}

/** Marks login hints, and compares them with people. */
export interface LoginHints {
  /** What to store of a hint. The id of the grant is the salt. */
  mark(hint: string, grantId: string): HintMark
  /** Whether a mark names this person. */
  names(mark: HintMark, grantId: string, person: HintedPerson): boolean
}

/**
 * Makes login hints. A person's id is compared exactly, an e-mail address without regard to case.
 * @param secrets returns the secrets at present. The first one marks. The others are for marks of before a
 * rotation.
 */
export const createLoginHints = (secrets: () => readonly [string, ...string[]]): LoginHints => {
  const hash = (secret: string, kind: keyof HintMark, grantId: string, text: string): string =>
    hmacText(secret, JSON.stringify(['login_hint', kind, grantId, text]))
  return {
    mark: (hint, grantId) => {
      const [secret] = secrets()
      return {
        id: hash(secret, 'id', grantId, hint),
        email: hash(secret, 'email', grantId, hint.toLowerCase()),
      }
    },
    names: (mark, grantId, { person, email }) =>
      secrets().some(
        (secret) =>
          isSameText(mark.id, hash(secret, 'id', grantId, person)) ||
          (email !== undefined &&
            isSameText(mark.email, hash(secret, 'email', grantId, email.toLowerCase()))),
      ),
  }
}

/** Whether a person may approve. A hint that cannot be compared any more names no person. */
export const isApprover = (
  { owner, hint }: Approver,
  grantId: string,
  person: HintedPerson,
  loginHints: LoginHints | undefined,
): boolean =>
  (owner === undefined || owner === person.person) &&
  (hint === undefined || loginHints?.names(hint, grantId, person) === true)
