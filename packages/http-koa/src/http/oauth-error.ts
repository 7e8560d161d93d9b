import type { Context } from 'koa'
import { sendJson } from './json-response.ts'

/**
 * Sends an error response (RFC 6749 section 5.2).
 * @param description printable ASCII without quotes and backslashes
 * @param more further members; `undefined` ones are left out
 */
export const sendOAuthError = (
  ctx: Context,
  status: number,
  error: string,
  description: string,
  more: Readonly<Record<string, number | undefined>> = {},
): void => {
  ctx.status = status
  sendJson(ctx, { error, error_description: description, ...more })
}

/** Sets `Retry-After`, and lets scripts of other origins read it. */
export const setRetryAfter = (ctx: Context, seconds: number): void => {
  ctx.set('Retry-After', String(seconds))
  ctx.set('Access-Control-Expose-Headers', 'Retry-After')
}

/** Sends status 503 because a store is down. The client may retry. */
export const sendTemporarilyUnavailable = (
  ctx: Context,
  description: string,
  retryAfterSeconds = 5,
): void => {
  setRetryAfter(ctx, retryAfterSeconds)
  sendOAuthError(ctx, 503, 'temporarily_unavailable', description)
}
