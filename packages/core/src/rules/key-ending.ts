/**
 * What ended a key. `owner`: the person who approved it. `operator`: an operator. `bearer`: a caller that
 * presented the key (RFC 7009). `replacement`: the first use of the key that replaces it. `cut_off`: it was
 * picked up after all keys of its owner or client had been revoked. `secret_scanning`: a service that found
 * it in a public place.
 */
export type KeyEnder =
  | 'owner'
  | 'operator'
  | 'bearer'
  | 'replacement'
  | 'cut_off'
  | 'secret_scanning'

/** What ended a key, as it is kept for its owner. */
export interface KeyEnding {
  readonly by: KeyEnder
  /** For a leaked key: where it was found. */
  readonly place?: string | undefined
}

/** How a key is revoked. */
export interface EndKey {
  /** Epoch milliseconds. */
  readonly now: number
  readonly ending: KeyEnding
  /** How long the revoked key is kept, in milliseconds. */
  readonly keepMs: number
}
