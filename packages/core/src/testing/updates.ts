import type { StateStore } from '../ports.ts'
import type { Retained } from '../rules/transition.ts'
import { StoreConflictError } from '../store-errors.ts'

const MAX_ATTEMPTS = 10

/** Retries an update that lost its races, as a caller may: nothing was written. */
export const retry = async <R>(update: () => Promise<R>): Promise<R> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await update()
    } catch (error) {
      if (!(error instanceof StoreConflictError) || attempt === MAX_ATTEMPTS) throw error
    }
  }
}

/** Reads a state without writing. */
export const read = <S extends Retained>(
  store: StateStore<S>,
  id: string,
): Promise<S | undefined> =>
  retry(() => store.update(id, (state) => ({ next: state, reply: state })))

/** Writes a state, whatever was there before. */
export const write = <S extends Retained>(
  store: StateStore<S>,
  id: string,
  state: S,
): Promise<void> => retry(() => store.update(id, () => ({ next: state, reply: undefined })))

/** Removes a state, whatever it is. */
export const remove = <S extends Retained>(store: StateStore<S>, id: string): Promise<void> =>
  retry(() => store.update(id, () => ({ next: undefined, reply: undefined })))
