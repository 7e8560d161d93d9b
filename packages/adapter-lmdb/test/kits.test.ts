import { createLmdbStores, LmdbDriver } from '@device-grant/adapter-lmdb'
import { CompareAndSwapStore } from '@device-grant/core'
import {
  type Sample,
  testApiKeyStore,
  testDriver,
  testStateStore,
} from '@device-grant/core/testing'
import test from 'ava'
import { lmdbPair } from './lmdb-pair.ts'

testDriver(
  (title, run) => test(`driver: ${title}`, run),
  lmdbPair((environment) => new LmdbDriver<Sample>(environment, { name: 'samples' })),
)
testStateStore(
  (title, run) => test(`state store: ${title}`, run),
  lmdbPair((environment) => {
    const driver = new LmdbDriver<Sample>(environment, { name: 'samples' })
    return new CompareAndSwapStore(driver)
  }),
)
testApiKeyStore(
  (title, run) => test(`API key store: ${title}`, run),
  lmdbPair((environment) => createLmdbStores(environment).apiKeys),
)
