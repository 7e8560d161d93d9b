import type { VNode } from 'preact'
import { directionOf } from './direction.ts'
import type { Page } from './pages.ts'

/** The links of the service, the other languages of the page, and what the application adds. */
export const Footer = ({ page }: { readonly page: Page }): VNode | undefined => {
  const { support, privacy, imprint } = page.links
  const texts = page.texts.page
  const links = [
    [support, texts.support],
    [privacy, texts.privacy],
    [imprint, texts.imprint],
  ] as const
  const shown = links.filter(([href]) => href !== undefined)
  const more = page.footer(page)
  const hasLanguages = page.query !== undefined && page.locales.length > 1
  if (shown.length === 0 && !hasLanguages && !more) return undefined
  return (
    <footer class="band">
      {hasLanguages && <Languages page={page} query={page.query ?? ''} />}
      {shown.length > 0 && (
        <ul>
          {shown.map(([href, label]) => (
            <li key={label}>
              <a href={href}>{label}</a>
            </li>
          ))}
        </ul>
      )}
      {more}
    </footer>
  )
}

/** Links to this page in each language. They keep the rest of its address. */
const Languages = ({ page, query }: { readonly page: Page; readonly query: string }): VNode => (
  <nav aria-label={page.texts.page.languages}>
    <ul>
      {page.locales.map((locale) => (
        <li key={locale}>
          <a
            href={`?${inLanguage(query, locale)}`}
            lang={locale}
            dir={directionOf(locale)}
            hreflang={locale}
            {...(locale === page.locale ? { 'aria-current': 'true' as const } : {})}
          >
            {nameOf(locale)}
          </a>
        </li>
      ))}
    </ul>
  </nav>
)

const inLanguage = (query: string, locale: string): string => {
  const parameters = new URLSearchParams(query)
  parameters.set('ui_locales', locale)
  return parameters.toString()
}

const names = new Map<string, string>()

/** The name of a language in itself, for example `Français`. */
const nameOf = (locale: string): string => {
  const known = names.get(locale)
  if (known !== undefined) return known
  const name = new Intl.DisplayNames([locale], { type: 'language' }).of(locale) ?? locale
  const [first = '', ...rest] = name
  const made = first.toLocaleUpperCase(locale) + rest.join('')
  names.set(locale, made)
  return made
}
