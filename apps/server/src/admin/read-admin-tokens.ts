import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { ConfigError } from '../config.ts'

/** A token of an operator, as its hash. */
export interface AdminToken {
  /** Log lines and events name the operator so. */
  readonly name: string
  /** The SHA-256 of the token, base64url without padding. */
  readonly hash: string
}

/** The hash of a token, as the file has it after `sha256:`. */
export const adminTokenHash = (token: string): string =>
  createHash('sha256').update(token).digest('base64url')

/**
 * Reads the file of the admin tokens: `{"tokens":[{"name":"support","hash":"sha256:…"}]}`.
 * @throws {ConfigError} if it cannot be read or has a mistake; it names all mistakes with their places
 */
export const readAdminTokens = async (path: string): Promise<readonly AdminToken[]> => {
  const mistakes: string[] = []
  const tokens = tokensIn(await parseFile(path), mistakes)
  if (mistakes.length > 0) {
    throw new ConfigError(mistakes.map((mistake) => `ADMIN_TOKENS_FILE: ${mistake}`))
  }
  return tokens
}

const parseFile = async (path: string): Promise<unknown> => {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError([`ADMIN_TOKENS_FILE: cannot be read (${code})`])
  }
  try {
    return JSON.parse(text)
  } catch {
    // Without the message of the parser, which quotes the file.
    throw new ConfigError(['ADMIN_TOKENS_FILE: the file is not JSON'])
  }
}

const tokensIn = (file: unknown, mistakes: string[]): readonly AdminToken[] => {
  const { tokens } = membersOf(file, 'the file', ['tokens'], mistakes)
  if (!Array.isArray(tokens) || tokens.length === 0) {
    mistakes.push('tokens must be a list with one entry or more')
    return []
  }
  const read = tokens.map((entry, i) => tokenIn(entry, `tokens[${i}]`, mistakes))
  for (const member of ['name', 'hash'] as const) {
    for (const [i, token] of read.entries()) {
      const value = token[member]
      if (value !== '' && read.findIndex((earlier) => earlier[member] === value) < i) {
        mistakes.push(`tokens[${i}].${member} repeats an earlier one`)
      }
    }
  }
  return read
}

/** A wrong member becomes an empty text. */
const tokenIn = (entry: unknown, place: string, mistakes: string[]): AdminToken => {
  const { name, hash } = membersOf(entry, place, ['name', 'hash'], mistakes)
  const isName = typeof name === 'string' && /^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$/.test(name)
  if (!isName) {
    mistakes.push(
      `${place}.name must be 1 to 64 letters, digits or ._@-, the first a letter or digit`,
    )
  }
  const digest = typeof hash === 'string' ? /^sha256:([\w-]{43})$/.exec(hash)?.[1] : undefined
  if (digest === undefined) {
    mistakes.push(
      `${place}.hash must be sha256: and 43 characters, as device-grant admin-token prints`,
    )
  }
  return { name: isName ? name : '', hash: digest ?? '' }
}

const membersOf = (
  value: unknown,
  place: string,
  names: readonly string[],
  mistakes: string[],
): Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    mistakes.push(`${place} must be an object`)
    return {}
  }
  for (const name of Object.keys(value)) {
    if (names.includes(name)) continue
    mistakes.push(`${place} has an unknown member ${JSON.stringify(name.slice(0, 60))}`)
  }
  return value as Readonly<Record<string, unknown>>
}
