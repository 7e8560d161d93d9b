import {
  assertionIdOf,
  type Clock,
  type RegisteredClient,
  type StateStore,
  StoreError,
  type UsedAssertion,
  useAssertion,
} from '@device-grant/core'
import {
  decodeJwt,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from 'jose'
import type { ClientKeys } from './client-keys.ts'

/** The only `client_assertion_type` (RFC 7523 section 2.2). */
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The algorithms of client assertions. All are asymmetric. */
export const SIGNING_ALGORITHMS: readonly string[] = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]

/** How far ahead `exp` may be, in seconds. So long a used assertion is kept. */
const MAX_LIFETIME_S = 300
/** How far the client's clock may differ, in seconds. */
const SKEW_S = 30
/** The longest `jti`, in UTF-16 code units. */
const MAX_JTI = 256

/** A client assertion, and what it must be valid for. */
export interface ClientAssertion {
  readonly assertion: string
  /** `client_assertion_type`. */
  readonly type: string | undefined
  readonly client: RegisteredClient
  readonly audiences: readonly string[]
}

/** What checks an assertion. */
export interface AssertionChecks {
  readonly keys: ClientKeys
  readonly usedAssertions: StateStore<UsedAssertion>
  readonly clock: Clock
}

/** Whether an assertion is valid, or what is wrong with it. */
export type AssertionCheck =
  | { readonly outcome: 'valid' }
  | {
      readonly outcome: 'wrong'
      readonly what: string
      /** An error in the registered keys. */
      readonly cause?: unknown
    }

/** The client that an assertion names, if it can be read. That proves nothing yet. */
export const clientIdOfAssertion = (assertion: string): string | undefined => {
  try {
    const { sub } = decodeJwt(assertion)
    return typeof sub === 'string' ? sub : undefined
  } catch {
    return undefined
  }
}

/**
 * Checks an assertion of a client (RFC 7523 section 3), and uses it up if it is valid.
 * @throws {StoreError} if the keys or the used assertions cannot be reached
 */
export const checkClientAssertion = async (
  { assertion, type, client, audiences }: ClientAssertion,
  { keys, usedAssertions, clock }: AssertionChecks,
): Promise<AssertionCheck> => {
  const { clientId, authentication } = client
  if (type !== JWT_BEARER) return wrong('client_assertion_type')
  if (authentication.method !== 'private_key_jwt') return wrong('client')
  const now = clock.now()
  let claims: JWTPayload
  try {
    claims = await verify(assertion, keys.of(authentication.keys), {
      algorithms: [...SIGNING_ALGORITHMS],
      issuer: clientId,
      subject: clientId,
      audience: [...audiences],
      requiredClaims: ['exp', 'jti'],
      clockTolerance: SKEW_S,
      currentDate: new Date(now),
    })
  } catch (error) {
    if (error instanceof StoreError) throw error
    return refusalOf(error)
  }
  const { exp = 0, iat, jti, aud } = claims
  const seconds = Math.floor(now / 1_000)
  // A server that is another audience could send the assertion on.
  if (![aud].flat().every((each) => audiences.includes(String(each)))) return wrong('aud')
  if (exp > seconds + MAX_LIFETIME_S + SKEW_S) return wrong('exp')
  if (iat !== undefined && iat > seconds + SKEW_S) return wrong('iat')
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI) return wrong('jti')
  // A process whose clock is behind accepts it for longer.
  const expiresAt = (Math.ceil(exp) + 2 * SKEW_S) * 1_000
  const use = useAssertion({ expiresAt, now })
  const reply = await usedAssertions.update(assertionIdOf(clientId, jti), use)
  return reply === 'first_use' ? { outcome: 'valid' } : wrong('jti')
}

const wrong = (what: string): AssertionCheck => ({ outcome: 'wrong', what })

const refusalOf = (error: unknown): AssertionCheck => {
  if (error instanceof errors.JWTExpired) return wrong('exp')
  if (error instanceof errors.JWTClaimValidationFailed) return wrong(error.claim)
  if (error instanceof errors.JOSEAlgNotAllowed) return wrong('alg')
  if (error instanceof errors.JWKSInvalid || !(error instanceof errors.JOSEError)) {
    return { outcome: 'wrong', what: 'key', cause: error }
  }
  return wrong('signature')
}

/** Verifies with the key that the header names, or with each that may be meant. */
const verify = async (
  assertion: string,
  findKey: JWTVerifyGetKey,
  options: JWTVerifyOptions,
): Promise<JWTPayload> => {
  try {
    return (await jwtVerify(assertion, findKey, options)).payload
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
    for await (const key of error) {
      try {
        return (await jwtVerify(assertion, key, options)).payload
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure
      }
    }
    throw new errors.JWSSignatureVerificationFailed()
  }
}
