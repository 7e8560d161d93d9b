import {
  type Clock,
  type DeviceAuthorizationRequest,
  type OnError,
  StoreError,
  type UseCases,
} from '@device-grant/core'
import type { Context } from 'koa'
import {
  sendJson,
  sendOAuthError,
  sendTemporarilyUnavailable,
  setDeviceHeaders,
  setRetryAfter,
} from '../http/oauth-error.ts'
import { readRequestParameters } from '../http/request-parameters.ts'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import type { AuthorizeLimit } from './authorize-limit.ts'
import { identifyClient } from './client-identity.ts'
import { sendClientError, sendParametersError } from './token-route.ts'

export interface AuthorizeRouteOptions {
  readonly useCases: Pick<UseCases, 'authorizeDevice'>
  readonly clock: Clock
  readonly limit: AuthorizeLimit
  readonly trustedProxies: AddressSet
  /** Where people go, absolute. */
  readonly verificationUri: string
  readonly onError: OnError
}

/** RFC 6749 section 3.3: printable ASCII without quote and backslash, separated by spaces. */
const SCOPE = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/

/** POST /oauth/device/authorize (RFC 8628 sections 3.1 and 3.2). */
export const authorizeRoute =
  (options: AuthorizeRouteOptions) =>
  async (ctx: Context): Promise<void> => {
    setDeviceHeaders(ctx)
    const device = deviceInfoOf(ctx.req, options.trustedProxies)
    const admission = options.limit.admit(device.address, options.clock.now())
    if (admission.outcome !== 'admitted') {
      setRetryAfter(ctx, admission.retryAfterSeconds)
      const status = admission.outcome === 'address_limit' ? 429 : 503
      sendOAuthError(ctx, status, 'temporarily_unavailable', 'Too many new codes, try again later')
      return
    }
    const form = await readRequestParameters(ctx.req, { lenient: true })
    if (!form.ok) return sendParametersError(ctx, form)
    const client = identifyClient(ctx.req, form.parameters)
    if (!client.ok) return sendClientError(ctx, client)
    const scope = form.parameters.get('scope')?.trim().replace(/ +/g, ' ')
    if (scope && !SCOPE.test(scope)) {
      return sendOAuthError(ctx, 400, 'invalid_scope', 'scope has a character that is not allowed')
    }
    const [clientId] = client.candidates
    await authorize(ctx, options, { clientId, scope: scope || undefined, device })
  }

const authorize = async (
  ctx: Context,
  { useCases, verificationUri, onError }: AuthorizeRouteOptions,
  request: DeviceAuthorizationRequest,
): Promise<void> => {
  try {
    const { deviceCode, userCode, expiresIn, interval } = await useCases.authorizeDevice(request)
    sendJson(ctx, {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: verificationUri,
      verification_uri_complete: `${verificationUri}?user_code=${encodeURIComponent(userCode)}`,
      expires_in: expiresIn,
      interval,
    })
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    onError(error, 'authorize')
    sendTemporarilyUnavailable(ctx, 'No code can be issued for now, try again later')
  }
}
