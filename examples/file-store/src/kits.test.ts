import { CompareAndSwapStore } from '@device-grant/core'
import {
  type Sample,
  testApiKeyStore,
  testDriver,
  testStateStore,
} from '@device-grant/core/testing'
import test from 'ava'
import { FileApiKeyStore } from './file-api-key-store.ts'
import { FileDriver } from './file-driver.ts'
import { filePair } from './file-pair.ts'

testDriver(
  (title, run) => test(`driver: ${title}`, run),
  () => filePair((path) => new FileDriver<Sample>(path)),
)
testStateStore(
  (title, run) => test(`state store: ${title}`, run),
  () => filePair((path) => new CompareAndSwapStore(new FileDriver<Sample>(path))),
)
testApiKeyStore(
  (title, run) => test(`API key store: ${title}`, run),
  () => filePair((path) => new FileApiKeyStore(path)),
)
