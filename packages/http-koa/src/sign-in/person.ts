/** A person who has signed in interactively. */
export interface Person {
  /** The owner of the keys: 1 to 256 characters, the same at every sign-in. */
  readonly id: string
  /** The display name. */
  readonly name: string
  /** What the CSRF tokens of the person's forms are bound to, for example the session's id. */
  readonly binding: string
}

/** Whether a text can be a person's id: 1 to 256 characters, none of them a control character. */
export const isPersonId = (id: string): boolean =>
  id.length >= 1 && id.length <= 256 && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(id)
