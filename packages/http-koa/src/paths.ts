/** Every path of the router, the mount point's prefix included. They are fixed relative to it. */
export interface Paths {
  /** What all others begin with. */
  readonly base: string
  readonly authorize: string
  readonly token: string
  readonly verify: string
  readonly verifyAuthenticated: string
  readonly keys: string
  readonly revokeAll: string
  readonly signIn: string
  readonly signOut: string
  readonly assets: string
}

/** The paths below a prefix such as `/auth`; an empty prefix is the origin's root. */
export const pathsBelow = (prefix: string): Paths => {
  const base = `${prefix}/oauth/device`
  return {
    base,
    authorize: `${base}/authorize`,
    token: `${base}/token`,
    verify: `${base}/verify`,
    verifyAuthenticated: `${base}/verify-authenticated`,
    keys: `${base}/keys`,
    revokeAll: `${base}/keys/revoke-all`,
    signIn: `${base}/sign-in`,
    signOut: `${base}/sign-out`,
    assets: `${base}/assets`,
  }
}
