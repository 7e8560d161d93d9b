import type { CutOff, StateStore } from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'

type SampleCutOff = CutOff & { readonly sample?: Sample }

/** Keeps samples in cut-offs, as a member that this version does not know. */
export const samplesInCutOffs = (cutOffs: StateStore<CutOff>): StateStore<Sample> => ({
  update: (id, transition) =>
    cutOffs.update(id, (cutOff: SampleCutOff | undefined) => {
      const { next, reply } = transition(cutOff?.sample)
      if (next === cutOff?.sample) return { next: cutOff, reply }
      const changed = next && { at: Date.now(), keepUntil: next.keepUntil, sample: next }
      return { next: changed, reply }
    }),
})
