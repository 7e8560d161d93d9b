import type { Context } from 'koa'
import { ANY_ORIGIN } from '../http/cors.ts'
import type { Route } from '../http/route-table.ts'

/** What the metadata of a protected resource says (RFC 9728 section 2). */
export interface ProtectedResourceOptions {
  /** The resource as a URL, exactly as clients name it. */
  readonly resource: string
  /** The issuers whose keys it accepts: the `publicUrl` of each. */
  readonly authorizationServers: readonly string[]
  /**
   * The scopes that it knows.
   * @default not told
   */
  readonly scopes?: readonly string[] | undefined
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

/**
 * Where the metadata of a resource are: the well-known path, then the resource's own path and query
 * (RFC 9728 section 3.1).
 * @throws {TypeError} if the resource is no URL
 */
export const protectedResourceUrl = (resource: string): string => {
  const { origin, pathname, search } = new URL(resource)
  return `${origin}${WELL_KNOWN}${pathname === '/' ? '' : pathname}${search}`
}

/**
 * Makes the row that sends the metadata of a resource, so that a client that knows only the resource finds
 * where to get a key (RFC 9728).
 * @throws {TypeError} if the resource is no URL
 */
export const protectedResource = ({
  resource,
  authorizationServers,
  scopes,
}: ProtectedResourceOptions): Route => {
  const document = JSON.stringify({
    resource,
    authorization_servers: authorizationServers,
    scopes_supported: scopes,
    bearer_methods_supported: ['header'],
  })
  const send = (ctx: Context): void => {
    ctx.type = 'application/json'
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.body = document
  }
  const { pathname } = new URL(protectedResourceUrl(resource))
  return { path: pathname, cors: ANY_ORIGIN, methods: { GET: [send] } }
}
