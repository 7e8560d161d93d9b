import type { Context, Middleware } from 'koa'
import { sendOAuthError } from '../http/oauth-error.ts'
import type { ReportError } from '../http/report-error.ts'
import type { RequestParameters } from '../http/request-parameters.ts'
import type { ClientError, UnavailableClient } from './identify-client.ts'

/** Sends `server_error` as JSON if the route throws, unless the device has disconnected. */
export const catchDeviceErrors =
  (onError: ReportError): Middleware =>
  async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      if (ctx.req.aborted || ctx.req.socket.destroyed) return
      onError(error, ctx.path, ctx)
      sendOAuthError(ctx, 500, 'server_error', 'The server failed')
    }
  }

/** Sends `invalid_request` for a body that has no valid parameters. */
export const sendParametersError = (
  ctx: Context,
  { description }: Extract<RequestParameters, { readonly ok: false }>,
): void => {
  // The rest of a body that is too long is not read, so the connection cannot be used again.
  if (!ctx.req.complete) ctx.set('Connection', 'close')
  sendOAuthError(ctx, 400, 'invalid_request', description)
}

/**
 * Sends the error of a request that identifies its client wrongly (RFC 6749 section 5.2). A client that
 * cannot be checked for now gets what its endpoint says then.
 */
export const sendClientError = (
  ctx: Context,
  client: ClientError | UnavailableClient,
  {
    onError,
    sendUnavailable,
  }: { readonly onError: ReportError; readonly sendUnavailable: () => void },
): void => {
  if (client.cause !== undefined) onError(client.cause, 'identify the client', ctx)
  if (client.error === 'unavailable') return sendUnavailable()
  const { error, description, challenge } = client
  // Strict clients stop at this header on any status but 401.
  if (challenge) ctx.set('WWW-Authenticate', 'Basic realm="device-grant"')
  sendOAuthError(ctx, challenge ? 401 : 400, error, description)
}
