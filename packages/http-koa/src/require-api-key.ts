import type { IncomingMessage } from 'node:http'
import { type AuthenticateApiKey, type AuthenticatedKey, checkBearer } from '@device-grant/core'
import type { Context, Middleware } from 'koa'
import { sendJson } from './http/json-response.ts'
import { emitError, type ReportError } from './http/report-error.ts'
import { protectedResourceUrl } from './services/protected-resource.ts'

/** The state behind `requireApiKey`. */
export interface ApiKeyState {
  /** The key of the request and its owner. */
  apiKey: AuthenticatedKey
}

/** The options of `requireApiKey`. */
export interface RequireApiKeyOptions {
  /**
   * The scopes that the key must have, separated by spaces.
   * @default any working key passes
   */
  readonly scope?: string | undefined
  /**
   * The resource that the key must be for, as a URI (RFC 8707). A key for every resource passes too.
   * @default a key for any resource passes
   */
  readonly resource?: string | undefined
  /**
   * The `realm` of the challenge (RFC 9110 section 11.5).
   * @default 'device-grant'
   */
  readonly realm?: string | undefined
  /**
   * Receives the error of a store that failed, `authenticate`, and the context of the request.
   * @default errors are emitted at the application: `ctx.app.emit('error', error, ctx)`
   */
  readonly onError?: ReportError | undefined
}

/**
 * Lets only requests with a working API key pass: `Authorization: Bearer dg_…` (RFC 6750 section 2.1).
 * It sets `ctx.state.apiKey`.
 */
export const requireApiKey = (
  authenticateApiKey: AuthenticateApiKey,
  { scope, resource, realm, ...options }: RequireApiKeyOptions = {},
): Middleware<ApiKeyState> => {
  const onError: ReportError = options.onError ?? emitError
  const resourceMetadata = resource === undefined ? undefined : protectedResourceUrl(resource)
  return async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store')
    const { req } = ctx
    const reply = await checkBearer(authenticateApiKey, {
      authorization: isRepeated(req)
        ? req.headersDistinct['authorization']
        : req.headers.authorization,
      hasKeyInQuery: hasKeyInQuery(ctx),
      scope,
      resource,
      resourceMetadata,
      realm,
    })
    if (reply.outcome === 'valid') {
      ctx.state.apiKey = reply
      return next()
    }
    if (reply.error) {
      onError(reply.error, 'authenticate', ctx)
      // Lets scripts of other origins read when to retry.
      ctx.set('Access-Control-Expose-Headers', 'Retry-After')
    }
    ctx.set({ ...reply.headers })
    ctx.status = reply.status
    sendJson(ctx, reply.body)
  }
}

// Every request passes here: the raw headers are cheaper than `headersDistinct`, which copies them all.
const isRepeated = ({ rawHeaders }: IncomingMessage): boolean => {
  let count = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]?.length === 13 && rawHeaders[i]?.toLowerCase() === 'authorization') count += 1
  }
  return count > 1
}

const hasKeyInQuery = (ctx: Context): boolean =>
  ctx.querystring !== '' && 'access_token' in ctx.query
