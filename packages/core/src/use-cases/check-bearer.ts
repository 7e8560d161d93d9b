import { scopeNames } from '../rules/scope.ts'
import { StoreError } from '../store-errors.ts'
import type {
  AuthenticateApiKey,
  AuthenticatedKey,
  Authentication,
} from './authenticate-api-key.ts'

/** A request that needs an API key (RFC 6750). */
export interface BearerRequest {
  /** The value of the `Authorization` header, or all values if it was sent several times. */
  readonly authorization: string | readonly string[] | undefined
  /** Whether the request also has an `access_token` in its query, which is a second way to send a key. */
  readonly hasKeyInQuery?: boolean | undefined
  /**
   * The scopes that the key must have, separated by spaces.
   * @default any working key passes
   */
  readonly scope?: string | undefined
  /**
   * The resource that the key must be for, as a URI (RFC 8707). A key for every resource passes too.
   * @default a key for any resource passes
   */
  readonly resource?: string | undefined
  /**
   * Where the metadata of the resource is (RFC 9728). Challenges name it.
   * @default none
   */
  readonly resourceMetadata?: string | undefined
  /**
   * The `realm` of the challenge (RFC 9110 section 11.5).
   * @default 'device-grant'
   */
  readonly realm?: string | undefined
}

/** A refusal as an HTTP response. */
export interface BearerRefusal {
  readonly outcome: 'refused'
  readonly status: 400 | 401 | 403 | 503
  /** `WWW-Authenticate`, or `Retry-After` for status 503. */
  readonly headers: Readonly<Record<string, string>>
  /** The JSON body. */
  readonly body: { readonly error: string; readonly error_description: string }
  /** The error of the store that failed, for status 503. */
  readonly error?: StoreError | undefined
}

/** The key of a request, or how to refuse it. */
export type BearerReply = AuthenticatedKey | BearerRefusal

/**
 * Checks the API key of an HTTP request, without any framework (RFC 6750). Send `Cache-Control: no-store`
 * with every answer.
 */
export const checkBearer = async (
  authenticateApiKey: AuthenticateApiKey,
  request: BearerRequest,
): Promise<BearerReply> => {
  const header = headerOf(request.authorization)
  if (header === undefined) return challenge(request, { status: 401 })
  if (header === 'repeated' || request.hasKeyInQuery) {
    return challenge(request, {
      status: 400,
      error: 'invalid_request',
      description: 'The key was sent in more than one way',
    })
  }
  const credentials = BEARER.exec(header.text)?.[1]
  if (credentials === undefined) {
    // Another scheme is no error: the client has sent no key (RFC 6750 section 3.1).
    if (!/^bearer\b/i.test(header.text)) return challenge(request, { status: 401 })
    return challenge(request, {
      status: 400,
      error: 'invalid_request',
      description: 'The Authorization header is malformed',
    })
  }
  try {
    const key = await authenticateApiKey(credentials)
    if (key.outcome !== 'valid') {
      return challenge(request, {
        status: 401,
        error: 'invalid_token',
        description: DESCRIPTIONS[key.outcome],
      })
    }
    if (request.resource !== undefined && !isFor(key, request.resource)) {
      return challenge(request, {
        status: 401,
        error: 'invalid_token',
        description: 'The key is for another resource',
      })
    }
    return hasScope(key, request.scope)
      ? key
      : challenge(request, {
          status: 403,
          error: 'insufficient_scope',
          description: 'The key lacks a scope',
        })
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return unavailable(error)
  }
}

const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i

const headerOf = (
  authorization: BearerRequest['authorization'],
): { readonly text: string } | 'repeated' | undefined => {
  if (typeof authorization === 'string') return { text: authorization }
  const [first, ...others] = authorization ?? []
  if (others.length > 0) return 'repeated'
  return first === undefined ? undefined : { text: first }
}

const hasScope = ({ scope: granted }: AuthenticatedKey, needed: string | undefined): boolean => {
  if (!needed) return true
  const names = scopeNames(granted)
  return scopeNames(needed).every((name) => names.includes(name))
}

const isFor = ({ resources }: AuthenticatedKey, resource: string): boolean =>
  resources?.includes(resource) ?? true

const challenge = (
  { realm = 'device-grant', scope, resourceMetadata }: BearerRequest,
  {
    status,
    error,
    description = 'An API key is required',
  }: {
    readonly status: 400 | 401 | 403
    readonly error?: string
    readonly description?: string
  },
): BearerRefusal => {
  const parts = [`realm="${realm}"`]
  // A request without a key gets no error code (RFC 6750 section 3.1).
  if (error !== undefined) parts.push(`error="${error}"`, `error_description="${description}"`)
  if (status === 403 && scope) parts.push(`scope="${scope}"`)
  if (resourceMetadata !== undefined) parts.push(`resource_metadata="${resourceMetadata}"`)
  return {
    outcome: 'refused',
    status,
    headers: { 'WWW-Authenticate': `Bearer ${parts.join(', ')}` },
    body: { error: error ?? 'unauthorized', error_description: description },
  }
}

const unavailable = (error: StoreError): BearerRefusal => ({
  outcome: 'refused',
  status: 503,
  headers: { 'Retry-After': '5' },
  body: {
    error: 'temporarily_unavailable',
    error_description: 'The key cannot be checked for now, try again later',
  },
  error,
})

const DESCRIPTIONS: Readonly<Record<Exclude<Authentication['outcome'], 'valid'>, string>> = {
  malformed: 'This is no API key',
  no_such_key: 'The key is unknown',
  expired: 'The key has expired',
  revoked: 'The key was revoked',
  not_admitted: 'The owner of the key may not use it now',
}
