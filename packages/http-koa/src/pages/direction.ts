/** The scripts of today's languages that run from right to left, by their code in ISO 15924. */
const RIGHT_TO_LEFT = ['Adlm', 'Arab', 'Hebr', 'Nkoo', 'Rohg', 'Syrc', 'Thaa']

type Direction = 'ltr' | 'rtl'

const directions = new Map<string, Direction>()

/** The writing direction of a language. It is found once, because a page asks for each language. */
export const directionOf = (locale: string): Direction => {
  const known = directions.get(locale)
  if (known) return known
  const { script = '' } = new Intl.Locale(locale).maximize()
  const found = RIGHT_TO_LEFT.includes(script) ? 'rtl' : 'ltr'
  directions.set(locale, found)
  return found
}
