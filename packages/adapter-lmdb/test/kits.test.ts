import {
  type ApiKeyStore,
  CompareAndSwapStore,
  type StateStore,
  type VersionedDriver,
} from '@device-grant/core'
import {
  type CreatePair,
  type Sample,
  testApiKeyStore,
  testDriver,
  testStateStore,
} from '@device-grant/core/testing'
import test from 'ava'
import { createLmdbStores, LmdbDriver, type LmdbEnvironment, openLmdb } from '#src/index.js'
import { PATIENT_MS } from './patient.ts'
import { RemoteApiKeyStore, RemoteDriver, StoreProcess } from './remote-store.ts'
import { samplesInCutOffs } from './samples.ts'
import { temporaryFolder } from './temporary-folder.ts'

const folder = temporaryFolder()
const open = (): LmdbEnvironment => openLmdb({ path: folder.path, timeoutMs: PATIENT_MS })
const environments = [open(), open()] as const
const [, otherEnvironment] = environments
const otherProcess = new StoreProcess(folder.path)

test.after.always(async () => {
  await Promise.all([otherProcess, ...environments].map((user) => user.close()))
  folder.remove()
})

/** When a state is forgotten, by the index. */
const untilIn =
  (database: string) =>
  async (id: string): Promise<number | undefined> => {
    const start = [`until ${database}`]
    const keys = [...otherEnvironment.database('index').getKeys({ start })]
    const key = keys.find((item) => Array.isArray(item) && item[0] === start[0] && item[2] === id)
    return Array.isArray(key) ? Number(key[1]) : undefined
  }

/** Pairs of a store in this process and `peer`. */
const pairs =
  <Store>(
    database: string,
    make: (environment: LmdbEnvironment) => Store,
    peer: Store,
  ): CreatePair<Store> =>
  async ({ cut }) => {
    if (!cut) return { store: make(environments[0]), peer, forgetsAt: untilIn(database) }
    const own = open()
    return { store: make(own), peer, cut: () => own.close(), close: () => own.close() }
  }

const samples = (environment: LmdbEnvironment): LmdbDriver<Sample> =>
  new LmdbDriver<Sample>(environment, { name: 'samples' })
const keys = (environment: LmdbEnvironment): ApiKeyStore => createLmdbStores(environment).apiKeys
const cutOffs = (environment: LmdbEnvironment): StateStore<Sample> =>
  samplesInCutOffs(createLmdbStores(environment).cutOffs)

testDriver(
  (title, run) => test(`driver: ${title}`, run),
  pairs('samples', samples, samples(otherEnvironment)),
)
testDriver(
  (title, run) => test(`driver, two processes: ${title}`, run),
  pairs<VersionedDriver<Sample>>('samples', samples, new RemoteDriver(otherProcess, 'samples')),
)
testStateStore(
  (title, run) => test(`cut-offs: ${title}`, run),
  pairs('cut_offs', cutOffs, cutOffs(otherEnvironment)),
)
testStateStore(
  (title, run) => test(`samples, two processes: ${title}`, run),
  pairs(
    'samples',
    (environment) => new CompareAndSwapStore(samples(environment)),
    new CompareAndSwapStore(new RemoteDriver<Sample>(otherProcess, 'samples')),
  ),
)
testApiKeyStore(
  (title, run) => test(`API keys, two processes: ${title}`, run),
  pairs('api_keys', keys, new RemoteApiKeyStore(otherProcess)),
)
