import { readFileSync } from 'node:fs'
import type { Variables } from './environment.ts'

/** Variables that hold a secret. Each may be in a file instead, which `NAME_FILE` names. */
export const SECRET_VARIABLES: readonly string[] = [
  'SESSION_SECRET',
  'OIDC_CLIENT_SECRET',
  'REDIS_URL',
  'MONGODB_URI',
  'WEBHOOK_SECRET',
  'WEBHOOK_URL',
]

/** Whether a variable names the file of a secret. */
export const hasSecretFile = (variables: Variables): boolean =>
  SECRET_VARIABLES.some((name) => Boolean(variables[`${name}_FILE`]?.trim()))

/** Reads the secrets that are in files. `errors` has a text for each file that cannot be read. */
export const readSecretFiles = (
  variables: Variables,
): { readonly secrets: Variables; readonly errors: readonly string[] } => {
  const errors: string[] = []
  const secrets: Record<string, string> = {}
  for (const name of SECRET_VARIABLES) {
    const path = variables[`${name}_FILE`]?.trim()
    if (!path) continue
    if (variables[name]?.trim()) {
      errors.push(`${name} and ${name}_FILE are both set`)
      continue
    }
    try {
      const secret = readFileSync(path, 'utf8').trim()
      if (secret === '') errors.push(`${name}_FILE is empty`)
      secrets[name] = secret
    } catch (error) {
      errors.push(`${name}_FILE cannot be read: ${(error as NodeJS.ErrnoException).code}`)
    }
  }
  return { secrets, errors }
}
