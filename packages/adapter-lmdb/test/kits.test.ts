import type { ApiKeyStore, StateStore } from '@device-grant/core'
import {
  type CreatePair,
  type Sample,
  testApiKeyStore,
  testDriver,
  testStateStore,
} from '@device-grant/core/testing'
import test from 'ava'
import { createLmdbStores, LmdbDriver, type LmdbEnvironment, openLmdb } from '#src/index.js'
import { samplesInCutOffs, samplesInKeys } from './samples.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A timeout that no busy machine misses, in milliseconds. */
const PATIENT_MS = 30_000
const folder = temporaryFolder()
const open = (): LmdbEnvironment => openLmdb({ path: folder.path, timeoutMs: PATIENT_MS })
const environments = [open(), open()] as const

test.after.always(async () => {
  await Promise.all(environments.map((environment) => environment.close()))
  folder.remove()
})

/** When a state is forgotten, by the index. */
const untilIn =
  (database: string) =>
  async (id: string): Promise<number | undefined> => {
    const start = [`until ${database}`]
    const keys = [...environments[1].database('index').getKeys({ start })]
    const key = keys.find((item) => Array.isArray(item) && item[0] === start[0] && item[2] === id)
    return Array.isArray(key) ? Number(key[1]) : undefined
  }

const pairs =
  <Store>(database: string, make: (environment: LmdbEnvironment) => Store): CreatePair<Store> =>
  async ({ cut }) => {
    const [one, two] = environments
    if (!cut) return { store: make(one), peer: make(two), forgetsAt: untilIn(database) }
    const own = open()
    return { store: make(own), peer: make(two), cut: () => own.close(), close: () => own.close() }
  }

testDriver(
  (title, run) => test(`driver: ${title}`, run),
  pairs('samples', (environment) => new LmdbDriver<Sample>(environment, { name: 'samples' })),
)
testStateStore(
  (title, run) => test(`API keys: ${title}`, run),
  pairs(
    'api_keys',
    (environment): StateStore<Sample> => samplesInKeys(createLmdbStores(environment).apiKeys),
  ),
)
testStateStore(
  (title, run) => test(`cut-offs: ${title}`, run),
  pairs(
    'cut_offs',
    (environment): StateStore<Sample> => samplesInCutOffs(createLmdbStores(environment).cutOffs),
  ),
)
testApiKeyStore(
  (title, run) => test(`API key store: ${title}`, run),
  pairs('api_keys', (environment): ApiKeyStore => createLmdbStores(environment).apiKeys),
)
