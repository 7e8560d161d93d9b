import { AccentColorError, accentColorCss, isHttpsOrLoopback } from '@device-grant/http-koa'
import type { Environment } from '../environment.ts'

/** Whose pages the server shows. All of it is optional. */
export interface BrandSettings {
  /** The name of the service. */
  readonly product?: string | undefined
  /** `#rrggbb`, or two of them for the light and the dark scheme. */
  readonly accentColor?: string | undefined
  /** An SVG or PNG file. */
  readonly logoFile?: string | undefined
  readonly supportUrl?: string | undefined
  readonly privacyUrl?: string | undefined
  readonly imprintUrl?: string | undefined
  /** A JSON file of texts by language. */
  readonly textsFile?: string | undefined
}

/** Titles and headers have room for so many characters. */
const MAX_PRODUCT = 40

/** Reads the variables that say whose pages the server shows. */
export const readBrand = (environment: Environment): BrandSettings => ({
  product: readProduct(environment),
  accentColor: readAccentColor(environment),
  logoFile: environment.text('LOGO_FILE'),
  supportUrl: readLink(environment, 'SUPPORT_URL'),
  privacyUrl: readLink(environment, 'PRIVACY_URL'),
  imprintUrl: readLink(environment, 'IMPRINT_URL'),
  textsFile: environment.text('TEXTS_FILE'),
})

const readProduct = (environment: Environment): string | undefined => {
  const product = environment.text('PRODUCT_NAME')
  if (product === undefined) return undefined
  if (Array.from(product).length > MAX_PRODUCT || /[\p{Cc}\p{Zl}\p{Zp}]/u.test(product)) {
    environment.errors.push(`PRODUCT_NAME must be one line of ${MAX_PRODUCT} characters at most`)
  }
  return product
}

const readAccentColor = (environment: Environment): string | undefined => {
  const color = environment.text('ACCENT_COLOR')
  try {
    if (color !== undefined) accentColorCss(color)
  } catch (error) {
    if (!(error instanceof AccentColorError)) throw error
    environment.errors.push(`ACCENT_COLOR ${error.message}`)
  }
  return color
}

const readLink = (environment: Environment, name: string): string | undefined => {
  const url = environment.text(name)
  if (url !== undefined && !isHttpsOrLoopback(url)) {
    environment.errors.push(`${name} must be an https URL, or an http URL on loopback`)
  }
  return url
}
