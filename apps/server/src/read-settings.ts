import { readAdminTokens } from './admin/read-admin-tokens.ts'
import type { BrandSettings } from './brand/brand-settings.ts'
import { loadClientFiles } from './clients/load-client-files.ts'
import { ConfigError, examineConfig, type Settings } from './config.ts'
import type { Variables } from './environment.ts'
import { loadStoreUrlChecks } from './store-url-checks.ts'

/**
 * Reads the settings, and looks for mistakes in the files that they name.
 * @throws {ConfigError} if a variable or a file has a mistake; it names all mistakes
 */
export const readSettings = async (variables: Variables): Promise<Settings> => {
  const checks = await loadStoreUrlChecks(variables)
  const { settings, errors } = examineConfig(variables, checks)
  const { adminTokensFile, brand } = settings
  const inFiles = await Promise.all([
    mistakesOf(loadClientFiles(settings)),
    adminTokensFile === undefined ? [] : mistakesOf(readAdminTokens(adminTokensFile)),
    mistakesOfBrand(brand),
  ])
  const all = [...errors, ...inFiles.flat()]
  if (all.length > 0) throw new ConfigError(all)
  return settings
}

/** Parsers of logos and texts are only loaded if there are such files. */
const mistakesOfBrand = async (brand: BrandSettings): Promise<readonly string[]> => {
  if (brand.logoFile === undefined && brand.textsFile === undefined) return []
  const { loadBrandFiles } = await import('./brand/load-brand-files.ts')
  return mistakesOf(loadBrandFiles(brand))
}

const mistakesOf = async (reading: Promise<unknown>): Promise<readonly string[]> => {
  try {
    await reading
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.errors
    throw error
  }
}
