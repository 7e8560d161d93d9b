/** A text in the operator's languages. */
export interface LocalizedText {
  /** The text for every other language. */
  readonly text: string
  /** Translations by language tag, for example `de`. */
  readonly translations?: Readonly<Record<string, string>> | undefined
}

/** The text for a language tag: of the tag itself, else of its language, else the default. */
export const textIn = ({ text, translations = {} }: LocalizedText, locale: string): string => {
  const [language = locale] = locale.split('-', 1)
  const tag = [locale, language].find((name) => Object.hasOwn(translations, name))
  return (tag !== undefined && translations[tag]) || text
}
