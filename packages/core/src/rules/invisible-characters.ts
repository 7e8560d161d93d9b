/** Zero-width joiners, which hold Persian and Indic words and family emoji together. */
export const JOINERS = '\u200c\u200d'
const INVISIBLE = new RegExp(`(?![${JOINERS}])[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]`, 'gu')

/**
 * Replaces control, format and direction characters, because they could make a text look like another
 * one. Zero-width joiners stay.
 */
export const replaceInvisible = (text: string, replacement: string): string =>
  text.replace(INVISIBLE, replacement)
