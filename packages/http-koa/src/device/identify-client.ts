import type { IncomingMessage } from 'node:http'
import type { Parameters } from '../http/request-parameters.ts'

/** The client of a request, or why there is none. */
export type ClientIdentity = KnownClient | ClientError | UnavailableClient

/** The client that a request names. */
export interface KnownClient {
  readonly ok: true
  /** The id, form-decoded first and then as sent. `undefined` if the request names no client. */
  readonly candidates: readonly [string | undefined, ...string[]]
  /** True if the client proved who it is. Absent for public clients, whose name is no proof. */
  readonly authenticated?: true | undefined
}

/** A request that identifies its client wrongly (RFC 6749 section 5.2). */
export interface ClientError {
  readonly ok: false
  readonly error: 'invalid_client' | 'invalid_request'
  /** Printable ASCII without quotes and backslashes. */
  readonly description: string
  /** Whether the Authorization header is wrong, which needs status 401 (RFC 6749 section 5.2). */
  readonly challenge: boolean
  /** True if the request names no client, though it must. */
  readonly namesNoClient?: true | undefined
  /** An error for the operator, if the server has a part in it. */
  readonly cause?: unknown
}

/** A client that cannot be looked up or checked for now. */
export interface UnavailableClient {
  readonly ok: false
  readonly error: 'unavailable'
  readonly cause: unknown
}

/** What the endpoint of a request accepts. */
export interface ClientEndpoint {
  /** The values that `aud` of a client assertion may have (RFC 7523 section 3). */
  readonly audiences: readonly string[]
}

/** Identifies the client of a request. It never throws and never rejects. */
export type IdentifyClient = (
  request: IncomingMessage,
  parameters: Parameters,
  endpoint: ClientEndpoint,
) => ClientIdentity | Promise<ClientIdentity>

/** How the endpoints for devices identify clients, and what the metadata says about it. */
export interface ClientIdentification {
  readonly identify: IdentifyClient
  /** `token_endpoint_auth_methods_supported` (RFC 8414 section 2). */
  readonly methods: readonly string[]
  /** `token_endpoint_auth_signing_alg_values_supported`, if clients may sign assertions. */
  readonly signingAlgorithms?: readonly string[] | undefined
}
