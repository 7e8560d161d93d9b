import {
  type Clock,
  type DeviceAuthorizationRequest,
  StoreError,
  type UseCases,
} from '@device-grant/core'
import type { Context } from 'koa'
import {
  answerJson,
  refuse,
  refuseForNow,
  setDeviceHeaders,
  setRetryAfter,
} from '../http/oauth-error.ts'
import { readSmallForm } from '../http/small-form.ts'
import type { AddressSet } from '../security/client-address.ts'
import { requestOrigin } from '../security/request-origin.ts'
import type { AuthorizeLimit } from './authorize-limit.ts'
import { identifyClient } from './client-identity.ts'
import { refuseClient, refuseForm } from './token-route.ts'

export interface AuthorizeRouteOptions {
  readonly useCases: Pick<UseCases, 'authorizeDevice'>
  readonly clock: Clock
  readonly limit: AuthorizeLimit
  readonly trustedProxies: AddressSet
  /** Where people go, absolute. */
  readonly verificationUri: string
  readonly onFault: (fault: unknown, what: string) => void
}

/** RFC 6749 section 3.3: printable ASCII without quote and backslash, separated by spaces. */
const SCOPE = /^[\x20\x21\x23-\x5b\x5d-\x7e]+$/

/** POST /oauth/device/authorize (RFC 8628 sections 3.1 and 3.2). */
export const authorizeRoute =
  (options: AuthorizeRouteOptions) =>
  async (ctx: Context): Promise<void> => {
    setDeviceHeaders(ctx)
    const device = requestOrigin(ctx.req, options.trustedProxies)
    const admission = options.limit.admit(device.address, options.clock.now())
    if (admission.outcome !== 'admitted') {
      setRetryAfter(ctx, admission.retryAfterSeconds)
      const status = admission.outcome === 'address_limit' ? 429 : 503
      refuse(ctx, status, 'temporarily_unavailable', 'Too many new codes, try again later')
      return
    }
    const form = await readSmallForm(ctx.req, { lenient: true })
    if (!form.ok) return refuseForm(ctx, form)
    const client = identifyClient(ctx.req, form.parameters)
    if (!client.ok) return refuseClient(ctx, client)
    const scope = form.parameters.get('scope')?.trim().replace(/ +/g, ' ')
    if (scope && !SCOPE.test(scope)) {
      return refuse(ctx, 400, 'invalid_scope', 'scope has a character that is not allowed')
    }
    const [clientId] = client.candidates
    await authorize(ctx, options, { clientId, scope: scope || undefined, device })
  }

const authorize = async (
  ctx: Context,
  { useCases, verificationUri, onFault }: AuthorizeRouteOptions,
  request: DeviceAuthorizationRequest,
): Promise<void> => {
  try {
    const { deviceCode, userCode, expiresIn, interval } = await useCases.authorizeDevice(request)
    answerJson(ctx, {
      device_code: deviceCode,
      user_code: userCode,
      verification_uri: verificationUri,
      verification_uri_complete: `${verificationUri}?user_code=${encodeURIComponent(userCode)}`,
      expires_in: expiresIn,
      interval,
    })
  } catch (fault) {
    if (!(fault instanceof StoreError)) throw fault
    onFault(fault, 'authorize')
    refuseForNow(ctx, 'No code can be issued for now, try again later')
  }
}
