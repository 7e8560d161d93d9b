import { testApiKeyStore } from '@device-grant/core/testing'
import test from 'ava'
import { FileApiKeyStore } from './file-api-key-store.ts'
import { filePair } from './file-pair.ts'

testApiKeyStore(test, () => filePair((path) => new FileApiKeyStore(path)))
