import type { Retained } from '../rules/transition.ts'

/** A state as a server keeps it, with the random version of the write that stored it. */
export interface Versioned<S> {
  readonly version: string
  readonly state: S
}

/** The result of a swap: written, or what was found instead (`undefined`: there is no state). */
export type SwapResult<S> =
  | { readonly written: true }
  | { readonly written: false; readonly found: Versioned<S> | undefined }

/** Makes one text of a state, and the same state of that text. */
export interface Packing<S> {
  /** The text has no lone surrogates. `JSON.stringify` makes none. */
  pack(versioned: Versioned<S>): string
  unpack(text: string): Versioned<S>
}

/** What a database must offer to keep states: a read, and one atomic compare and swap. */
export interface VersionedDriver<S extends Retained> {
  /** @throws {StoreUnavailableError} if the server cannot be reached or did not answer in time */
  read(id: string): Promise<Versioned<S> | undefined>
  /**
   * Writes `next` (`undefined` removes the state) only if the state still has the version of `expected`
   * (`undefined`: only if there is none). It must be one atomic operation of the server. A driver may
   * compare more of `expected`, for example to notice a change by hand that kept the version.
   * @throws {StoreUnavailableError} if it may or may not have been written
   * @throws {StoreFullError} if the server takes no new ids
   */
  swap(
    id: string,
    expected: Versioned<S> | undefined,
    next: Versioned<S> | undefined,
  ): Promise<SwapResult<S>>
  /**
   * Tells at once whether the state has this version, as an embedded database can. The store then reads
   * before every update, and caches ephemeral states only. `swap` must compare nothing but versions.
   * @default only a swap can tell
   * @throws {StoreUnavailableError} if the database cannot be read
   */
  hasVersion?(id: string, version: string): boolean
  /**
   * How states are cached. Texts are kept outside the heap, which needs half the memory and spares the
   * garbage collector. Unpacking costs every update about as much as parsing its JSON.
   * @default states are cached as objects
   */
  readonly packing?: Packing<S> | undefined
}
