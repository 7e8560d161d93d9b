import { DEFAULT_POLICY } from '@device-grant/core'
import type { Variables } from './environment.ts'

/** The beginnings of admin tokens and secrets of webhooks. */
const SECRET_PREFIXES: readonly string[] = ['dga_', 'whsec_']

/** Any longer text may be a secret. Keys have 73 characters and their prefix. */
const MAX_LENGTH = 40

/** Says that an argument is unknown. What may be a key or another secret is not repeated. */
export const unknownArgument = (argument: string, variables: Variables): string => {
  const prefix = variables['API_KEY_PREFIX']?.trim() || DEFAULT_POLICY.keyPrefix
  const mayBeSecret =
    argument.length > MAX_LENGTH ||
    argument.includes('://') ||
    [prefix, ...SECRET_PREFIXES].some((start) => argument.includes(start))
  return `Unknown argument${mayBeSecret ? '' : ` ${argument}`}. Environment variables configure the server, see --help.`
}
