import { addressSet } from '@device-grant/http-koa'
import type { Environment, Variables } from './environment.ts'

/** What production needs beyond valid settings. */
export interface ProductionSettings {
  readonly dataDir?: string | undefined
  readonly mongodbUri?: string | undefined
  readonly redisUrl?: string | undefined
  readonly sessionSecretIsRandom: boolean
  readonly trustedProxies: readonly string[]
}

/** Names that people use for other software, and the variable that they mean. */
const LIKELY_MISTAKES: Readonly<Record<string, string>> = {
  REDIS_URI: 'REDIS_URL',
  MONGO_URI: 'MONGODB_URI',
  MONGO_URL: 'MONGODB_URI',
  MONGODB_URL: 'MONGODB_URI',
  ISSUER: 'PUBLIC_URL',
}

/** Public addresses, by family, of networks that share no proxy. */
const STRANGERS: readonly (readonly string[])[] = [
  ['1.1.1.1', '8.8.8.8', '9.9.9.9', '149.112.112.112', '208.67.222.222'],
  ['2001:db8::1', '2001:4860:4860::8888', '2606:4700:4700::1111', '2620:fe::fe', '2a02:6b8::1'],
]

/**
 * Reports what is unsafe in production (`NODE_ENV=production`): a default that is only good for a look
 * around, or a variable that is likely misspelt.
 * @param known the names of all variables
 */
export const checkProduction = (
  environment: Environment,
  { dataDir, mongodbUri, redisUrl, sessionSecretIsRandom, trustedProxies }: ProductionSettings,
  variables: Variables,
  known: readonly string[],
): void => {
  const { errors } = environment
  if (environment.text('PUBLIC_URL') === undefined) {
    errors.push('PUBLIC_URL is required with NODE_ENV=production')
  }
  if (dataDir !== undefined && environment.text('DATA_DIR') === undefined) {
    errors.push(
      'DATA_DIR is required with NODE_ENV=production, or REDIS_URL and MONGODB_URI, because the default ' +
        'is below the current folder (STORES=memory keeps nothing)',
    )
  }
  // With REDIS_URL it is required anyway.
  const keepsKeys = mongodbUri !== undefined && redisUrl === undefined
  if (sessionSecretIsRandom && keepsKeys && dataDir === undefined) {
    errors.push('SESSION_SECRET is required with NODE_ENV=production and a store')
  }
  if (trustsEverybody(trustedProxies)) {
    errors.push('TRUSTED_PROXIES trusts every address, so anyone can send any address or person')
  }
  errors.push(...mistakes(environment, variables, known))
}

/** Whether two strangers are trusted. One alone may be in the range of a public proxy. */
const trustsEverybody = (proxies: readonly string[]): boolean => {
  try {
    const { has } = addressSet(proxies)
    return STRANGERS.some((addresses) => addresses.filter(has).length > 1)
  } catch (error) {
    // What is no address is an error of its own.
    if (error instanceof RangeError) return false
    throw error
  }
}

const mistakes = (
  environment: Environment,
  variables: Variables,
  known: readonly string[],
): string[] => {
  const names = new Set(known)
  const longestFirst = known.toSorted((a, b) => b.length - a.length)
  return Object.keys(variables).flatMap((name) => {
    if (names.has(name)) return []
    const other = LIKELY_MISTAKES[name]
    // Beside the right variable, the name is one of other software.
    if (other !== undefined && environment.text(other) !== undefined) return []
    const meant = other ?? longestFirst.find((each) => isLikely(name, each))
    return meant === undefined ? [] : [`${name} is no setting: did you mean ${meant}?`]
  })
}

/** A short name such as HOST begins names of other software too, for example HOSTNAME. */
const isLikely = (name: string, known: string): boolean =>
  known.includes('_') && name.startsWith(known)
