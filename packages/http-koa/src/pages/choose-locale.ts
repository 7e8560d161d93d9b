const MAX_LENGTH = 1_000
const MAX_RANGES = 50

/**
 * Chooses the language of a page. `ui_locales` comes first (OpenID Connect Core 1.0 section 3.1.2.1), then
 * `Accept-Language` (RFC 9110 section 12.5.4), then the first of `locales`. A language range matches the
 * same tag, else a broader one (`de-CH` matches `de`, RFC 4647 section 3.4), else a narrower one
 * (`pt` matches `pt-BR`).
 * @param uiLocales the query parameter; anything but a string counts as absent
 * @param locales language tags, the default first; at least one
 */
export const chooseLocale = (
  uiLocales: unknown,
  acceptLanguage: string | undefined,
  locales: readonly string[],
): string => {
  const accepted = acceptedRanges(acceptLanguage ?? '')
  return askedLocale(uiLocales, locales) ?? firstMatch(accepted, locales) ?? locales[0] ?? 'en'
}

/** The language that `ui_locales` asks for, if it is one of `locales`. */
export const askedLocale = (uiLocales: unknown, locales: readonly string[]): string | undefined =>
  typeof uiLocales === 'string' ? firstMatch(splitBounded(uiLocales, /\s+/), locales) : undefined

const firstMatch = (ranges: readonly string[], locales: readonly string[]): string | undefined => {
  for (const range of ranges) {
    const found = range === '*' ? locales[0] : matchRange(range.toLowerCase(), locales)
    if (found !== undefined) return found
  }
  return undefined
}

const splitBounded = (text: string, separator: RegExp): string[] =>
  text.slice(0, MAX_LENGTH).split(separator, MAX_RANGES)

/** The ranges of an `Accept-Language` header, preferred first, without those of weight 0. */
const acceptedRanges = (header: string): string[] =>
  splitBounded(header, /,/)
    .flatMap((part) => {
      const [, range = '', weight = '1'] =
        /^\s*([A-Za-z0-9*-]{1,100})\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/i.exec(part) ?? []
      const q = Number(weight)
      return range !== '' && q > 0 && q <= 1 ? [{ range, q }] : []
    })
    .sort((a, b) => b.q - a.q)
    .map(({ range }) => range)

const matchRange = (range: string, locales: readonly string[]): string | undefined => {
  if (range === '') return undefined
  for (let prefix = range; prefix !== ''; prefix = withoutLastSubtag(prefix)) {
    const found = locales.find((locale) => locale.toLowerCase() === prefix)
    if (found !== undefined) return found
  }
  return locales.find((locale) => locale.toLowerCase().startsWith(`${range}-`))
}

const withoutLastSubtag = (tag: string): string => tag.slice(0, Math.max(0, tag.lastIndexOf('-')))
