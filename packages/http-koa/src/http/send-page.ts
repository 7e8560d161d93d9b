import type { Context } from 'koa'

/** The content security policy of a page, without a limit on where its forms lead. */
export const POLICY_WITHOUT_FORM_ACTION: string = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const CONTENT_SECURITY_POLICY = `${POLICY_WITHOUT_FORM_ACTION}; form-action 'self'`

/** The same for a page whose script asks this server. */
export const POLICY_WITH_FETCH: string = `${CONTENT_SECURITY_POLICY}; connect-src 'self'`

/**
 * Sends an HTML page with its security headers. No other origin may read it, because it holds the
 * tokens of its forms.
 */
export const sendPage = (
  ctx: Context,
  status: number,
  html: string,
  contentSecurityPolicy: string = CONTENT_SECURITY_POLICY,
): void => {
  ctx.status = status
  ctx.type = 'text/html; charset=utf-8'
  ctx.set('Cache-Control', 'no-store')
  ctx.set('Content-Security-Policy', contentSecurityPolicy)
  // A page that opened this one in a window can no longer navigate it.
  ctx.set('Cross-Origin-Opener-Policy', 'same-origin')
  ctx.set('X-Frame-Options', 'DENY')
  ctx.set('Referrer-Policy', 'no-referrer')
  ctx.set('X-Content-Type-Options', 'nosniff')
  ctx.set('Vary', 'Accept, Accept-Language, Cookie')
  ctx.remove('Access-Control-Allow-Origin')
  ctx.remove('Access-Control-Allow-Credentials')
  ctx.body = html
}
