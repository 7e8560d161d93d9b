import type { CatalogueScopes, RegisteredClient } from '@device-grant/core'
import { addressSet, DEVICE_CODE_GRANT } from '@device-grant/http-koa'
import { resourceProblem } from '../resource-problem.ts'
import { isScopeName } from '../scope-name.ts'
import type { CheckText, JsonMembers, JsonPlace } from './json-place.ts'
import { readLocalized } from './localized-members.ts'
import { checkLogoFile } from './logo.ts'
import { readAuthentication } from './read-authentication.ts'

/** What the members of a client must fit. */
export interface ClientRules {
  /** Absent without a catalogue. */
  readonly catalogue?: CatalogueScopes | undefined
  /** The longest lifetime of a key, in seconds. */
  readonly maxKeyLifetime: number
  /** The places of the clients so far, by id. */
  readonly places: Map<string, string>
}

/** A client without its logo. */
export interface ReadClient {
  readonly client: RegisteredClient
  /** The place of `logo_file`, and its text. */
  readonly logo?: { readonly place: JsonPlace; readonly file: string } | undefined
}

/** The greatest number of characters of the name that people see. */
const MAX_NAME = 80
/** Requests have 32 names and 512 bytes of scopes at most. */
const MAX_DEFAULT_SCOPES = 32
const MAX_DEFAULT_SCOPE = 512
const MAX_LIFETIMES = 8

/** Reads one client, and reports each of its mistakes. */
export const readClient = (place: JsonPlace, rules: ClientRules): ReadClient | undefined => {
  const members = place.members()
  if (!members) return undefined
  const clientId = readClientId(members, rules)
  const name = readLocalized(members, 'client_name', { most: MAX_NAME })
  const logoPlace = members.take('logo_file')
  const logoFile = logoPlace?.text(checkLogoFile)
  const authentication = readAuthentication(members)
  const grantTypes = members.take('grant_types')?.entries()
  const isForThisGrant = grantTypes?.map((entry) => entry.text()).includes(DEVICE_CODE_GRANT)
  const client = {
    homepage: members.take('client_uri')?.text(checkWebUrl),
    usesDeviceGrant: isForThisGrant,
    ...readScopesOf(members, rules),
    keyLifetimesMs: readLifetimes(members, rules),
    networks: readNetworks(members, 'networks'),
    trustedNetworks: readNetworks(members, 'trusted_networks'),
    mayBeWebPage: members.take('web')?.flag(),
    mayIntrospect: members.take('introspect')?.flag(),
    resources: members
      .take('resources')
      ?.entries()
      .flatMap((entry) => entry.text(resourceProblem) ?? []),
  }
  members.refuseOthers()
  if (clientId === undefined || !authentication) return undefined
  return {
    client: { clientId, name: name ?? { text: clientId }, authentication, ...client },
    logo: logoPlace && logoFile !== undefined ? { place: logoPlace, file: logoFile } : undefined,
  }
}

/** Reads the id, and remembers it for the clients after this one. */
const readClientId = (members: JsonMembers, { places }: ClientRules): string | undefined => {
  const place = members.takeRequired('client_id')
  const clientId = place?.text(checkClientId)
  if (clientId === undefined) return undefined
  const earlier = places.get(clientId)
  if (earlier === undefined) places.set(clientId, members.place.path)
  else place?.refuse(`is also the one of ${earlier}`)
  return clientId
}

const checkClientId: CheckText = (text) =>
  /^[\x20-\x7e]{1,256}$/.test(text) && text.trim() === text
    ? undefined
    : 'must be 1 to 256 printable ASCII characters, without spaces around them'

const checkWebUrl: CheckText = (text) =>
  /^https?:\/\/[^\s@]+$/.test(text) && URL.canParse(text)
    ? undefined
    : 'must be an https or http URL without user'

const checkScope: CheckText = (text) =>
  text.split(' ').every(isScopeName) ? undefined : 'must be scopes with one space between them'

const checkDefaultScope: CheckText = (text) =>
  text.length <= MAX_DEFAULT_SCOPE && text.split(' ').length <= MAX_DEFAULT_SCOPES
    ? checkScope(text)
    : `must have ${MAX_DEFAULT_SCOPES} scopes and ${MAX_DEFAULT_SCOPE} characters at most`

const readScopesOf = (
  members: JsonMembers,
  { catalogue }: ClientRules,
): Pick<RegisteredClient, 'scopes' | 'defaultScopes'> => {
  const scopePlace = members.take('scope')
  const scopes = scopePlace?.text(checkScope)?.split(' ')
  const defaultPlace = members.take('default_scope')
  const defaultScopes = defaultPlace?.text(checkDefaultScope)?.split(' ')
  for (const name of scopes ?? []) {
    if (catalogue?.has(name) === false) scopePlace?.refuse(`has ${name}, which scopes lacks`)
  }
  for (const name of defaultScopes ?? []) {
    if (scopes?.includes(name) === false) defaultPlace?.refuse(`has ${name}, which scope lacks`)
    else if (catalogue?.has(name) === false) {
      defaultPlace?.refuse(`has ${name}, which scopes lacks`)
    }
  }
  return { scopes, defaultScopes }
}

const readLifetimes = (
  members: JsonMembers,
  { maxKeyLifetime }: ClientRules,
): readonly number[] | undefined =>
  members
    .take('key_lifetimes')
    ?.entries({ least: 1, most: MAX_LIFETIMES })
    .flatMap((entry) => {
      const seconds = entry.wholeNumber(1)
      if (seconds === undefined) return []
      if (seconds > maxKeyLifetime) {
        entry.refuse(`is above ${maxKeyLifetime}, the maximum of API_KEY_MAX_TTL`)
      }
      return [seconds * 1000]
    })

const readNetworks = (members: JsonMembers, name: string): RegisteredClient['networks'] => {
  const entries = members.take(name)?.entries({ least: 1 })
  return entries && addressSet(entries.flatMap((entry) => entry.text(checkNetwork) ?? []))
}

const checkNetwork: CheckText = (text) => {
  try {
    addressSet([text])
    return undefined
  } catch (error) {
    if (error instanceof RangeError) return 'is no address and no CIDR range'
    throw error
  }
}
