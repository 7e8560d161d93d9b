import type { LocalizedText } from '@device-grant/core'
import type { CheckText, JsonMembers } from './json-place.ts'

const LANGUAGE_TAG = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/

/** Checks a text that pages show. */
const checkShown =
  (most: number): CheckText =>
  (text) => {
    const isOneLine = !/\p{Cc}/u.test(text) && text.trim() !== ''
    return isOneLine && [...text].length <= most
      ? undefined
      : `must be 1 to ${most} characters in one line`
  }

/**
 * Reads a text and its translations: a member such as `client_name`, and others such as `client_name#de`
 * (RFC 7591 section 2.2). Translations need the text itself too.
 */
export const readLocalized = (
  members: JsonMembers,
  name: string,
  { isRequired = false, most }: { readonly isRequired?: boolean; readonly most: number },
): LocalizedText | undefined => {
  const check = checkShown(most)
  const tagged = members.takeAll(`${name}#`)
  const isNeeded = isRequired || tagged.length > 0
  const text = (isNeeded ? members.takeRequired(name) : members.take(name))?.text(check)
  const translations = tagged.flatMap(([tag, member]) => {
    if (!LANGUAGE_TAG.test(tag)) member.refuse('must have a language tag after #, such as de')
    const translation = member.text(check)
    return translation === undefined ? [] : [[tag, translation] as const]
  })
  if (text === undefined) return undefined
  return translations.length === 0
    ? { text }
    : { text, translations: Object.fromEntries(translations) }
}
