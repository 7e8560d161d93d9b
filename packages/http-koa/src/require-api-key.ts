import type { IncomingMessage } from 'node:http'
import {
  type AuthenticateApiKey,
  type AuthenticatedKey,
  type OnError,
  StoreError,
} from '@device-grant/core'
import type { Context, Middleware } from 'koa'
import { sendOAuthError, sendTemporarilyUnavailable } from './http/oauth-error.ts'
import { emitError, type ReportError } from './http/report-error.ts'

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
   * @default errors are emitted at the application: `ctx.app.emit('error', error, ctx)`
   */
  readonly onError?: OnError | undefined
}

/**
 * Lets only requests with a working API key pass: `Authorization: Bearer dg_…` (RFC 6750 section 2.1).
 * It sets `ctx.state.apiKey`.
 */
export const requireApiKey = (
  authenticateApiKey: AuthenticateApiKey,
  options: RequireApiKeyOptions = {},
): Middleware<ApiKeyState> => {
  const { scope, realm = 'device-grant' } = options
  const needed = scope ? scope.split(' ') : []
  const onError: ReportError = options.onError ?? emitError
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
    if (header !== undefined && (isRepeated(ctx.req) || hasKeyInQuery(ctx))) {
      return challenge(ctx, 400, 'invalid_request', 'The key was sent in more than one way')
    }
    if (header === undefined || !/^bearer\b/i.test(header)) return challenge(ctx, 401)
    const credentials = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(header)?.[1]
    if (!credentials) {
      return challenge(ctx, 400, 'invalid_request', 'The Authorization header is malformed')
    }
    try {
      const key = await authenticateApiKey(credentials)
      if (key.outcome !== 'valid') {
        return challenge(ctx, 401, 'invalid_token', DESCRIPTIONS[key.outcome])
      }
      if (!isGranted(needed, key.scope)) {
        return challenge(ctx, 403, 'insufficient_scope', 'The key lacks a scope')
      }
      ctx.state.apiKey = key
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      onError(error, 'authenticate', ctx)
      return sendTemporarilyUnavailable(ctx, 'The key cannot be checked for now, try again later')
    }
    await next()
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

const isGranted = (needed: readonly string[], scope: string | undefined): boolean => {
  if (needed.length === 0) return true
  const granted = scope?.split(' ') ?? []
  return needed.every((one) => granted.includes(one))
}

const DESCRIPTIONS = {
  malformed: 'This is no API key',
  no_such_key: 'The key is unknown',
  expired: 'The key has expired',
  revoked: 'The key was revoked',
  not_admitted: 'The owner of the key may not use it now',
} as const
