import nodeTest from 'node:test'
import {
  type ApiKey,
  type ApiKeyStore,
  CompareAndSwapStore,
  type StoredApiKey,
} from '@device-grant/core'
import { type Test, testApiKeyStore } from '@device-grant/core/testing'
import test from 'ava'
import { MemoryDriver } from './memory-driver.ts'

const turn = (): Promise<unknown> => new Promise((done) => setImmediate(done))

/** Reads and writes as a database does, and compares nothing. */
class CarelessCells extends MemoryDriver<ApiKey> {
  override async swap(...[id, , next]: Parameters<MemoryDriver<ApiKey>['swap']>) {
    await turn()
    if (next) this.cells.set(id, next)
    await turn()
    return { written: true } as const
  }
}

class StoreOfKeys extends CompareAndSwapStore<ApiKey> implements ApiKeyStore {
  async findBySecretHash(): Promise<StoredApiKey | undefined> {
    return undefined
  }
  async findByOwner(): Promise<readonly StoredApiKey[]> {
    return []
  }
}

test('an API key store that does not compare fails the race of claims, every time', async (t) => {
  const cases = new Map<string, (t: unknown) => Promise<void>>()
  testApiKeyStore(
    (title, run) => cases.set(title, run),
    async () => {
      const cells = new CarelessCells(turn)
      return { store: new StoreOfKeys(cells), peer: new StoreOfKeys(cells) }
    },
  )
  const race = cases.get('of many who claim one key one is told')
  for (let times = 0; times < 20; times++) {
    await t.throwsAsync(async () => race?.(t), { message: /^issued: expected 1/ })
  }
})

test("the kits take node:test's test as well as ava's", (t) => {
  const runners: readonly Test[] = [test, nodeTest]
  t.is(runners.length, 2)
})
