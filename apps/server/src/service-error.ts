import { sendJson } from '@device-grant/http-koa'
import type { Context } from 'koa'

/**
 * Sends an error to a service, as the other endpoints for services do (RFC 6749 section 5.2).
 * @param description printable ASCII without quotes and backslashes
 */
export const sendServiceError = (
  ctx: Context,
  status: number,
  error: string,
  description: string,
): void => {
  ctx.status = status
  sendJson(ctx, { error, error_description: description })
}

/** Sends status 503, because something that the server needs is down. The service may retry. */
export const sendUnavailable = (ctx: Context, description: string): void => {
  ctx.set('Retry-After', '5')
  sendServiceError(ctx, 503, 'temporarily_unavailable', description)
}
