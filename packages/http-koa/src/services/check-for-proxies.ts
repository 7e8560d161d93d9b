import { type AuthenticateApiKey, checkBearer } from '@device-grant/core'
import type { Context, Middleware } from 'koa'
import { sendJson } from '../http/json-response.ts'
import { pathOf } from '../http/path-of.ts'
import { emitError, type ReportError } from '../http/report-error.ts'

/** The options of `checkForProxies`. */
export interface CheckForProxiesOptions {
  /**
   * The path of the endpoint. It answers below it too, because some proxies append the path of the request.
   * @default '/oauth/device/check'
   */
  readonly path?: string | undefined
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
 * Answers a reverse proxy that asks whether a request may pass, such as nginx with `auth_request` or Envoy
 * with `ext_authz`. Any method counts, and the query and the body do not. The proxy sets
 * `X-Required-Scope` and `X-Required-Resource` itself. Use it before the router.
 *
 * Status 204 (200 for Envoy) comes with `X-Auth-User`, `X-Auth-Scope` and `X-Auth-Key-Id`,
 * percent-encoded but for printable ASCII. Else the status is 401, 403, or 503 if a store failed.
 */
export const checkForProxies = (
  authenticateApiKey: AuthenticateApiKey,
  { path = '/oauth/device/check', realm, ...options }: CheckForProxiesOptions = {},
): Middleware => {
  const onError: ReportError = options.onError ?? emitError
  const answer = async (ctx: Context): Promise<void> => {
    ctx.set('Cache-Control', 'no-store')
    const reply = await checkBearer(authenticateApiKey, {
      authorization: ctx.req.headersDistinct['authorization'],
      scope: headerOf(ctx, 'x-required-scope'),
      resource: headerOf(ctx, 'x-required-resource'),
      realm,
    })
    if (reply.outcome === 'valid') {
      ctx.set('X-Auth-User', encoded(reply.owner))
      ctx.set('X-Auth-Scope', encoded(reply.scope ?? ''))
      ctx.set('X-Auth-Key-Id', reply.keyId)
      // Envoy lets a request pass for a 200 only.
      ctx.status = headerOf(ctx, ENVOY_HEADER) === undefined ? 204 : 200
      ctx.body = ''
      return
    }
    if (reply.error) onError(reply.error, 'authenticate', ctx)
    ctx.set({ ...reply.headers })
    // Proxies understand 401 and 403 only, and take any other status as an error of their own.
    ctx.status = reply.status === 400 ? 401 : reply.status
    sendJson(ctx, reply.body)
  }
  return (ctx, next) => {
    const asked = pathOf(ctx)
    return asked === path || asked?.startsWith(`${path}/`) ? answer(ctx) : next()
  }
}

/** Envoy sends it with every request of its own. */
const ENVOY_HEADER = 'x-envoy-expected-rq-timeout-ms'

const headerOf = (ctx: Context, name: string): string | undefined => ctx.get(name) || undefined

/** Percent-encodes the UTF-8 bytes of all characters but `!` to `~`, and of the percent sign. */
const encoded = (text: string): string =>
  Array.from(Buffer.from(text, 'utf8'), (byte) =>
    byte > 0x20 && byte < 0x7f && byte !== 0x25
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')
