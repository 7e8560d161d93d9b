const NAMES = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']

/**
 * The paths of the metadata document: below the mount point, where OpenID clients look, and with the
 * issuer's path appended (RFC 8414 section 3.1). The bare names at the root of an origin are those of
 * an issuer without a path, so a router below a prefix leaves them to the application.
 * @param issuerPath the path of the public URL, or an empty text
 * @param prefix where the router is mounted, or an empty text
 */
export const metadataPaths = (issuerPath: string, prefix: string): readonly string[] => [
  ...new Set(NAMES.flatMap((name) => [prefix + name, name + issuerPath])),
]
