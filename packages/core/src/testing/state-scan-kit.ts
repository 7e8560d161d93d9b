import type { ScannableStore } from '../ports.ts'
import { same } from './assertions.ts'
import { testOutages } from './outage.ts'
import { kitTest, type Test } from './runner.ts'
import { later, newId, type Sample } from './sample.ts'
import type { CreatePair } from './store-pair.ts'
import { remove, write } from './updates.ts'

/** Above 200, so that a careless store cuts the scan or repeats a page. */
const STATES = 230

/** The states of these ids that a scan brings, in the order of the ids. */
const scanned = async (
  store: ScannableStore<Sample>,
  ids: ReadonlySet<string>,
): Promise<readonly (readonly [string, Sample])[]> => {
  const found: (readonly [string, Sample])[] = []
  for await (const { id, state } of store.scan()) if (ids.has(id)) found.push([id, state])
  return found.toSorted(([a], [b]) => (a < b ? -1 : 1))
}

/**
 * Defines tests of what every `ScannableStore` must do beyond a `StateStore`, called like
 * `testStateStore`.
 * @param test the runner's `test`
 * @param create makes two instances of the store on the same data, once for each test
 */
export const testStateScan = (test: Test, create: CreatePair<ScannableStore<Sample>>): void => {
  const it = kitTest(test, create)

  it('a scan brings every state once, as it is now', async ({ store, peer }) => {
    const states = new Map<string, Sample>()
    for (let value = 0; value < STATES; value++) {
      states.set(newId(), { value, by: ` ${value} é `, keepUntil: later() })
    }
    const [removed, changed, ...others] = states.keys()
    if (removed === undefined || changed === undefined) throw new Error('no states')
    await Promise.all([...states].map(([id, state], i) => write(i % 2 ? store : peer, id, state)))
    await remove(peer, removed)
    await write(store, changed, { value: -1, keepUntil: later() })
    const ids = new Set(states.keys())
    const found = await scanned(store, ids)
    same(
      found.map(([id]) => id),
      [changed, ...others].toSorted(),
      'ids',
    )
    for (const [id, state] of found) {
      if (id === changed) same(state.value, -1, 'a state that was changed')
      else same(state, states.get(id), 'a state')
    }
    same(await scanned(peer, ids), found, 'scan of the other instance')
  })

  it('a scan ends while states are written, and brings those that stay', async ({
    store,
    peer,
  }) => {
    const ids = new Set(Array.from({ length: STATES }, newId))
    await Promise.all([...ids].map((id) => write(store, id, { value: 1, keepUntil: later() })))
    const found: string[] = []
    for await (const { id } of store.scan()) {
      if (!ids.has(id)) continue
      found.push(id)
      await write(peer, newId(), { value: 2, keepUntil: later() })
    }
    same(found.toSorted(), [...ids].toSorted(), 'ids')
  })

  testOutages(it, async ({ store, peer }) => {
    await write(peer, newId(), { value: 1, keepUntil: later() })
    return {
      read: async () => {
        for await (const _ of store.scan()) return
      },
    }
  })
}
