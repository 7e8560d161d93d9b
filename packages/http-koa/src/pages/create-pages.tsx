import { createHash } from 'node:crypto'
import { isValidElement, type JSX } from 'preact'
import { renderToString } from 'preact-render-to-string'
import { AccentColorError, accentColorCss } from './accent-color.ts'
import { APPROVED_SCRIPT } from './approved-script.ts'
import { BuiltInLayout } from './built-in-layout.tsx'
import { ConfirmPage } from './confirm.tsx'
import { CONFIRM_SCRIPT } from './confirm-script.ts'
import { EnterCodePage } from './enter-code.tsx'
import { ENTER_CODE_SCRIPT } from './enter-code-script.ts'
import { HomePage } from './home.tsx'
import { KeysPage } from './keys.tsx'
import { MessagePage } from './message.tsx'
import type {
  Asset,
  BrandLinks,
  Logo,
  Page,
  PageContext,
  PageLayout,
  PagePart,
  Pages,
  PageViews,
} from './pages.ts'
import { SignInPage } from './sign-in.tsx'
import { STYLE } from './style.ts'
import { ar } from './texts/ar.ts'
import { de } from './texts/de.ts'
import { en } from './texts/en.ts'
import { es } from './texts/es.ts'
import { fr } from './texts/fr.ts'
import { languageTagProblem } from './texts/language-tag.ts'
import type { SomeTexts, Texts } from './texts/texts.ts'
import { withChanges } from './texts/with-changes.ts'
import { TIMES_SCRIPT } from './times-script.ts'

/**
 * Renders a page. JSX is escaped, and `Layout` adds the common head and header. A string is sent
 * unchanged, so the template must escape it.
 */
export type Template<View> = (page: Page, view: View) => JSX.Element | string

/** How the built-in frame shows the service that the pages belong to. */
export interface Brand {
  /**
   * The name of the service, in every language.
   * @default the text `page.product`
   */
  readonly product?: string | undefined
  /**
   * The color of links and buttons: `#rrggbb`, or two of them separated by a comma, for the light and the
   * dark scheme. A single color is made lighter for the dark scheme.
   */
  readonly accentColor?: string | undefined
  /** An SVG or PNG picture. It stands before the name, and is the icon of the pages. */
  readonly logo?: Asset | undefined
  readonly links?: BrandLinks | undefined
}

export interface PagesOptions {
  /**
   * The language tags to offer, one at least.
   * @default all built-in languages and those of `texts`
   */
  readonly locales?: readonly string[] | undefined
  /**
   * Texts by language tag. They replace those of a built-in language, or add a language. Missing texts of
   * an added language are English. For example `{ en: { page: { product: 'Acme' } } }`.
   */
  readonly texts?: Readonly<Record<string, SomeTexts>> | undefined
  readonly brand?: Brand | undefined
  /**
   * The frame of every page, which renders the whole document.
   * @default a frame with the head, the person, the languages and the links of `brand`
   */
  readonly layout?: PageLayout | undefined
  /** More elements of the built-in frame's `<head>`. */
  readonly head?: PagePart | undefined
  /** More content of the built-in frame's footer. */
  readonly footer?: PagePart | undefined
  /** CSS that follows the built-in style sheet. */
  readonly css?: string | undefined
  /** Templates that replace the built-in ones, by page. */
  readonly templates?: { readonly [Name in keyof PageViews]?: Template<PageViews[Name]> }
  /** More files by name. `style.css` or `enter-code.js` here replaces the built-in file. */
  readonly assets?: Readonly<Record<string, Asset>> | undefined
  /**
   * The language used when a request accepts none of the others.
   * @default 'en', or the first of `locales` if they have no English
   */
  readonly defaultLocale?: string | undefined
}

const TEMPLATES: { readonly [Name in keyof PageViews]: Template<PageViews[Name]> } = {
  home: (page) => <HomePage page={page} />,
  enterCode: (page, view) => <EnterCodePage page={page} view={view} />,
  confirm: (page, view) => <ConfirmPage page={page} view={view} />,
  message: (page, view) => <MessagePage page={page} view={view} />,
  keys: (page, view) => <KeysPage page={page} view={view} />,
  signIn: (page, view) => <SignInPage page={page} view={view} />,
}

const scriptOf = (body: string): Asset => ({ type: 'text/javascript; charset=utf-8', body })

/** Where a logo may be, by media type. Others could be documents that run scripts. */
const LOGO_NAMES: ReadonlyMap<string, string> = new Map([
  ['image/svg+xml', 'logo.svg'],
  ['image/png', 'logo.png'],
])

