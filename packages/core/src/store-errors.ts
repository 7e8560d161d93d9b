/** The base of what a store throws, so that callers can tell it from a programming error. */
export abstract class StoreError extends Error {
  abstract readonly code: 'store_unavailable' | 'store_conflict' | 'store_full' | 'store_data'
  override get name(): string {
    return this.constructor.name
  }
}

/** The store cannot be reached or did not answer in time. A write may or may not have happened. */
export class StoreUnavailableError extends StoreError {
  readonly code = 'store_unavailable' as const
}

/** Every attempt to write lost its race or waited too long. Nothing was written. */
export class StoreConflictError extends StoreError {
  readonly code = 'store_conflict' as const
}

/** The store takes no new ids at present. Nothing was written. */
export class StoreFullError extends StoreError {
  readonly code = 'store_full' as const
}

/** The stored data is no state that this version understands. Nothing was written. */
export class StoreDataError extends StoreError {
  readonly code = 'store_data' as const
}
