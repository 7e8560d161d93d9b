import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testApiKeyStore } from '@device-grant/core/testing'
import test from 'ava'
import { FileApiKeyStore } from './file-api-key-store.ts'

testApiKeyStore(test, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'file-store-'))
  const path = join(folder, 'keys')
  return {
    store: new FileApiKeyStore(path),
    peer: new FileApiKeyStore(path),
    close: () => rm(folder, { recursive: true }),
  }
})
