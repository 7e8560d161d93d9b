import type { StateStore } from '../ports.ts'
import type { Transition } from '../rules/transition.ts'
import { same } from './assertions.ts'
import type { KitTest } from './runner.ts'
import { later, newId, type Sample } from './sample.ts'
import { read, remove, retry, write } from './updates.ts'

const ROUNDS = 20
const REMOVERS = 10

/** Tests that a removal compares, as every other write does. */
export const testRemoving = <Store>(
  it: KitTest<Store>,
  states: (store: Store) => StateStore<Sample>,
): void => {
  it('a removed state is gone for both instances, and may be written again', async ({
    store,
    peer,
  }) => {
    const id = newId()
    await write(states(store), id, { value: 1, keepUntil: later() })
    await remove(states(store), id)
    same(await read(states(store), id), undefined, 'own read')
    same(await read(states(peer), id), undefined, 'read of the other instance')
    await retry(() =>
      states(peer).update(id, (state) => ({
        next: { value: state ? -1 : 2, keepUntil: later() },
        reply: undefined,
      })),
    )
    same((await read(states(store), id))?.value, 2, 'written again')
  })

  it('only one of many parallel removals removes the state', async ({ store, peer }) => {
    const id = newId()
    await write(states(store), id, { value: 0, keepUntil: later() })
    await read(states(peer), id)
    const removed = await Promise.all(
      Array.from({ length: REMOVERS }, (_, i) =>
        retry(() => states(i % 2 ? store : peer).update(id, removeValue(0))),
      ),
    )
    same(removed.filter((reply) => reply === 'removed').length, 1, 'removals')
    same(await read(states(store), id), undefined, 'state')
  })

  it('a removal never deletes a state that changed since it was read', async ({ store, peer }) => {
    const stale = newId()
    await write(states(store), stale, { value: 0, keepUntil: later() })
    await read(states(peer), stale)
    await write(states(store), stale, { value: 1, keepUntil: later() })
    const reply = await retry(() => states(peer).update(stale, removeValue(0)))
    same([reply, (await read(states(store), stale))?.value], ['kept', 1], 'after a stale read')

    for (let round = 0; round < ROUNDS; round++) {
      const id = newId()
      await write(states(store), id, { value: 0, keepUntil: later() })
      await read(states(peer), id)
      const removal = () => retry(() => states(store).update(id, removeValue(0)))
      const change = () => retry(() => states(peer).update(id, changeValue(1)))
      // The server gets the commands in this order, so each goes first in half of the rounds.
      const inOrder = round % 2 ? [change(), removal()] : [removal(), change()]
      const replies = (await Promise.all(inOrder)).toSorted()
      const expected = replies.includes('removed') ? ['gone', 'removed'] : ['changed', 'kept']
      same(replies, expected, 'replies of a race')
      const value = replies.includes('removed') ? undefined : 1
      same((await read(states(store), id))?.value, value, 'state after a race')
    }
  })
}

const removeValue =
  (value: number): Transition<Sample, 'removed' | 'kept'> =>
  (state) =>
    state?.value === value ? { next: undefined, reply: 'removed' } : { next: state, reply: 'kept' }

const changeValue =
  (value: number): Transition<Sample, 'changed' | 'gone'> =>
  (state) =>
    state ? { next: { ...state, value }, reply: 'changed' } : { next: state, reply: 'gone' }
