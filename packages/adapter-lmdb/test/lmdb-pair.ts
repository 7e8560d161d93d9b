import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type LmdbEnvironment, openLmdb } from '@device-grant/adapter-lmdb'
import type { CreatePair } from '@device-grant/core/testing'

/** Makes pairs for the kits on a folder of their own, which is removed at the end. */
export const lmdbPair =
  <Store>(make: (environment: LmdbEnvironment) => Store): CreatePair<Store> =>
  async () => {
    const path = await mkdtemp(join(tmpdir(), 'device-grant-lmdb-'))
    // Opened twice, as two processes would.
    const environments = [1, 2].map(() => openLmdb({ path, timeoutMs: 30_000 }))
    const [store, peer] = environments.map(make)
    return {
      store: store as Store,
      peer: peer as Store,
      // A closed environment fails every read and every write.
      cut: () => environments[0]?.close(),
      close: async () => {
        await Promise.all(environments.map((environment) => environment.close()))
        await rm(path, { recursive: true })
      },
    }
  }
