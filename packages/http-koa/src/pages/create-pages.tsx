import { createHash } from 'node:crypto'
import { isValidElement, type JSX } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { ConfirmPage } from './confirm.tsx'
import { EnterCodePage } from './enter-code.tsx'
import { ENTER_CODE_SCRIPT } from './enter-code-script.ts'
import { KeysPage } from './keys.tsx'
import { MessagePage } from './message.tsx'
import type { Asset, Page, PageContext, Pages, PageViews } from './pages.ts'
import { SignInPage } from './sign-in.tsx'
import { STYLE } from './style.ts'
import { de } from './texts/de.ts'
import { en } from './texts/en.ts'
import type { SomeTexts, Texts } from './texts/texts.ts'
import { withChanges } from './texts/with-changes.ts'

/**
 * Renders a page. JSX is escaped, and `Layout` adds the common head and header. A string is sent
 * unchanged, so the template must escape it.
 */
export type Template<View> = (page: Page, view: View) => JSX.Element | string

export interface PagesOptions {
  /**
   * Texts by language tag. They replace those of `en` or `de`, or add a language. Missing texts of an
   * added language are English. For example `{ en: { page: { product: 'Acme' } } }`.
   */
  readonly texts?: Readonly<Record<string, SomeTexts>> | undefined
  /** Templates that replace the built-in ones, by page. */
  readonly templates?: { readonly [Name in keyof PageViews]?: Template<PageViews[Name]> }
  /** More files by name. `style.css` or `enter-code.js` here replaces the built-in file. */
  readonly assets?: Readonly<Record<string, Asset>> | undefined
  /**
   * The language used when a request accepts none of the others.
   * @default 'en'
   */
  readonly defaultLocale?: string | undefined
}

const TEMPLATES: { readonly [Name in keyof PageViews]: Template<PageViews[Name]> } = {
  enterCode: (page, view) => <EnterCodePage page={page} view={view} />,
  confirm: (page, view) => <ConfirmPage page={page} view={view} />,
  message: (page, view) => <MessagePage page={page} view={view} />,
  keys: (page, view) => <KeysPage page={page} view={view} />,
  signIn: (page, view) => <SignInPage page={page} view={view} />,
}

const ASSETS: Readonly<Record<string, Asset>> = {
  'style.css': { type: 'text/css; charset=utf-8', body: STYLE },
  'enter-code.js': { type: 'text/javascript; charset=utf-8', body: ENTER_CODE_SCRIPT },
}

/**
 * Creates the pages for people, in English and German. Texts, templates and files can be replaced.
 * @throws {RangeError} if a language tag is not in canonical form, or `defaultLocale` has no texts
 * @throws {TypeError} if a text does not exist, is empty, or has other placeholders than the English text
 */
export const createPages = (options: PagesOptions = {}): Pages => {
  const catalogs = catalogsOf(options.texts ?? {})
  const { defaultLocale = 'en' } = options
  const defaultTexts = catalogs.get(defaultLocale)
  if (!defaultTexts) throw new RangeError(`defaultLocale ${defaultLocale} has no texts`)
  const locales = [defaultLocale, ...[...catalogs.keys()].filter((tag) => tag !== defaultLocale)]
  const assets = new Map(Object.entries({ ...ASSETS, ...options.assets }))
  const versions = new Map([...assets].map(([name, { body }]) => [name, versionOf(body)]))
  const templates = { ...TEMPLATES, ...options.templates }

  const pageOf = (context: PageContext): Page => {
    const texts = catalogs.get(context.locale)
    return {
      ...context,
      locale: texts ? context.locale : defaultLocale,
      texts: texts ?? defaultTexts,
      asset: (name) => `${context.paths.assets}/${name}?v=${versions.get(name) ?? ''}`,
    }
  }
  const render =
    <View,>(template: Template<View>) =>
    (context: PageContext, view: View): string =>
      toDocument(template(pageOf(context), view))
  return {
    locales,
    assets,
    enterCode: render(templates.enterCode),
    confirm: render(templates.confirm),
    message: render(templates.message),
    keys: render(templates.keys),
    signIn: render(templates.signIn),
  }
}

/** @throws {TypeError} if the template returned no document, rather than send a blank page */
const toDocument = (rendered: unknown): string => {
  if (typeof rendered === 'string' && rendered !== '') return rendered
  if (!isValidElement(rendered)) {
    throw new TypeError('A page template must return JSX or a non-empty string')
  }
  const html = renderToString(rendered)
  if (html === '') {
    throw new TypeError('A page template rendered nothing; is preact installed more than once?')
  }
  return `<!DOCTYPE html>${html}`
}

const catalogsOf = (changes: Readonly<Record<string, SomeTexts>>): ReadonlyMap<string, Texts> => {
  const catalogs = new Map<string, Texts>([
    ['en', en],
    ['de', de],
  ])
  // English first, because its texts fill the gaps of other languages.
  const tags = Object.keys(changes).sort((a, b) => Number(b === 'en') - Number(a === 'en'))
  for (const tag of tags) {
    if (Intl.getCanonicalLocales(tag)[0] !== tag) {
      throw new RangeError(`${tag} is not a language tag in canonical form`)
    }
    const base = catalogs.get(tag) ?? catalogs.get('en') ?? en
    catalogs.set(tag, withChanges(tag, base, changes[tag] ?? {}))
  }
  return catalogs
}

const versionOf = (body: string): string =>
  createHash('sha256').update(body).digest('base64url').slice(0, 10)
