/** Somebody who has signed in interactively. */
export interface Person {
  /** Whose the keys are: at most 256 characters, the same at every sign-in. */
  readonly id: string
  /** As shown to them. */
  readonly name: string
  /** What a form of theirs is bound to: their session, or what else only they have. */
  readonly binding: string
}

/** Whether a text can be a person's id: 1 to 256 characters, none of them a control character. */
export const isPersonId = (id: string): boolean =>
  id.length >= 1 && id.length <= 256 && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(id)
