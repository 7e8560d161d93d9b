import {
  type AuthorizationRefusal,
  type AuthorizeDeviceRequest,
  type Clock,
  type DeviceInfo,
  type Events,
  MAX_DEVICE_NAME,
  StoreError,
  type UseCases,
} from '@device-grant/core'
import type { Context } from 'koa'
import { sendJson } from '../http/json-response.ts'
import { sendOAuthError, sendTemporarilyUnavailable, setRetryAfter } from '../http/oauth-error.ts'
import type { ReportError } from '../http/report-error.ts'
import { readRequestParameters, resourcesIn } from '../http/request-parameters.ts'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import { webOriginOf } from '../security/web-origin.ts'
import type { AuthorizeLimit, Refusal } from './authorize-limit.ts'
import { sendClientError, sendParametersError } from './device-errors.ts'
import type { ClientEndpoint, IdentifyClient } from './identify-client.ts'

/** The parts of the device authorization endpoint. */
export interface AuthorizeRouteOptions {
  readonly useCases: Pick<UseCases, 'authorizeDevice'>
  readonly clock: Clock
  readonly limit: AuthorizeLimit
  readonly trustedProxies: AddressSet
  /** The absolute URL that devices show to people. */
  readonly verificationUri: string
  /** Whether devices get that URL with the user code in it, too. */
  readonly sendsCompleteUri: boolean
  readonly identifyClient: IdentifyClient
  readonly clientEndpoint: ClientEndpoint
  readonly onError: ReportError
  /** Receives every refusal of the limit. */
  readonly onCodeRefused: (
    limit: Refusal['outcome'],
    address: string | undefined,
    ctx: Context,
  ) => void
  /** The listener of the events of one request. */
  readonly eventsOf?: ((ctx: Context) => Events) | undefined
}

/** RFC 6749 section 3.3: printable ASCII without quote and backslash, separated by spaces. */
const SCOPE = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/

/** The longest `client_id`, in bytes. Every key keeps it. */
const MAX_CLIENT_ID = 256
/** The longest `scope`, in bytes. Every key keeps it, and lists show it. */
const MAX_SCOPE = 512
const MAX_SCOPES = 32

/** POST /oauth/device/authorize (RFC 8628 sections 3.1 and 3.2). */
export const authorizeRoute =
  (options: AuthorizeRouteOptions) =>
  async (ctx: Context): Promise<void> => {
    const { limit, clock, trustedProxies, identifyClient, clientEndpoint, onError } = options
    const device = {
      ...deviceInfoOf(ctx.req, trustedProxies),
      webOrigin: webOriginOf(ctx.req),
    }
    const request = limit.admitRequest(device, clock.now())
    if (request.outcome !== 'admitted') return refuse(ctx, options, device, request)
    const read = await readRequestParameters(ctx.req, { acceptEmpty: true })
    if (!read.ok) return sendParametersError(ctx, read)
    const client = await identifyClient(ctx.req, read.parameters, clientEndpoint)
    if (!client.ok) {
      return sendClientError(ctx, client, { onError, sendUnavailable: () => sendUnavailable(ctx) })
    }
    const [clientId] = client.candidates
    if (clientId !== undefined && clientId.length > MAX_CLIENT_ID) {
      const description = `client_id is longer than ${MAX_CLIENT_ID} bytes`
      return sendOAuthError(ctx, 400, 'invalid_request', description)
    }
    const scope = read.parameters.get('scope')?.trim().replace(/ +/g, ' ')
    const scopeError = scope && scopeErrorOf(scope)
    if (scopeError) return sendOAuthError(ctx, 400, 'invalid_scope', scopeError)
    const deviceName = read.parameters.get('device_name')
    await authorize(ctx, options, {
      clientId,
      clientAuthenticated: client.authenticated,
      scope: scope || undefined,
      resources: resourcesIn(read.parameters),
      deviceName,
      device,
      loginHint: read.parameters.get('login_hint'),
      events: options.eventsOf?.(ctx),
      apiKey: /^bearer +(\S+)$/i.exec(ctx.get('Authorization'))?.[1],
    })
  }

