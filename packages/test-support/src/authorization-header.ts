type AuthorizationHeader = { readonly authorization: string }

/** The header of RFC 7617 for `id:secret`. Characters beyond ASCII are sent in Latin-1. */
export const basic = (idAndSecret: string): AuthorizationHeader => ({
  authorization: `Basic ${Buffer.from(idAndSecret, 'latin1').toString('base64')}`,
})

/** The header of RFC 6750 section 2.1. */
export const bearer = (token: string): AuthorizationHeader => ({
  authorization: `Bearer ${token}`,
})
