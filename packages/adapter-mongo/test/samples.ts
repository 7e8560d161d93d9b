import type {
  ApiKey,
  ReservedKey,
  StateStore,
  Versioned,
  VersionedDriver,
} from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'

/** A reserved key that is kept for ten minutes. */
export const reservation = (owner: string): ReservedKey => ({
  status: 'reserved',
  name: 'Device Link Access Key (WDJB-MJHT)',
  owner,
  request: { device: {} },
  approvedAt: Date.now(),
  salt: 'salt',
  prefix: 'dg_',
  expiresAt: Date.now() + 600_000,
  keepUntil: Date.now() + 600_000,
})

const toKey = (sample: Sample): ApiKey => ({
  ...reservation('kit'),
  name: JSON.stringify(sample),
  keepUntil: sample.keepUntil,
})

const toSample = (key: ApiKey): Sample => JSON.parse(key.name)

/** Keeps any sample in the name of an API key, so that the kit for states can run on MongoDB. */
export const sampleStore = (keys: StateStore<ApiKey>): StateStore<Sample> => ({
  update: (id, transition) =>
    keys.update(id, (key) => {
      const current = key && toSample(key)
      const { next, reply } = transition(current)
      return { next: next === current ? key : next && toKey(next), reply }
    }),
})

const toVersionedSample = (found: Versioned<ApiKey> | undefined): Versioned<Sample> | undefined =>
  found && { version: found.version, state: toSample(found.state) }

/** Keeps samples as `sampleStore` does, so that the kit for drivers can run on MongoDB. */
export const sampleDriver = (keys: VersionedDriver<ApiKey>): VersionedDriver<Sample> => ({
  read: async (id) => toVersionedSample(await keys.read(id)),
  swap: async (id, expected, next) => {
    const key = next && { version: next.version, state: toKey(next.state) }
    const swap = await keys.swap(id, expected, key)
    return swap.written ? swap : { written: false, found: toVersionedSample(swap.found) }
  },
})
