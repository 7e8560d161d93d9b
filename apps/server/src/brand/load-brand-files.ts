import { ConfigError } from '../config.ts'
import type { BrandSettings } from './brand-settings.ts'
import { loadLogo } from './load-logo.ts'
import { loadTexts } from './load-texts.ts'

/** What the files of the settings hold. */
export interface BrandFiles {
  readonly logo: Exclude<Awaited<ReturnType<typeof loadLogo>>, string> | undefined
  readonly texts: Awaited<ReturnType<typeof loadTexts>>['texts']
}

/**
 * Reads the logo and the file of texts.
 * @throws {ConfigError} if one of them has a mistake; it names all of them
 */
export const loadBrandFiles = async ({
  logoFile,
  textsFile,
}: BrandSettings): Promise<BrandFiles> => {
  const logo = logoFile === undefined ? undefined : await loadLogo(logoFile)
  const { texts, errors } =
    textsFile === undefined ? { texts: {}, errors: [] } : await loadTexts(textsFile)
  const mistakes = [
    ...(typeof logo === 'string' ? [`LOGO_FILE ${logo}`] : []),
    ...errors.map((error) => `TEXTS_FILE: ${error}`),
  ]
  if (typeof logo === 'string' || mistakes.length > 0) throw new ConfigError(mistakes)
  return { logo, texts }
}
