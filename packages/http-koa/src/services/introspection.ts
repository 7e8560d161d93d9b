import {
  type AuthenticateApiKey,
  type AuthenticatedKey,
  type ClientRegistry,
  type RegisteredClient,
  StoreError,
} from '@device-grant/core'
import type { Context } from 'koa'
import { catchDeviceErrors, sendClientError, sendParametersError } from '../device/device-errors.ts'
import type {
  ClientError,
  ClientIdentification,
  KnownClient,
  UnavailableClient,
} from '../device/identify-client.ts'
import { sendJson } from '../http/json-response.ts'
import { sendOAuthError, sendTemporarilyUnavailable } from '../http/oauth-error.ts'
import { emitError, type ReportError } from '../http/report-error.ts'
import { readRequestParameters, WITH_TOKEN } from '../http/request-parameters.ts'
import type { Route } from '../http/route-table.ts'

/** The parts of the introspection endpoint. */
export interface IntrospectionOptions {
  readonly authenticateApiKey: AuthenticateApiKey
  /** Knows the services that may ask: clients with `mayIntrospect`. */
  readonly registry: ClientRegistry
  /** How services authenticate, for example `authenticateClients`. */
  readonly clients: ClientIdentification
  /** The base of all URLs, as the router has it. */
  readonly publicUrl: string
  /**
   * The path that the routes are mounted at, as the router has it.
   * @default ''
   */
  readonly prefix?: string | undefined
  /**
   * Receives every error that was answered with an error response, the operation that failed, and the
   * context of the request.
   * @default errors are emitted at the application: `ctx.app.emit('error', error, ctx)`
   */
  readonly onError?: ReportError | undefined
}

/** The introspection endpoint, and what the metadata says of it. */
export interface Introspection {
  /** The rows, for `createRouteTable`. Use the table before the router. */
  readonly rows: readonly Route[]
  /** For the option `metadataMembers` of the router. */
  readonly metadataMembers: Readonly<Record<string, unknown>>
}

/**
 * Makes POST /oauth/device/introspect (RFC 7662): a registered service asks whose a key is. It counts as
 * a use of the key.
 */
export const introspection = ({
  publicUrl,
  prefix = '',
  ...options
}: IntrospectionOptions): Introspection => {
  const url = `${publicUrl}/oauth/device/introspect`
  const onError: ReportError = options.onError ?? emitError
  const audiences = [publicUrl, `${publicUrl}/oauth/device/token`, url]
  const introspect = introspectRoute({ ...options, publicUrl, audiences, onError })
  return {
    rows: [
      {
        path: `${prefix}/oauth/device/introspect`,
        headers: { 'Cache-Control': 'no-store', Pragma: 'no-cache' },
        methods: { POST: [catchDeviceErrors(onError), introspect] },
      },
    ],
    metadataMembers: {
      introspection_endpoint: url,
      introspection_endpoint_auth_methods_supported: options.clients.methods.filter(
        (method) => method !== 'none',
      ),
      introspection_endpoint_auth_signing_alg_values_supported: options.clients.signingAlgorithms,
    },
  }
}

interface IntrospectRouteOptions
  extends Pick<IntrospectionOptions, 'authenticateApiKey' | 'registry' | 'clients' | 'publicUrl'> {
  readonly audiences: readonly string[]
  readonly onError: ReportError
}

const introspectRoute =
  (options: IntrospectRouteOptions) =>
  async (ctx: Context): Promise<void> => {
    const { clients, audiences, onError } = options
    const read = await readRequestParameters(ctx.req, { bodyOnly: WITH_TOKEN })
    if (!read.ok) return sendParametersError(ctx, read)
    const client = await clients.identify(ctx.req, read.parameters, { audiences })
    if (!client.ok) {
      const refusal = isChallenged(client) ? { ...client, ...CHALLENGE } : client
      return sendClientError(ctx, refusal, { onError, sendUnavailable: () => sendUnavailable(ctx) })
    }
    try {
      const service = await serviceOf(options, client)
      if (!service) return challenge(ctx)
      const apiKey = read.parameters.get('token')
      if (apiKey === undefined) {
        return sendOAuthError(ctx, 400, 'invalid_request', 'token is missing')
      }
      const key = await options.authenticateApiKey(apiKey)
      sendJson(ctx, key.outcome === 'valid' ? describe(options, service, key) : INACTIVE)
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      onError(error, 'introspect a key', ctx)
      sendUnavailable(ctx)
    }
  }

/** Whether a service gave no credentials or wrong ones, which is always 401 (RFC 7662 section 2.3). */
const isChallenged = (client: ClientError | UnavailableClient): client is ClientError =>
  client.error === 'invalid_client' ||
  (client.error === 'invalid_request' && client.namesNoClient === true)

const CHALLENGE = { error: 'invalid_client', challenge: true } as const

/** The registered service that asks, if it authenticated and may ask. */
const serviceOf = async (
  { registry }: IntrospectRouteOptions,
  { authenticated, candidates: [clientId] }: KnownClient,
): Promise<RegisteredClient | undefined> => {
  if (!authenticated || clientId === undefined) return undefined
  const service = await registry.find(clientId)
  return service?.mayIntrospect ? service : undefined
}

const challenge = (ctx: Context): void => {
  ctx.set('WWW-Authenticate', 'Basic realm="device-grant"')
  sendOAuthError(ctx, 401, 'invalid_client', 'Only registered services may ask about keys')
}

/** The same for every key that this service may not know of (RFC 7662 section 2.2). */
const INACTIVE = { active: false } as const

const describe = (
  { publicUrl }: IntrospectRouteOptions,
  { resources: own }: RegisteredClient,
  key: AuthenticatedKey,
): object => {
  const { resources } = key
  if (own && resources && !resources.some((resource) => own.includes(resource))) return INACTIVE
  return {
    active: true,
    scope: key.scope,
    client_id: key.clientId,
    sub: key.owner,
    username: key.owner,
    token_type: 'Bearer',
    exp: Math.floor(key.expiresAt / 1_000),
    iat: Math.floor(key.issuedAt / 1_000),
    iss: publicUrl,
    jti: key.keyId,
    aud: resources,
  }
}

const sendUnavailable = (ctx: Context): void =>
  sendTemporarilyUnavailable(ctx, 'The key cannot be checked for now, try again later')
