/** The longest text that a person may type or paste into a field, in UTF-16 code units. */
export const MAX_TYPED = 512