/**
 * Creates the pages for people. Languages, texts, colors, the frame, templates and files can be replaced.
 * @throws {RangeError} if a language has no texts, or its tag is not in canonical form
 * @throws {RangeError} if the logo is neither SVG nor PNG
 * @throws {AccentColorError} if the accent color is malformed or has too little contrast
 * @throws {TypeError} if a text does not exist, is empty, or has other placeholders than the English text
 */
export const createPages = (options: PagesOptions = {}): Pages => {
  const { brand = {}, layout = BuiltInLayout, head = nothing, footer = nothing } = options
  const catalogs = catalogsOf(options.texts ?? {})
  const locales = localesOf(options, [...catalogs.keys()])
  const [defaultLocale] = locales
  const logo = brand.logo && logoOf(brand.logo)
  const assets = new Map(
    Object.entries({
      'style.css': styleOf(options),
      'enter-code.js': scriptOf(ENTER_CODE_SCRIPT),
      'confirm.js': scriptOf(CONFIRM_SCRIPT),
      'approved.js': scriptOf(APPROVED_SCRIPT),
      'times.js': scriptOf(TIMES_SCRIPT),
      ...(brand.logo && logo ? { [logo.name]: brand.logo } : {}),
      ...options.assets,
    }),
  )
  const versions = new Map([...assets].map(([name, { body }]) => [name, versionOf(body)]))
  const templates = { ...TEMPLATES, ...options.templates }

  const hasOwnProduct = (locale: string): boolean =>
    (brand.product ?? options.texts?.[locale]?.page?.product) !== undefined

  const pageOf = (context: PageContext): Page => {
    const locale = locales.find((tag) => tag === context.locale) ?? defaultLocale
    const texts = catalogs.get(locale) ?? en
    return {
      ...context,
      locale,
      locales,
      texts,
      product: brand.product ?? texts.page.product,
      hasOwnProduct: hasOwnProduct(locale),
      logo,
      links: brand.links ?? {},
      asset: (name) => `${context.paths.assets}/${name}?v=${versions.get(name) ?? ''}`,
      layout,
      head,
      footer,
    }
  }
  const render =
    <View,>(template: Template<View>) =>
    (context: PageContext, view: View): string =>
      toDocument(template(pageOf(context), view))
  return {
    locales,
    assets,
    home: render(templates.home),
    enterCode: render(templates.enterCode),
    confirm: render(templates.confirm),
    message: render(templates.message),
    keys: render(templates.keys),
    signIn: render(templates.signIn),
  }
}

const nothing = (): undefined => undefined

/** The language tags of the pages, the default language first. */
const localesOf = (
  { locales, defaultLocale }: PagesOptions,
  known: readonly string[],
): readonly [string, ...string[]] => {
  const offered = locales ?? known
  const first = defaultLocale ?? (offered.includes('en') ? 'en' : offered[0])
  if (first === undefined) throw new RangeError('locales needs one language')
  const all = [first, ...offered.filter((tag) => tag !== first)] as const
  for (const tag of all) {
    const option = tag === defaultLocale ? 'defaultLocale' : 'locales'
    if (!known.includes(tag)) throw new RangeError(`${option}: ${tag} has no texts`)
    if (!offered.includes(tag)) throw new RangeError(`locales lacks the defaultLocale ${tag}`)
  }
  return all
}

const logoOf = ({ type }: Asset): Logo => {
  const name = LOGO_NAMES.get(type)
  if (name === undefined)
    throw new RangeError(`brand.logo must be image/svg+xml or image/png, not ${type}`)
  return { name, type }
}

const styleOf = ({ brand, css = '' }: PagesOptions): Asset => {
  const accent = brand?.accentColor === undefined ? '' : accentOf(brand.accentColor)
  return { type: 'text/css; charset=utf-8', body: [STYLE, accent, css].join('') }
}

const accentOf = (color: string): string => {
  try {
    return accentColorCss(color)
  } catch (error) {
    if (!(error instanceof AccentColorError)) throw error
    throw new AccentColorError(`brand.accentColor: ${error.message}`)
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
    ['fr', fr],
    ['es', es],
    ['ar', ar],
  ])
  // English first, because its texts fill the gaps of other languages.
  const tags = Object.keys(changes).sort((a, b) => Number(b === 'en') - Number(a === 'en'))
  for (const tag of tags) {
    const problem = languageTagProblem(tag)
    if (problem !== undefined) throw new RangeError(`texts: ${problem}`)
    const base = catalogs.get(tag) ?? catalogs.get('en') ?? en
    catalogs.set(tag, withChanges(tag, base, changes[tag] ?? {}))
  }
  return catalogs
}

const versionOf = (body: Asset['body']): string =>
  createHash('sha256').update(body).digest('base64url').slice(0, 10)