const refuse = (
  ctx: Context,
  { onCodeRefused }: AuthorizeRouteOptions,
  { address }: DeviceInfo,
  { outcome, retryAfterSeconds }: Refusal,
): void => {
  onCodeRefused(outcome, address, ctx)
  setRetryAfter(ctx, retryAfterSeconds)
  const status = outcome === 'address_limit' ? 429 : 503
  sendOAuthError(ctx, status, 'temporarily_unavailable', 'Too many new codes, try again later')
}

/** What is wrong with a scope, if anything. */
const scopeErrorOf = (scope: string): string | undefined => {
  if (!SCOPE.test(scope)) return 'scope has a character that is not allowed'
  return scope.length > MAX_SCOPE || scope.split(' ').length > MAX_SCOPES
    ? `scope must be at most ${MAX_SCOPES} names and ${MAX_SCOPE} bytes`
    : undefined
}

const sendRefusal = (ctx: Context, reply: AuthorizationRefusal): void => {
  switch (reply.outcome) {
    case 'device_name_too_long': {
      const description = `device_name is longer than ${MAX_DEVICE_NAME} characters`
      return sendOAuthError(ctx, 400, 'invalid_request', description)
    }
    case 'login_hint_too_long':
      return sendOAuthError(ctx, 400, 'invalid_request', 'login_hint is too long')
    case 'unknown_person':
      return sendBearerChallenge(
        ctx,
        'unauthorized',
        'An API key is required, or client authentication',
      )
    case 'invalid_api_key':
      return sendBearerChallenge(ctx, 'invalid_token', 'The API key does not work')
    case 'sensitive_scope':
      return sendOAuthError(ctx, 400, 'invalid_scope', 'scope has a name that devices never get')
    case 'invalid_target':
      return sendOAuthError(ctx, 400, 'invalid_target', 'resource is not for this client')
    case 'invalid_scope':
      return sendOAuthError(ctx, 400, 'invalid_scope', SCOPE_REASONS[reply.reason])
    default:
      return sendOAuthError(ctx, 400, reply.outcome, CLIENT_REASONS[reply.outcome])
  }
}

/** A request without a key gets no error code in the challenge (RFC 6750 section 3.1). */
const sendBearerChallenge = (
  ctx: Context,
  error: 'unauthorized' | 'invalid_token',
  description: string,
): void => {
  const code = error === 'invalid_token' ? `, error="${error}"` : ''
  ctx.set('WWW-Authenticate', `Bearer realm="device-grant"${code}`)
  sendOAuthError(ctx, 401, error, description)
}

const SCOPE_REASONS = {
  not_allowed: 'scope has a name that is unknown, or not for this client',
  none: 'This client must ask for a scope',
} as const

const CLIENT_REASONS = {
  invalid_client: 'The client is unknown',
  unauthorized_client: 'The client may not use this grant, or not from a web page',
  access_denied: 'The client may not ask for codes from this network',
} as const

const authorize = async (
  ctx: Context,
  options: AuthorizeRouteOptions,
  request: AuthorizeDeviceRequest,
): Promise<void> => {
  const { useCases, limit, clock, verificationUri, sendsCompleteUri, onError } = options
  const now = clock.now()
  const code = limit.admitCode(now)
  if (code.outcome !== 'admitted') return refuse(ctx, options, request.device, code)
  try {
    const reply = await useCases.authorizeDevice(request)
    if (reply.outcome !== 'issued') {
      limit.takeBackCode(now)
      return sendRefusal(ctx, reply)
    }
    const { deviceCode, userCode, expiresIn, interval, defaultScope } = reply
    sendJson(ctx, {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: verificationUri,
      verification_uri_complete: sendsCompleteUri
        ? `${verificationUri}?user_code=${encodeURIComponent(userCode)}`
        : undefined,
      expires_in: expiresIn,
      interval,
      scope: defaultScope,
    })
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    onError(error, 'authorize', ctx)
    sendUnavailable(ctx)
  }
}

const sendUnavailable = (ctx: Context): void =>
  sendTemporarilyUnavailable(ctx, 'No code can be issued for now, try again later')
