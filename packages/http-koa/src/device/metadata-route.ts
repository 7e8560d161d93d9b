import type { Context, Middleware } from 'koa'
import { DEVICE_CODE_GRANT } from './grant-type.ts'
import type { ClientIdentification } from './identify-client.ts'

/** What the metadata document says. */
export interface MetadataOptions {
  /** The issuer: the base of all URLs, without a trailing slash. */
  readonly publicUrl: string
  /** The languages of the pages, as language tags. */
  readonly locales: readonly string[]
  /** The scopes that clients may ask for at present. */
  readonly scopesSupported: () => readonly string[]
  /** Members of endpoints that the application adds. */
  readonly metadataMembers: Readonly<Record<string, unknown>>
  readonly clients: Pick<ClientIdentification, 'methods' | 'signingAlgorithms'>
}

/** Some clients cannot start without a scope in the metadata. */
export const DEFAULT_SCOPES: readonly string[] = ['api']

/** Sends the authorization server metadata (RFC 8414 section 2, RFC 8628 section 4). */
export const metadataRoute = (options: MetadataOptions): Middleware => {
  let made: { readonly scope: string; readonly document: string } | undefined
  return (ctx: Context) => {
    const scopes = options.scopesSupported()
    const scope = scopes.join(' ')
    if (scope !== made?.scope) made = { scope, document: documentOf(options, scopes) }
    ctx.type = 'application/json'
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.body = made.document
  }
}

const documentOf = (
  { publicUrl, locales, clients, metadataMembers }: MetadataOptions,
  scopes: readonly string[],
): string =>
  JSON.stringify({
    issuer: publicUrl,
    device_authorization_endpoint: `${publicUrl}/oauth/device/authorize`,
    token_endpoint: `${publicUrl}/oauth/device/token`,
    token_endpoint_auth_methods_supported: clients.methods,
    token_endpoint_auth_signing_alg_values_supported: clients.signingAlgorithms,
    revocation_endpoint: `${publicUrl}/oauth/device/revoke`,
    revocation_endpoint_auth_methods_supported: clients.methods,
    revocation_endpoint_auth_signing_alg_values_supported: clients.signingAlgorithms,
    grant_types_supported: [DEVICE_CODE_GRANT],
    // RFC 8414 requires a non-empty list, and `none` is the registered value that stands for nothing.
    response_types_supported: ['none'],
    // RFC 8414 section 3.2 allows no empty list.
    scopes_supported: scopes.length > 0 ? scopes : DEFAULT_SCOPES,
    ui_locales_supported: locales,
    ...metadataMembers,
  })
