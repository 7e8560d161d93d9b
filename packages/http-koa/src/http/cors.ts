import type { Context, Middleware } from 'koa'
import { setHeader } from './set-header.ts'

/** Which pages of other origins may call a route from a browser (CORS, Fetch standard section 3.3). */
export interface CorsPolicy {
  /** `*` for every origin without cookies, or the origins that may call it with cookies. */
  readonly origins: '*' | ReadonlySet<string>
  /**
   * The request headers that a page may set, separated by commas.
   * @default every header that the page asks for
   */
  readonly allowedHeaders?: string | undefined
  /** How long a browser may cache the answer to a preflight request, in seconds. */
  readonly maxAgeSeconds: number
}

/**
 * Every page may call the route, without cookies. It may set every header, because a program that is no
 * browser may too, and browser clients send headers of their own such as `traceparent`.
 */
export const ANY_ORIGIN: CorsPolicy = {
  origins: '*',
  maxAgeSeconds: 86_400,
}

/** Only pages of these origins may call the route, with cookies. */
export const frontEndCors = (origins: readonly string[]): CorsPolicy => ({
  origins: new Set(origins),
  allowedHeaders: 'Content-Type',
  maxAgeSeconds: 600,
})

/**
 * Sets the CORS headers of a response.
 * @param methods the methods that a preflight response names, separated by commas
 */
export const setCorsHeaders = (
  ctx: Context,
  { origins, allowedHeaders, maxAgeSeconds }: CorsPolicy,
  methods: string,
): void => {
  if (origins === '*') setHeader(ctx, 'Access-Control-Allow-Origin', '*')
  else {
    ctx.vary('Origin')
    const origin = ctx.get('Origin')
    if (!origins.has(origin)) return
    ctx.set('Access-Control-Allow-Origin', origin)
    ctx.set('Access-Control-Allow-Credentials', 'true')
  }
  if (ctx.method !== 'OPTIONS') return
  ctx.set('Access-Control-Allow-Methods', methods)
  if (allowedHeaders === undefined) ctx.vary('Access-Control-Request-Headers')
  const headers = allowedHeaders ?? askedHeaders(ctx)
  if (headers) ctx.set('Access-Control-Allow-Headers', headers)
  ctx.set('Access-Control-Max-Age', String(maxAgeSeconds))
}

/** Lets other origins read one answer of a row whose other answers they may not read. */
export const readableBy =
  (policy: CorsPolicy): Middleware =>
  (ctx, next) => {
    setCorsHeaders(ctx, policy, ctx.method)
    return next()
  }

/** The headers that a preflight request asks for, or nothing if it is malformed. */
const askedHeaders = (ctx: Context): string => {
  const asked = ctx.get('Access-Control-Request-Headers')
  return /^[\w!#$%&'*+.^`|~, \t-]*$/.test(asked) ? asked : ''
}
