/** How a server fails: it refuses connections, or it accepts commands and never answers. */
export type Outage = 'down' | 'hanging'

/**
 * Makes a pair for one test. `cut` is true for the tests that cut the store off: short timeouts save
 * time there, and would make the other tests fail on a busy machine.
 */
export type CreatePair<Store> = (test: { readonly cut: boolean }) => Promise<StorePair<Store>>

/** Two stores, or two drivers, on the same data. They stand for two processes. */
export interface StorePair<Store> {
  /** The instance that `cut` cuts off. */
  readonly store: Store
  /** A second instance. For a store in the memory of one process, the same object again. */
  readonly peer: Store
  /** Closes both at the end of a test. */
  readonly close?: (() => Promise<void>) | undefined
  /**
   * Cuts `store` off from its server for the rest of the test. The kits then check that every call
   * fails with `StoreUnavailableError` within `cutTimeoutMs`. Without it this is not checked.
   */
  readonly cut?: ((outage: Outage) => Promise<void> | void) | undefined
  /**
   * How long a call may take while the store is cut off, in milliseconds.
   * @default 10_000
   */
  readonly cutTimeoutMs?: number | undefined
  /**
   * Tells when the server forgets an id, in epoch milliseconds, or `undefined` if it never does by
   * itself. For Redis it is the time of `PTTL`. Without it the kits only see the first second of a
   * state, so a lifetime that does not follow `keepUntil` is not found.
   */
  readonly forgetsAt?: ((id: string) => Promise<number | undefined>) | undefined
}
