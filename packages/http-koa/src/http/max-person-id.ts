/** The longest id of a person, in UTF-16 code units. */
export const MAX_PERSON_ID = 256
