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
    const { text, error } = readSecretFile(name, path)
    if (error !== undefined) errors.push(error)
    if (text !== undefined) secrets[name] = text
  }
  return { secrets, errors }
}

/** Reads one file. An empty one has an error beside its text. */
const readSecretFile = (
  name: string,
  path: string,
): { readonly text?: string; readonly error?: string } => {
  try {
    const text = readFileSync(path, 'utf8').trim()
    return text === '' ? { text, error: `${name}_FILE is empty` } : { text }
  } catch (error) {
    return { error: `${name}_FILE cannot be read: ${(error as NodeJS.ErrnoException).code}` }
  }
}
