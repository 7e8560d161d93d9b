import type { Policy } from '@device-grant/core'
import type { Environment } from './environment.ts'

const SECONDS = { min: 1, max: 1_000_000_000 }

/** How long keys may work and be unused, as the variables say it. Absent members have defaults. */
export const readKeyLifetimes = (environment: Environment): Partial<Policy> => {
  const isSet = (name: string): boolean => environment.text(name) !== undefined
  if (isSet('API_KEY_TTL') && isSet('API_KEY_LIFETIMES')) {
    environment.errors.push('API_KEY_TTL and API_KEY_LIFETIMES are both set: keep one of them')
  }
  const lifetimes = isSet('API_KEY_TTL')
    ? [environment.wholeNumber('API_KEY_TTL', { byDefault: undefined, ...SECONDS })]
    : environment.wholeNumbers('API_KEY_LIFETIMES', SECONDS)
  const known = lifetimes.filter((seconds) => seconds !== undefined)
  const longest = environment.wholeNumber('API_KEY_MAX_TTL', { byDefault: undefined, ...SECONDS })
  const idle = environment.wholeNumber('API_KEY_IDLE', { byDefault: 0, ...SECONDS, min: 0 })
  return {
    ...(known.length > 0 && { keyLifetimesMs: known.map((seconds) => seconds * 1000) }),
    ...(longest !== undefined && { maxKeyLifetimeMs: longest * 1000 }),
    keyIdleMs: idle * 1000,
  }
}

/** The variables that the members of the policy come from. The longest lifetime has two sources. */
export const keyLifetimeVariables = (
  environment: Environment,
): Readonly<Record<string, string>> => {
  const lifetimes = environment.text('API_KEY_TTL') ? 'API_KEY_TTL' : 'API_KEY_LIFETIMES'
  return {
    keyLifetimesMs: lifetimes,
    maxKeyLifetimeMs: environment.text('API_KEY_MAX_TTL') ? 'API_KEY_MAX_TTL' : lifetimes,
    keyIdleMs: 'API_KEY_IDLE',
  }
}
