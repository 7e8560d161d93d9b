import { randomUUID } from 'node:crypto'
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose'

export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A key pair of a client. */
export interface SigningKey {
  readonly alg: string
  readonly kid: string | undefined
  readonly privateKey: CryptoKey
  /** As it is registered. */
  readonly jwk: Readonly<Record<string, unknown>>
}

export const newSigningKey = async (alg: string, kid?: string): Promise<SigningKey> => {
  const { privateKey, publicKey } = await generateKeyPair(alg)
  const jwk = { ...(await exportJWK(publicKey)), ...(kid === undefined ? {} : { kid }) }
  return { alg, kid, privateKey, jwk }
}

export interface AssertionOptions {
  readonly clientId: string
  readonly audience: string
  /** Epoch milliseconds. */
  readonly now: number
  readonly key: SigningKey
  /** Replace the usual claims. `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
  readonly header?: Partial<JWTHeaderParameters> | undefined
}

/** A client assertion as clients make it (RFC 7523 section 3), for one minute. */
export const signAssertion = ({
  clientId,
  audience,
  now,
  key,
  claims = {},
  header = {},
}: AssertionOptions): Promise<string> => {
  const seconds = Math.floor(now / 1_000)
  const usual = {
    iss: clientId,
    sub: clientId,
    aud: audience,
    jti: randomUUID(),
    iat: seconds,
    exp: seconds + 60,
  }
  const given = Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined)
  return new SignJWT(Object.fromEntries(given) as JWTPayload)
    .setProtectedHeader({
      alg: key.alg,
      ...(key.kid === undefined ? {} : { kid: key.kid }),
      ...header,
    })
    .sign(key.privateKey)
}

/** The parameters of a request with an assertion. */
export const withAssertion = (assertion: string): Readonly<Record<string, string>> => ({
  client_assertion_type: JWT_BEARER,
  client_assertion: assertion,
})
