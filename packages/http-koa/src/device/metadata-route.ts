import type { Context, Middleware } from 'koa'
import { DEVICE_CODE_GRANT } from './grant-type.ts'

/** What the metadata document says. */
export interface MetadataOptions {
  /** The issuer: the base of all URLs, without a trailing slash. */
  readonly publicUrl: string
  /** The languages of the pages, as language tags. */
  readonly locales: readonly string[]
}

/** Sends the authorization server metadata (RFC 8414 section 2, RFC 8628 section 4). */
export const metadataRoute = ({ publicUrl, locales }: MetadataOptions): Middleware => {
  const document = JSON.stringify({
    issuer: publicUrl,
    device_authorization_endpoint: `${publicUrl}/oauth/device/authorize`,
    token_endpoint: `${publicUrl}/oauth/device/token`,
    token_endpoint_auth_methods_supported: ['none'],
    grant_types_supported: [DEVICE_CODE_GRANT],
    // RFC 8414 requires a non-empty list, and `none` is the registered value that stands for nothing.
    response_types_supported: ['none'],
    ui_locales_supported: locales,
  })
  return (ctx: Context) => {
    ctx.type = 'application/json'
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.body = document
  }
}
