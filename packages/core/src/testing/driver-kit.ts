import { randomMark } from '../crypto.ts'
import type { StateStore } from '../ports.ts'
import { CompareAndSwapStore } from '../stores/compare-and-swap-store.ts'
import type { Versioned, VersionedDriver } from '../stores/versioned-driver.ts'
import { same } from './assertions.ts'
import { testForgetting } from './forgetting.ts'
import { testKeeping } from './keeping.ts'
import { testOutages } from './outage.ts'
import { testRemoving } from './removing.ts'
import { kitTest, type Test } from './runner.ts'
import { later, newId, type Sample } from './sample.ts'
import type { CreatePair } from './store-pair.ts'

const WRITTEN = { written: true }
const ROUNDS = 10
const WRITERS = 20

/** A new version of a state. */
const versioned = (value: number): Versioned<Sample> => ({
  version: randomMark(),
  state: { value, keepUntil: later() },
})

/**
 * Defines tests of what every `VersionedDriver` must do. Its stores also run `testStateStore`, on a
 * `CompareAndSwapStore` of the driver.
 * @param test the runner's `test`
 * @param create makes two instances of the driver on the same data, once for each test
 */
export const testDriver = (test: Test, create: CreatePair<VersionedDriver<Sample>>): void => {
  const it = kitTest(test, create)

  it('a swap creates a state, which both instances read with its version', async ({
    store,
    peer,
  }) => {
    const id = newId()
    const first = versioned(1)
    same(await store.read(id), undefined, 'before')
    same(await store.swap(id, undefined, first), WRITTEN, 'swap')
    same(await store.read(id), first, 'own read')
    same(await peer.read(id), first, 'read of the other instance')
  })

  it('a packed state is unpacked as it was', async ({ store: { packing } }) => {
    if (!packing) return
    const state = versioned(1)
    same(packing.unpack(packing.pack(state)), state, 'unpacked')
  })

  it('a swap replaces the expected version and removes it', async ({ store, peer }) => {
    const id = newId()
    const [first, second] = [versioned(1), versioned(2)]
    await store.swap(id, undefined, first)
    same(await peer.swap(id, first, second), WRITTEN, 'replacement')
    same(await store.read(id), second, 'after the replacement')
    same(await store.swap(id, second, undefined), WRITTEN, 'removal')
    same(await peer.read(id), undefined, 'after the removal')
  })

  it('a swap to an equal state is written too', async ({ store, peer }) => {
    const id = newId()
    const first = versioned(1)
    // Rules write a state again, so that a majority of the servers has it.
    const again = { ...first, version: randomMark() }
    await store.swap(id, undefined, first)
    same(await store.swap(id, first, again), WRITTEN, 'swap')
    same(await peer.read(id), again, 'read of the other instance')
  })

  it('a swap that expects another version writes nothing and returns what it found', async ({
    store,
    peer,
  }) => {
    const id = newId()
    const [first, second, third] = [versioned(1), versioned(2), versioned(3)]
    const { version } = second
    const nearly = version.slice(0, -1) + (version.endsWith('0') ? '1' : '0')
    await store.swap(id, undefined, first)
    await peer.swap(id, first, second)
    const found = { written: false, found: second }
    same(await store.swap(id, first, third), found, 'an outdated version')
    same(await store.swap(id, undefined, third), found, 'a creation')
    same(
      await store.swap(id, { ...second, version: nearly }, third),
      found,
      'a version that differs at its end',
    )
    same(await store.swap(id, first, undefined), found, 'a removal')
    same(await peer.read(id), second, 'state')
  })

  it('a swap of a state that is gone writes nothing', async ({ store, peer }) => {
    const id = newId()
    const first = versioned(1)
    await store.swap(id, undefined, first)
    await peer.swap(id, first, undefined)
    same(await store.swap(id, first, versioned(2)), { written: false }, 'replacement')
    same(await store.swap(id, first, undefined), { written: false }, 'removal')
    same(await store.read(id), undefined, 'state')
  })

  it('only one of many parallel swaps of a version is written', async ({ store, peer }) => {
    for (let round = 0; round < ROUNDS; round++) {
      const id = newId()
      // A creation in even rounds, a replacement in odd ones. Every fourth swap of these removes.
      const first = round % 2 ? versioned(-1) : undefined
      if (first) await store.swap(id, undefined, first)
      const nexts = Array.from({ length: WRITERS }, (_, i) =>
        first && i % 4 === 3 ? undefined : versioned(i),
      )
      const swaps = await Promise.all(
        nexts.map((next, i) => (i % 2 ? store : peer).swap(id, first, next)),
      )
      same(swaps.filter(({ written }) => written).length, 1, 'written')
      const winner = nexts[swaps.findIndex(({ written }) => written)]
      for (const swap of swaps) if (!swap.written) same(swap.found, winner, 'found')
      same(await store.read(id), winner, 'state')
    }
  })

  const states = (driver: VersionedDriver<Sample>): StateStore<Sample> =>
    new CompareAndSwapStore(driver)
  testKeeping(it, states)
  testForgetting(it, states)
  testRemoving(it, states)

  testOutages(it, async ({ store, peer }) => {
    const id = newId()
    const first = versioned(1)
    await peer.swap(id, undefined, first)
    return {
      read: () => store.read(id),
      create: () => store.swap(newId(), undefined, versioned(1)),
      replace: () => store.swap(id, first, versioned(2)),
      remove: () => store.swap(id, first, undefined),
    }
  })
}
