import { replaceInvisible } from '@device-grant/core'
import type { VNode } from 'preact'
import { NOT_TRANSLATED } from './not-translated.ts'

/**
 * Prepares a text from a client or a person for display. Control, format and direction characters become
 * U+FFFD, because they could make the text look like another one.
 * @param maxLength in characters; a longer text is cut
 */
export const printableText = (value: string, maxLength = 120): string => {
  const characters = Array.from(replaceInvisible(value, '\u{fffd}'))
  return characters.length <= maxLength
    ? characters.join('')
    : `${characters.slice(0, maxLength - 1).join('')}…`
}

/**
 * A text from a client or a person. It is isolated from the direction of the text around it, and browsers
 * do not translate it, because people compare it.
 */
export const PrintableText = ({
  children,
  maxLength,
}: {
  readonly children: string
  /** In characters. Default: 120. */
  readonly maxLength?: number | undefined
}): VNode => <bdi {...NOT_TRANSLATED}>{printableText(children, maxLength)}</bdi>
