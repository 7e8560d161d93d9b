import { type ApiKeyStore, CompareAndSwapStore, type VersionedDriver } from '@device-grant/core'
import {
  type CreatePair,
  type Sample,
  testApiKeyStore,
  testDriver,
  testStateScan,
  testStateStore,
} from '@device-grant/core/testing'
import test from 'ava'
import { createLmdbStores, LmdbDriver, LmdbStateStore, openLmdb } from '#src/index.js'
import { PATIENT_MS } from './patient.ts'
import { RemoteApiKeyStore, RemoteDriver, StoreProcess } from './remote-store.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Runs the kits on this process and another one, which share a folder. */
export const runTwoProcessKits = (): void => {
  const folder = temporaryFolder()
  const environment = openLmdb({ path: folder.path, timeoutMs: PATIENT_MS })
  const other = new StoreProcess(folder.path)
  test.after.always(async () => {
    await Promise.all([environment.close(), other.close()])
    folder.remove()
  })
  const stores = createLmdbStores(environment)
  const samples = new LmdbDriver<Sample>(environment, { name: 'samples' })
  const remoteSamples = new RemoteDriver<Sample>(other, 'samples')
  const index = environment.database('index')

  /** When a state is forgotten, by the index. */
  const untilIn =
    (database: string) =>
    async (id: string): Promise<number | undefined> => {
      const name = `until ${database}`
      const keys = [...index.getKeys({ start: [name], end: [name, Number.POSITIVE_INFINITY] })]
      const key = keys.find((item) => Array.isArray(item) && item[2] === id)
      return Array.isArray(key) ? Number(key[1]) : undefined
    }
  const pairs =
    <Store>(database: string, store: Store, peer: Store): CreatePair<Store> =>
    async () => ({ store, peer, forgetsAt: untilIn(database) })

  testDriver(
    (title, run) => test(`driver, two processes: ${title}`, run),
    pairs<VersionedDriver<Sample>>('samples', samples, remoteSamples),
  )
  testStateStore(
    (title, run) => test(`samples, two processes: ${title}`, run),
    pairs(
      'samples',
      new CompareAndSwapStore(samples),
      new CompareAndSwapStore<Sample>(remoteSamples),
    ),
  )
  // The other process makes no scans, because its messages carry one answer each.
  testStateScan(
    (title, run) => test(`samples: ${title}`, run),
    pairs('samples', new LmdbStateStore(samples), new LmdbStateStore(samples)),
  )
  testApiKeyStore(
    (title, run) => test(`API keys, two processes: ${title}`, run),
    pairs<ApiKeyStore>('api_keys', stores.apiKeys, new RemoteApiKeyStore(other)),
  )
}
