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
import { en, type Texts } from './texts/en.ts'

/** Some groups of a catalog, and some texts of each. */
export type SomeTexts = { readonly [G in keyof Texts]?: Partial<Texts[G]> }

/**
 * A page of one's own, a whole document. JSX is rendered with everything escaped (`Layout` gives
 * it the common head and header); a `string` is sent as it is, so escaping is up to who writes it.
 */
export type Template<View> = (page: Page, view: View) => JSX.Element | string

export interface PagesOptions {
  /**
   * Texts by language tag: changes to a built-in language (`en`, `de`), or another one. What a language
   * leaves out is English. For example `{ en: { page: { product: 'Acme' } } }`.
   */
  readonly texts?: Readonly<Record<string, SomeTexts>> | undefined
  /** Pages that replace the built-in ones. */
  readonly templates?: { readonly [Name in keyof PageViews]?: Template<PageViews[Name]> }
  /** Files by name, beside the built-in ones or instead of them: `style.css` gives another look. */
  readonly assets?: Readonly<Record<string, Asset>> | undefined
  /** The language when nothing fits. Default: `en`. */
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
 * The pages that people see, in English and German; texts, templates and files can be replaced.
 * @throws {RangeError} naming a language tag that is none, or a default language without texts
 */
export const createPages = (options: PagesOptions = {}): Pages => {
  const catalogs = catalogsOf(options.texts ?? {})
  const standard = options.defaultLocale ?? 'en'
  const standardTexts = catalogs.get(standard)
  if (!standardTexts) throw new RangeError(`There are no texts for the language ${standard}`)
  const locales = [standard, ...[...catalogs.keys()].filter((locale) => locale !== standard)]
  const assets = new Map(Object.entries({ ...ASSETS, ...options.assets }))
  const versions = new Map([...assets].map(([name, { body }]) => [name, versionOf(body)]))
  const templates = { ...TEMPLATES, ...options.templates }

  const pageOf = (context: PageContext): Page => {
    const texts = catalogs.get(context.locale)
    return {
      ...context,
      locale: texts ? context.locale : standard,
      texts: texts ?? standardTexts,
      asset: (name) => `${context.paths.assets}/${name}?v=${versions.get(name) ?? ''}`,
    }
  }
  const render =
    <View,>(template: Template<View>) =>
    (context: PageContext, view: View): string =>
      documentOf(template(pageOf(context), view))
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

/** @throws {TypeError} it is no document: better a fault that is heard of than a blank page */
const documentOf = (made: unknown): string => {
  if (typeof made === 'string' && made !== '') return made
  if (!isValidElement(made)) throw new TypeError('A template of a page made neither JSX nor a text')
  const html = renderToString(made)
  if (html === '') {
    throw new TypeError('A template of a page made nothing; is there more than one copy of preact?')
  }
  return `<!DOCTYPE html>${html}`
}

const catalogsOf = (changes: Readonly<Record<string, SomeTexts>>): ReadonlyMap<string, Texts> => {
  const catalogs = new Map<string, Texts>([
    ['en', en],
    ['de', de],
  ])
  // English first: it fills the gaps of others.
  const tags = Object.keys(changes).sort((a, b) => Number(b === 'en') - Number(a === 'en'))
  for (const tag of tags) {
    if (Intl.getCanonicalLocales(tag)[0] !== tag) {
      throw new RangeError(`${tag} is not how a language tag is written`)
    }
    const base = catalogs.get(tag) ?? catalogs.get('en') ?? en
    catalogs.set(tag, withChanges(base, changes[tag] ?? {}))
  }
  return catalogs
}

const withChanges = (base: Texts, changes: SomeTexts): Texts => ({
  page: { ...base.page, ...changes.page },
  device: { ...base.device, ...changes.device },
  enterCode: { ...base.enterCode, ...changes.enterCode },
  confirm: { ...base.confirm, ...changes.confirm },
  message: { ...base.message, ...changes.message },
  messages: { ...base.messages, ...changes.messages },
  keys: { ...base.keys, ...changes.keys },
  signIn: { ...base.signIn, ...changes.signIn },
})

const versionOf = (body: string): string =>
  createHash('sha256').update(body).digest('base64url').slice(0, 10)
