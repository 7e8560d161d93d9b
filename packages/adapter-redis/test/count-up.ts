import type { StateStore } from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'

const KEPT_MS = 600_000

/** Adds one to the sample under this id. Returns its new value. */
export const countUp = (store: StateStore<Sample>, id: string): Promise<number> =>
  store.update(id, (state) => {
    const value = (state?.value ?? 0) + 1
    return { next: { value, keepUntil: Date.now() + KEPT_MS }, reply: value }
  })
