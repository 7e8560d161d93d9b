import type { VNode } from 'preact'

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * What somebody else wrote, fit to be shown: no control, format or direction signs, which could make it
 * read like something else, and no longer than `most` characters.
 */
export const plainText = (value: string, most = 120): string => {
  const signs = Array.from(value.replace(UNSEEN, '\u{fffd}'))
  return signs.length <= most ? signs.join('') : `${signs.slice(0, most - 1).join('')}…`
}

/** What somebody else wrote, kept apart from the direction of the text around it. */
export const Untrusted = ({
  children,
  most,
}: {
  readonly children: string
  /** Characters. Default: 120. */
  readonly most?: number | undefined
}): VNode => <bdi>{plainText(children, most)}</bdi>
