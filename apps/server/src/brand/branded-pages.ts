import { createPages, type Pages } from '@device-grant/http-koa'
import type { Logger } from 'pino'
import { ConfigError } from '../config.ts'
import type { BrandSettings } from './brand-settings.ts'
import { loadLogo } from './load-logo.ts'
import { loadTexts, missingByLanguage } from './load-texts.ts'

/**
 * Creates the pages that the settings describe. It logs which texts of added languages are missing.
 * @throws {ConfigError} if the logo or the file of texts has a mistake; it names all of them
 */
export const brandedPages = async (settings: BrandSettings, log: Logger): Promise<Pages> => {
  const { product, accentColor, logoFile, textsFile } = settings
  const logo = logoFile === undefined ? undefined : await loadLogo(logoFile)
  const { texts, errors } =
    textsFile === undefined ? { texts: {}, errors: [] } : await loadTexts(textsFile)
  const mistakes = [
    ...(typeof logo === 'string' ? [`LOGO_FILE ${logo}`] : []),
    ...errors.map((error) => `TEXTS_FILE: ${error}`),
  ]
  if (typeof logo === 'string' || mistakes.length > 0) throw new ConfigError(mistakes)
  const missing = missingByLanguage(texts, createPages().locales)
  if (Object.keys(missing).length > 0) {
    log.warn({ missing }, 'TEXTS_FILE lacks texts, which are shown in English')
  }
  const { supportUrl: support, privacyUrl: privacy, imprintUrl: imprint } = settings
  const links = { support, privacy, imprint }
  return createPages({ texts, brand: { product, accentColor, logo, links } })
}
