import type { Context } from 'koa'

/** Headers of every answer to a device: never cached, readable from any origin, no cookies. */
export const setDeviceHeaders = (ctx: Context): void => {
  ctx.set('Cache-Control', 'no-store')
  ctx.set('Pragma', 'no-cache')
  ctx.set('Access-Control-Allow-Origin', '*')
}

/**
 * Answers with an error as RFC 6749 section 5.2 wants it. `description` is printable ASCII without
 * quotes and backslashes.
 */
export const sendOAuthError = (
  ctx: Context,
  status: number,
  error: string,
  description: string,
  more: Readonly<Record<string, number>> = {},
): void => {
  ctx.status = status
  sendJson(ctx, { error, error_description: description, ...more })
}

/** Answers with JSON. As text with its type: that Koa looks at an object and finds its type costs more. */
export const sendJson = (ctx: Context, body: object): void => {
  ctx.set('Content-Type', 'application/json; charset=utf-8')
  ctx.set('X-Content-Type-Options', 'nosniff')
  ctx.body = JSON.stringify(body)
}

/** Says when a client may come back, to scripts of other origins too. */
export const setRetryAfter = (ctx: Context, seconds: number): void => {
  ctx.set('Retry-After', String(seconds))
  ctx.set('Access-Control-Expose-Headers', 'Retry-After')
}

/** A store is down: the client may come back. */
export const sendTemporarilyUnavailable = (
  ctx: Context,
  description: string,
  retryAfterSeconds = 5,
): void => {
  setRetryAfter(ctx, retryAfterSeconds)
  sendOAuthError(ctx, 503, 'temporarily_unavailable', description)
}

/** Answers any method that no route has taken. */
export const notAllowed =
  (methods: string) =>
  (ctx: Context): void => {
    ctx.set('Allow', methods)
    sendOAuthError(ctx, 405, 'invalid_request', `The method must be one of ${methods}`)
  }
