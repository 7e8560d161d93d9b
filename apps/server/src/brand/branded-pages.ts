import { createPages, type Pages } from '@device-grant/http-koa'
import type { Logger } from 'pino'
import type { BrandSettings } from './brand-settings.ts'
import { loadBrandFiles } from './load-brand-files.ts'
import { missingByLanguage } from './load-texts.ts'

/**
 * Creates the pages that the settings describe. It logs which texts of added languages are missing.
 * @throws {ConfigError} if the logo or the file of texts has a mistake; it names all of them
 */
export const brandedPages = async (settings: BrandSettings, log: Logger): Promise<Pages> => {
  const { logo, texts } = await loadBrandFiles(settings)
  const missing = missingByLanguage(texts, createPages().locales)
  if (Object.keys(missing).length > 0) {
    log.warn({ missing }, 'TEXTS_FILE lacks texts, which are shown in English')
  }
  const { product, accentColor, supportUrl, privacyUrl, imprintUrl } = settings
  const links = { support: supportUrl, privacy: privacyUrl, imprint: imprintUrl }
  return createPages({ texts, brand: { product, accentColor, logo, links } })
}
