import type {
  CodeAttempts,
  DeviceAuthorizationRequest,
  DeviceGrant,
  DeviceInfo,
  UserCodeClaim,
  Versioned,
} from '@device-grant/core'

type NameIn<S> = S extends unknown ? keyof S & string : never

/**
 * Members with a short name in Redis: the letter at the same place of `LETTERS`. Append only, as
 * what is stored outlives the process. Any other member keeps its name and works as well.
 */
const NAMES: readonly NameIn<
  DeviceGrant | UserCodeClaim | CodeAttempts | DeviceAuthorizationRequest | DeviceInfo
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
]
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const ESCAPE = '~'

const shortNames = new Map<string, string>(NAMES.map((name, i) => [name, LETTERS.charAt(i)]))
const longNames = new Map<string, string>(NAMES.map((name, i) => [LETTERS.charAt(i), name]))

const shorten = (name: string): string =>
  shortNames.get(name) ?? (longNames.has(name) || name.startsWith(ESCAPE) ? ESCAPE + name : name)

const lengthen = (name: string): string =>
  longNames.get(name) ?? (name.startsWith(ESCAPE) ? name.slice(1) : name)

const rename = (value: unknown, newName: (name: string) => string): unknown => {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((item) => rename(item, newName))
  const members = value as Record<string, unknown>
  const renamed: Record<string, unknown> = {}
  for (const name of Object.keys(members)) renamed[newName(name)] = rename(members[name], newName)
  return renamed
}

/** A cell as Redis keeps it: its version, and right after it the state as compact JSON. */
export const formatVersioned = ({ version, state }: Versioned<object>): string =>
  version + JSON.stringify(rename(state, shorten))

/** @throws {SyntaxError} somebody else wrote there */
export const parseVersioned = <S>(text: string): Versioned<S> => {
  const at = text.indexOf('{')
  if (at < 1) throw new SyntaxError('This is no cell')
  return { version: text.slice(0, at), state: rename(JSON.parse(text.slice(at)), lengthen) as S }
}
