import type { ApiKey, CutOff, ReservedKey, Retained, StateStore } from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'

/** A reserved key that is kept for ten minutes. */
export const reservation = (owner: string): ReservedKey => ({
  status: 'reserved',
  name: 'Device Link Access Key (WDJB-MJHT)',
  owner,
  request: { device: {} },
  approvedAt: Date.now(),
  expiresAt: Date.now() + 600_000,
  keepUntil: Date.now() + 600_000,
})

/** The owner of a key, if it is not erased. */
export const ownerOf = (key: ApiKey | undefined): string | undefined =>
  key?.status === 'erased' ? undefined : key?.owner

/** Keeps samples in API keys, as a member that this version does not know. */
export const samplesInKeys = (keys: StateStore<ApiKey>): StateStore<Sample> =>
  samplesIn(keys, ({ keepUntil }) => ({ ...reservation('kit'), keepUntil }))

/** Keeps samples in cut-offs, as a member that this version does not know. */
export const samplesInCutOffs = (cutOffs: StateStore<CutOff>): StateStore<Sample> =>
  samplesIn(cutOffs, ({ keepUntil }) => ({ at: Date.now(), keepUntil }))

const samplesIn = <S extends Retained>(
  store: StateStore<S>,
  stateFor: (sample: Sample) => S,
): StateStore<Sample> => ({
  update: (id, transition) =>
    store.update(id, (state) => {
      const current = state && sampleIn(state)
      const { next, reply } = transition(current)
      if (next === current) return { next: state, reply }
      return { next: next && { ...stateFor(next), sample: next }, reply }
    }),
})

const sampleIn = (state: object): Sample => {
  if ('sample' in state) return state.sample as Sample
  throw new Error('The state has lost its sample')
}
