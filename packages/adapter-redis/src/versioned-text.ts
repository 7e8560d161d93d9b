import type {
  CodeAttempt,
  CodeAttempts,
  DeviceAuthorizationRequest,
  DeviceGrant,
  DeviceInfo,
  KeyTerms,
  UserCodeClaim,
  Versioned,
} from '@device-grant/core'

type NameIn<S> = S extends unknown ? keyof S & string : never

/**
 * Members with a short name in Redis, which is the letter at the same index of `LETTERS`. Only append
 * to this list, because stored states outlive the process. All other members keep their names.
 */
const NAMES: readonly NameIn<
  | DeviceGrant
  | KeyTerms
  | UserCodeClaim
  | CodeAttempts
  | CodeAttempt
  | DeviceAuthorizationRequest
  | DeviceInfo
>[] = [
  'keepUntil',
  'status',
  'clientId',
  'scope',
  'request',
  'device',
  'address',
  'userAgent',
  'userCode',
  'requestedAt',
  'expiresAt',
  'intervalMs',
  'nextPollAt',
  'companion',
  'person',
  'grantId',
  'openedBy',
  'openedUntil',
  'attempts',
  'id',
  'at',
  'terms',
  'name',
  'prefix',
  'lifetimeMs',
  'approvedAt',
]
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const ESCAPE = '~'

const shortNames = new Map<string, string>(NAMES.map((name, i) => [name, LETTERS.charAt(i)]))
const longNames = new Map<string, string>(NAMES.map((name, i) => [LETTERS.charAt(i), name]))

const shorten = (name: string): string =>
  shortNames.get(name) ?? (longNames.has(name) || name.startsWith(ESCAPE) ? ESCAPE + name : name)

const lengthen = (name: string): string =>
  longNames.get(name) ?? (name.startsWith(ESCAPE) ? name.slice(1) : name)

const rename = (value: object, newName: (name: string) => string): object => {
  if (Array.isArray(value)) {
    return value.map((item) => (isObject(item) ? rename(item, newName) : item))
  }
  const renamed: Record<string, unknown> = {}
  // Every poll renames a state twice, and this loop costs half of one over `Object.keys`.
  for (const name in value) {
    const member = (value as Record<string, unknown>)[name]
    renamed[newName(name)] = isObject(member) ? rename(member, newName) : member
  }
  return renamed
}

const isObject = (value: unknown): value is object => value !== null && typeof value === 'object'

/** Formats a state as Redis keeps it: the version, directly followed by compact JSON. */
export const formatVersioned = ({ version, state }: Versioned<object>): string =>
  version + JSON.stringify(rename(state, shorten))

/**
 * Reads the text of a state. The state may be any data.
 * @returns `undefined` if the text was not written by `formatVersioned`
 */
export const parseVersioned = (text: string): Versioned<unknown> | undefined => {
  const at = text.indexOf('{')
  if (at < 1) return undefined
  try {
    return { version: text.slice(0, at), state: rename(JSON.parse(text.slice(at)), lengthen) }
  } catch {
    return undefined
  }
}
