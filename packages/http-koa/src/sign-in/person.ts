import { MAX_PERSON_ID } from '../http/max-person-id.ts'

/** A person who has signed in interactively. The router throws at any other value of a member. */
export interface Person {
  /** The owner of the keys, the same at every sign-in: 1 to 256 characters, no control character. */
  readonly id: string
  /** The display name. */
  readonly name: string
  /** What the CSRF tokens of the person's forms are bound to, for example the session's id. Not empty. */
  readonly binding: string
  /**
   * An e-mail address that the sign-in has verified, for login hints.
   * @default login hints name the person by the id only
   */
  readonly email?: string | undefined
  /**
   * When the person last proved who they are, epoch milliseconds. Approvals that need a fresh sign-in are
   * refused without it.
   * @default unknown
   */
  readonly signedInAt?: number | undefined
}

/** Whether a text can be a person's id: 1 to 256 characters, none of them a control character. */
export const isPersonId = (id: string): boolean =>
  id.length >= 1 && id.length <= MAX_PERSON_ID && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(id)

/**
 * Checks what a sign-in method returned as the person of a request.
 * @throws {TypeError} if a member has a wrong type or value; the message names the member
 */
export const checkPerson = (person: unknown): Person | undefined => {
  if (person === undefined || person === null) return undefined
  if (typeof person !== 'object') throw new TypeError(`SignIn.person() returned a ${typeof person}`)
  const { id, name, binding, email, signedInAt } = person as Partial<Record<keyof Person, unknown>>
  if (typeof id !== 'string' || !isPersonId(id)) {
    const form = `a string of 1 to ${MAX_PERSON_ID} characters, none of them a control character`
    throw new TypeError(`SignIn.person(): id must be ${form}, not ${describe(id)}`)
  }
  if (typeof name !== 'string') {
    throw new TypeError(`SignIn.person(): name must be a string, not ${describe(name)}`)
  }
  if (typeof binding !== 'string' || binding === '') {
    throw new TypeError(
      `SignIn.person(): binding must be a string that is not empty, not ${describe(binding)}`,
    )
  }
  if (email !== undefined && typeof email !== 'string') {
    throw new TypeError(`SignIn.person(): email must be a string, not ${describe(email)}`)
  }
  if (signedInAt !== undefined && !Number.isFinite(signedInAt)) {
    throw new TypeError(`SignIn.person(): signedInAt must be a number, not ${describe(signedInAt)}`)
  }
  return {
    id,
    name,
    binding,
    ...(email === undefined ? {} : { email }),
    ...(typeof signedInAt === 'number' ? { signedInAt } : {}),
  }
}

/** Describes a value without its content, which may be secret. */
const describe = (value: unknown): string =>
  typeof value === 'string' ? `a string of ${value.length} characters` : typeof value
