import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import type { JsonPlace } from './json-place.ts'

/** The members of private and symmetric keys (RFC 7518 section 6). */
const SECRET_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']
const KEY_TYPES = ['EC', 'OKP', 'RSA'] as const
const MIN_RSA_BITS = 2048
const CURVES = ['P-256', 'P-384', 'P-521', 'Ed25519']

type PublicKey = Readonly<Record<string, unknown>>

/** A JSON Web Key Set (RFC 7517 section 5) of public keys. */
export interface PublicKeys {
  readonly keys: readonly PublicKey[]
}

/** Reads the public keys with which a client signs its assertions (RFC 7523). */
export const readPublicKeys = (place: JsonPlace): PublicKeys | undefined => {
  const members = place.members()
  const keys = members?.takeRequired('keys')?.entries({ least: 1 })
  members?.refuseOthers()
  return keys && { keys: keys.map(readPublicKey).filter((key) => key !== undefined) }
}

const readPublicKey = (place: JsonPlace): PublicKey | undefined => {
  const members = place.members()
  if (!members) return undefined
  const secrets = SECRET_MEMBERS.flatMap((name) => members.take(name) ?? [])
  for (const member of secrets) member.refuse('belongs to a secret key: keep the public one only')
  members.take('kid')?.text()
  members.take('alg')?.text()
  members.take('use')?.oneOf(['sig'])
  const type = members.takeRequired('kty')?.oneOf(KEY_TYPES)
  if (type === undefined || secrets.length > 0) return undefined
  const jwk = members.object
  const wrong = weaknessOf(jwk)
  return wrong === undefined ? jwk : place.refuse(wrong)
}

/** What is wrong with a key for signatures, if anything. */
const weaknessOf = (jwk: PublicKey): string | undefined => {
  const key = importKey(jwk)
  if (!key || (jwk['kty'] !== 'RSA' && !CURVES.includes(String(jwk['crv'])))) {
    return `must be a public RSA key, or one on ${CURVES.join(', ')}`
  }
  const { modulusLength = MIN_RSA_BITS } = key.asymmetricKeyDetails ?? {}
  return modulusLength < MIN_RSA_BITS ? `must have ${MIN_RSA_BITS} bits or more` : undefined
}

const importKey = (jwk: JsonWebKey): KeyObject | undefined => {
  try {
    return createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return undefined
  }
}
