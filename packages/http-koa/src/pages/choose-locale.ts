const MAX_LENGTH = 1_000
const MAX_RANGES = 50

/**
 * The language of a page: what `ui_locales` asks for (OpenID Connect: tags by spaces, the dearest first),
 * else what `Accept-Language` does (RFC 9110 section 12.5.4), else the first of `locales`. A tag finds its
 * own language, then a broader one (`de-CH` finds `de`, RFC 4647 section 3.4), then a narrower one
 * (`pt` finds `pt-BR`).
 * @param uiLocales a query parameter as it came; what is no string counts as absent
 * @param locales language tags, the default one first; at least one
 */
export const chooseLocale = (
  uiLocales: unknown,
  acceptLanguage: string | undefined,
  locales: readonly string[],
): string => {
  const accepted = acceptedRanges(acceptLanguage ?? '')
  return askedLocale(uiLocales, locales) ?? firstOf(accepted, locales) ?? locales[0] ?? 'en'
}

/** The language that `ui_locales` alone asks for, if it is one of `locales`. */
export const askedLocale = (uiLocales: unknown, locales: readonly string[]): string | undefined =>
  typeof uiLocales === 'string' ? firstOf(bounded(uiLocales, /\s+/), locales) : undefined

const firstOf = (ranges: readonly string[], locales: readonly string[]): string | undefined => {
  for (const range of ranges) {
    const found = range === '*' ? locales[0] : lookUp(range.toLowerCase(), locales)
    if (found !== undefined) return found
  }
  return undefined
}

const bounded = (text: string, separator: RegExp): string[] =>
  text.slice(0, MAX_LENGTH).split(separator, MAX_RANGES)

/** The ranges of an `Accept-Language`, the dearest first; those with a weight of zero left out. */
const acceptedRanges = (header: string): string[] =>
  bounded(header, /,/)
    .flatMap((part) => {
      const [, range = '', weight = '1'] =
        /^\s*([A-Za-z0-9*-]{1,100})\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/i.exec(part) ?? []
      const q = Number(weight)
      return range !== '' && q > 0 && q <= 1 ? [{ range, q }] : []
    })
    .sort((a, b) => b.q - a.q)
    .map(({ range }) => range)

const lookUp = (range: string, locales: readonly string[]): string | undefined => {
  if (range === '') return undefined
  for (let prefix = range; prefix !== ''; prefix = shorter(prefix)) {
    const found = locales.find((locale) => locale.toLowerCase() === prefix)
    if (found !== undefined) return found
  }
  return locales.find((locale) => locale.toLowerCase().startsWith(`${range}-`))
}

const shorter = (tag: string): string => tag.slice(0, Math.max(0, tag.lastIndexOf('-')))
