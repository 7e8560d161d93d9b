import type { Context, Middleware } from 'koa'
import { sendServiceError } from '../service-error.ts'
import type { AdminTokens } from './admin-tokens.ts'

/** The state behind `authenticateAdmin`. */
export interface AdminState {
  /** The name of the token of the request. */
  admin: string
}

const REALM = 'realm="device-grant admin"'

/** Lets only requests with an admin token pass: `Authorization: Bearer dga_…` (RFC 6750 section 2.1). */
export const authenticateAdmin = (
  tokens: AdminTokens,
  onRefused: (ctx: Context) => void,
): Middleware<AdminState> => {
  return async (ctx, next) => {
    const [header, ...others] = ctx.req.headersDistinct['authorization'] ?? []
    // Another scheme is no error: the client has sent no token (RFC 6750 section 3.1).
    if (header === undefined || !/^bearer\b/i.test(header)) {
      return challenge(ctx, 401, 'unauthorized', 'An admin token is required')
    }
    const token = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header)?.[1]
    if (others.length > 0 || token === undefined) {
      return challenge(ctx, 400, 'invalid_request', 'The Authorization header is malformed')
    }
    const name = tokens.nameOf(token)
    if (name === undefined) {
      onRefused(ctx)
      return challenge(ctx, 401, 'invalid_token', 'The admin token is unknown')
    }
    ctx.state.admin = name
    await next()
  }
}

/** A request without a token gets no error code (RFC 6750 section 3.1). */
const challenge = (ctx: Context, status: 400 | 401, error: string, description: string): void => {
  const more =
    error === 'unauthorized' ? '' : `, error="${error}", error_description="${description}"`
  ctx.set('WWW-Authenticate', `Bearer ${REALM}${more}`)
  sendServiceError(ctx, status, error, description)
}
