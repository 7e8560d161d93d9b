import { StoreError, type UseCases } from '@device-grant/core'
import type { Context } from 'koa'
import { sendOAuthError, sendTemporarilyUnavailable } from '../http/oauth-error.ts'
import type { ReportError } from '../http/report-error.ts'
import { readRequestParameters, WITH_TOKEN } from '../http/request-parameters.ts'
import { sendClientError, sendParametersError } from './device-errors.ts'
import type { ClientEndpoint, IdentifyClient, KnownClient } from './identify-client.ts'

/** The parts of the revocation endpoint. */
export interface RevokeRouteOptions {
  readonly useCases: Pick<UseCases, 'revokePresentedKey'>
  readonly identifyClient: IdentifyClient
  readonly clientEndpoint: ClientEndpoint
  readonly onError: ReportError
}

/**
 * POST /oauth/device/revoke (RFC 7009). The client is identified first, as at the token endpoint. Then the
 * caller that has the key may revoke it. `token_type_hint` may have any value.
 */
export const revokeRoute =
  (options: RevokeRouteOptions) =>
  async (ctx: Context): Promise<void> => {
    const { identifyClient, clientEndpoint, onError } = options
    const read = await readRequestParameters(ctx.req, { bodyOnly: WITH_TOKEN })
    if (!read.ok) return sendParametersError(ctx, read)
    const client = await identifyClient(ctx.req, read.parameters, clientEndpoint)
    if (!client.ok) {
      return sendClientError(ctx, client, { onError, sendUnavailable: () => sendUnavailable(ctx) })
    }
    const apiKey = read.parameters.get('token')
    if (apiKey === undefined) {
      return sendOAuthError(ctx, 400, 'invalid_request', 'token is missing')
    }
    await revoke(ctx, options, apiKey, client.candidates)
  }

const revoke = async (
  ctx: Context,
  { useCases, onError }: RevokeRouteOptions,
  apiKey: string,
  [clientId, ...otherClientIds]: KnownClient['candidates'],
): Promise<void> => {
  try {
    const presented = { apiKey, clientId, otherClientIds }
    if ((await useCases.revokePresentedKey(presented)) === 'other_client') {
      return sendOAuthError(ctx, 400, 'invalid_grant', 'The key was issued to another client')
    }
    // A key that is unknown or was revoked before is answered the same (RFC 7009 section 2.2).
    ctx.status = 200
    ctx.body = ''
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    onError(error, 'revoke a key', ctx)
    sendUnavailable(ctx)
  }
}

const sendUnavailable = (ctx: Context): void =>
  sendTemporarilyUnavailable(ctx, 'No key can be revoked for now, try again later')
