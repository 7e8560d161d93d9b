import type { Context } from 'koa'
import { DEVICE_CODE_GRANT } from './token-route.ts'

export interface MetadataOptions {
  /** The issuer: the base of all URLs handed out, without a trailing slash. */
  readonly publicUrl: string
  readonly locales: readonly string[]
}

/** Authorization server metadata (RFC 8414 section 2, RFC 8628 section 4). */
export const metadataRoute = ({
  publicUrl,
  locales,
}: MetadataOptions): ((ctx: Context) => void) => {
  const document = JSON.stringify({
    issuer: publicUrl,
    device_authorization_endpoint: `${publicUrl}/oauth/device/authorize`,
    token_endpoint: `${publicUrl}/oauth/device/token`,
    token_endpoint_auth_methods_supported: ['none'],
    grant_types_supported: [DEVICE_CODE_GRANT],
    // Required, and must not be empty: the one registered value that means none.
    response_types_supported: ['none'],
    ui_locales_supported: locales,
  })
  return (ctx) => {
    ctx.set('Access-Control-Allow-Origin', '*')
    ctx.type = 'application/json'
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.body = document
  }
}

/**
 * Where the metadata stand for an issuer: at the root, with the issuer's path behind (RFC 8414
 * section 3.1), and below the mount point, where OpenID clients look first.
 */
export const metadataPaths = (publicUrl: string, prefix: string): readonly string[] => {
  const { pathname } = new URL(publicUrl)
  const names = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']
  const behind = pathname === '/' ? '' : pathname
  return [...new Set(names.flatMap((name) => [name, name + behind, prefix + name]))]
}
