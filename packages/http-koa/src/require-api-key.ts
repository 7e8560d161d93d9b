import {
  type AuthenticateApiKey,
  type AuthenticatedKey,
  type OnError,
  StoreError,
} from '@device-grant/core'
import type { Context, Middleware } from 'koa'
import { sendOAuthError, sendTemporarilyUnavailable } from './http/oauth-error.ts'

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
   * The `realm` of the challenge (RFC 9110 section 11.5).
   * @default 'device-grant'
   */
  readonly realm?: string | undefined
  /**
   * Receives the error of a store that failed.
   * @default errors are ignored
   */
  readonly onError?: OnError | undefined
}

/**
 * Lets only requests with a working API key pass: `Authorization: Bearer dg_…` (RFC 6750 section 2.1).
 * It sets `ctx.state.apiKey`.
 */
export const requireApiKey = (
  authenticateApiKey: AuthenticateApiKey,
  { scope, realm = 'device-grant', onError = () => {} }: RequireApiKeyOptions = {},
): Middleware<ApiKeyState> => {
  const challenge = (ctx: Context, status: number, error?: string, description?: string): void => {
    const parts = [`realm="${realm}"`]
    if (error) parts.push(`error="${error}"`)
    if (description) parts.push(`error_description="${description}"`)
    if (status === 403 && scope) parts.push(`scope="${scope}"`)
    ctx.set('WWW-Authenticate', `Bearer ${parts.join(', ')}`)
    sendOAuthError(ctx, status, error ?? 'unauthorized', description ?? 'An API key is required')
  }
  return async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store')
    const header = ctx.req.headers.authorization
    const isRepeated = (ctx.req.headersDistinct['authorization']?.length ?? 0) > 1
    if (isRepeated || (header !== undefined && 'access_token' in ctx.query)) {
      return challenge(ctx, 400, 'invalid_request', 'The key was sent in more than one way')
    }
    const [, credentials] = /^bearer(?: +(.*))?$/i.exec(header ?? '') ?? []
    if (header === undefined || !/^bearer\b/i.test(header)) return challenge(ctx, 401)
    if (!credentials || !/^[A-Za-z0-9._~+/-]+=*$/.test(credentials)) {
      return challenge(ctx, 400, 'invalid_request', 'The Authorization header is malformed')
    }
    try {
      const key = await authenticateApiKey(credentials)
      if (key.outcome !== 'valid') {
        return challenge(ctx, 401, 'invalid_token', DESCRIPTIONS[key.outcome])
      }
      const granted = new Set(key.scope?.split(' '))
      if (scope && !scope.split(' ').every((one) => granted.has(one))) {
        return challenge(ctx, 403, 'insufficient_scope', 'The key lacks a scope')
      }
      ctx.state.apiKey = key
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      onError(error, 'authenticate')
      return sendTemporarilyUnavailable(ctx, 'The key cannot be checked for now, try again later')
    }
    await next()
  }
}

const DESCRIPTIONS = {
  malformed: 'This is no API key',
  no_such_key: 'The key is unknown',
  expired: 'The key has expired',
  revoked: 'The key was revoked',
} as const
