import type { ClientAuthentication } from '@device-grant/core'
import type { CheckText, JsonMembers, JsonPlace } from './json-place.ts'
import { readPublicKeys } from './read-public-keys.ts'

const METHODS = [
  'none',
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
] as const satisfies readonly ClientAuthentication['method'][]

/** `sha256:` and the hash, base64url. Its last character has 4 bits. */
const SECRET_HASH = /^sha256:([\w-]{42}[AEIMQUYcgkosw048])$/

const checkSecretHash: CheckText = (text) =>
  SECRET_HASH.test(text)
    ? undefined
    : 'must be sha256: and a hash in base64url, as device-grant client-secret prints it'

const checkHttpsUrl: CheckText = (text) =>
  /^https:\/\/[^\s@#]+$/.test(text) && URL.canParse(text)
    ? undefined
    : 'must be an https URL without user and fragment'

/** Reads how a client authenticates. What its method does not use is a mistake. */
export const readAuthentication = (members: JsonMembers): ClientAuthentication | undefined => {
  const method = members.takeRequired('token_endpoint_auth_method')?.oneOf(METHODS)
  const hashes = members.take('client_secret_hashes')
  const jwks = members.take('jwks')
  const jwksUri = members.take('jwks_uri')
  const given = {
    secretHashes: hashes && readSecretHashes(hashes),
    jwks: jwks && readPublicKeys(jwks),
    jwksUri: jwksUri?.text(checkHttpsUrl),
  }
  const refuse = (...places: readonly (JsonPlace | undefined)[]): void => {
    for (const place of places) place?.refuse(`is not for token_endpoint_auth_method ${method}`)
  }
  switch (method) {
    case undefined:
      return undefined
    case 'none':
      refuse(hashes, jwks, jwksUri)
      return { method }
    case 'client_secret_basic':
    case 'client_secret_post':
      members.takeRequired('client_secret_hashes')
      refuse(jwks, jwksUri)
      return given.secretHashes && { method, secretHashes: given.secretHashes }
    case 'private_key_jwt':
      refuse(hashes)
      if ((jwks === undefined) === (jwksUri === undefined)) {
        return members.place.refuse('must have either jwks or jwks_uri')
      }
      if (given.jwks) return { method, keys: { jwks: given.jwks } }
      return given.jwksUri === undefined ? undefined : { method, keys: { jwksUri: given.jwksUri } }
  }
}

const readSecretHashes = (place: JsonPlace): readonly string[] =>
  place
    .entries({ least: 1, most: 2 })
    .flatMap((entry) => entry.text(checkSecretHash)?.replace(SECRET_HASH, '$1') ?? [])
