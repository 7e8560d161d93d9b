import {
  type Clock,
  type DeviceAuthorizationRequest,
  type OnError,
  StoreError,
  type UseCases,
} from '@device-grant/core'
import type { Context } from 'koa'
import { sendJson } from '../http/json-response.ts'
import { sendOAuthError, sendTemporarilyUnavailable, setRetryAfter } from '../http/oauth-error.ts'
import { readRequestParameters } from '../http/request-parameters.ts'
import type { AddressSet } from '../security/client-address.ts'
import { deviceInfoOf } from '../security/device-info.ts'
import type { AuthorizeLimit } from './authorize-limit.ts'
import { identifyClient } from './client-identity.ts'
import { sendClientError, sendParametersError } from './device-errors.ts'

/** The parts of the device authorization endpoint. */
export interface AuthorizeRouteOptions {
  readonly useCases: Pick<UseCases, 'authorizeDevice'>
  readonly clock: Clock
  readonly limit: AuthorizeLimit
  readonly trustedProxies: AddressSet
  /** The absolute URL of the verification page. */
  readonly verificationUri: string
  readonly onError: OnError
}

/** RFC 6749 section 3.3: printable ASCII without quote and backslash, separated by spaces. */
const SCOPE = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/

/** POST /oauth/device/authorize (RFC 8628 sections 3.1 and 3.2). */
export const authorizeRoute =
  (options: AuthorizeRouteOptions) =>
  async (ctx: Context): Promise<void> => {
    const device = deviceInfoOf(ctx.req, options.trustedProxies)
    const admission = options.limit.admit(device.address, options.clock.now())
    if (admission.outcome !== 'admitted') {
      setRetryAfter(ctx, admission.retryAfterSeconds)
      const status = admission.outcome === 'address_limit' ? 429 : 503
      const description = 'Too many new codes, try again later'
      return sendOAuthError(ctx, status, 'temporarily_unavailable', description)
    }
    const read = await readRequestParameters(ctx.req, { acceptJson: true })
    if (!read.ok) return sendParametersError(ctx, read)
    const client = identifyClient(ctx.req, read.parameters)
    if (!client.ok) return sendClientError(ctx, client)
    const scope = read.parameters.get('scope')?.trim().replace(/ +/g, ' ')
    if (scope && !SCOPE.test(scope)) {
      const description = 'scope has a character that is not allowed'
      return sendOAuthError(ctx, 400, 'invalid_scope', description)
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
