/** The paths of the router. They are fixed relative to the mount point. */
export interface Paths {
  /** The common beginning of all other paths but `shortVerify`. */
  readonly base: string
  /** The device authorization endpoint. */
  readonly authorize: string
  /** The token endpoint, which devices poll. */
  readonly token: string
  /** Clients revoke their keys here. */
  readonly revoke: string
  /** The verification page. */
  readonly verify: string
  /** Leads to the verification page. It is short, for people to type. */
  readonly shortVerify: string
  /** Shows a front end what a code approves. */
  readonly review: string
  /** Approves and denies for a front end. */
  readonly verifyAuthenticated: string
  /** The connected devices. Below it are `{id}`, `{id}/rename` and `{id}/revoke`. */
  readonly keys: string
  /** Shows a denial again. */
  readonly denied: string
  /** Revokes all keys. */
  readonly revokeAll: string
  /** The sign-in method answers here and below. */
  readonly signIn: string
  /** Lets a code go and signs in with another account. */
  readonly switchAccount: string
  /** Signs the person out. */
  readonly signOut: string
  /** The files of pages are below it. */
  readonly assets: string
}

/** The paths below a prefix such as `/auth`, or at the root if the prefix is empty. */
export const pathsBelow = (prefix: string): Paths => {
  const base = `${prefix}/oauth/device`
  return {
    base,
    authorize: `${base}/authorize`,
    token: `${base}/token`,
    revoke: `${base}/revoke`,
    verify: `${base}/verify`,
    shortVerify: `${prefix}/device`,
    review: `${base}/review`,
    verifyAuthenticated: `${base}/verify-authenticated`,
    keys: `${base}/keys`,
    denied: `${base}/denied`,
    revokeAll: `${base}/keys/revoke-all`,
    signIn: `${base}/sign-in`,
    switchAccount: `${base}/switch-account`,
    signOut: `${base}/sign-out`,
    assets: `${base}/assets`,
  }
}
