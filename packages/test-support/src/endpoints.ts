/** The paths of the server's endpoints, as `docs/http.md` has them. */
export const AUTHORIZE = '/oauth/device/authorize'
export const TOKEN = '/oauth/device/token'
export const REVOKE = '/oauth/device/revoke'
export const INTROSPECT = '/oauth/device/introspect'
export const VERIFY = '/oauth/device/verify'
export const REVIEW = '/oauth/device/review'
export const VERIFY_AUTHENTICATED = '/oauth/device/verify-authenticated'
export const SIGN_IN = '/oauth/device/sign-in'
export const KEYS = '/oauth/device/keys'
export const WHOAMI = '/api/whoami'

/** The grant type of RFC 8628 section 3.4. */
export const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code'
