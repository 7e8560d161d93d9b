import type { StateStore } from '../ports.ts'
import type { Transition } from '../rules/transition.ts'
import { check, same } from './assertions.ts'
import { testForgetting } from './forgetting.ts'
import { testKeeping } from './keeping.ts'
import { testOutages } from './outage.ts'
import { testRemoving } from './removing.ts'
import { kitTest, type Test } from './runner.ts'
import { later, newId, type Sample } from './sample.ts'
import type { CreatePair } from './store-pair.ts'
import { read, remove, retry, write } from './updates.ts'

const INCREMENTS = 60
const CREATORS = 20

const itself = (store: StateStore<Sample>): StateStore<Sample> => store

/**
 * Defines tests of what every `StateStore` must do.
 * @param test the runner's `test`
 * @param create makes two instances of the store on the same data, once for each test
 */
export const testStateStore = (test: Test, create: CreatePair<StateStore<Sample>>): void => {
  const it = kitTest(test, create)
  testKeeping(it, itself)
  testForgetting(it, itself)
  testRemoving(it, itself)

  it('a transition that returns the same reference writes nothing', async ({ store, peer }) => {
    const id = newId()
    const state: Sample = { value: 1, keepUntil: later() }
    await write(store, id, state)
    same(await store.update(id, (s) => ({ next: s, reply: s?.value })), 1, 'reply')
    same(await read(peer, id), state, 'state')
    const unknown = newId()
    same(await store.update(unknown, (s) => ({ next: s, reply: 'none' })), 'none', 'reply')
    same(await read(peer, unknown), undefined, 'state of an unknown id')
  })

  it('a reply never comes from an outdated state', async ({ store, peer }) => {
    const id = newId()
    await write(store, id, { value: 1, keepUntil: later() })
    await write(peer, id, { value: 2, keepUntil: later() })
    same((await read(store, id))?.value, 2, 'a reply that writes nothing')
    await write(peer, id, { value: 3, keepUntil: later() })
    const seen = await store.update(id, (s) => ({
      next: { value: 4, keepUntil: later() },
      reply: s?.value,
    }))
    same(seen, 3, 'a reply that writes')
    await remove(peer, id)
    same(await read(store, id), undefined, 'a removal by the other instance')
  })

  it('a transition that throws writes nothing, and its error reaches the caller', async ({
    store,
  }) => {
    const id = newId()
    const thrown = new Error('on purpose')
    let caught: unknown
    try {
      await store.update(id, () => {
        throw thrown
      })
    } catch (error) {
      caught = error
    }
    check(caught === thrown, `expected the error of the transition, got ${caught}`)
    same(await read(store, id), undefined, 'state')
  })

  it('an ephemeral state counts where it was made, until another instance writes', async ({
    store,
    peer,
  }) => {
    const id = newId()
    const keepUntil = later()
    await write(store, id, { value: 1, keepUntil })
    same(await store.update(id, ephemeral({ value: 2, keepUntil })), 1, 'reply')
    same((await read(store, id))?.value, 2, 'state of the same instance')
    const ofPeer = (await read(peer, id))?.value
    check(ofPeer === 1 || ofPeer === 2, `the other instance reads ${ofPeer}`)
    await store.update(id, (s) => ({ next: s && { ...s, by: 'writer' }, reply: undefined }))
    same(await read(peer, id), { value: 2, keepUntil, by: 'writer' }, 'state once it is written')
    await store.update(id, ephemeral({ value: 3, keepUntil }))
    await write(peer, id, { value: 4, keepUntil })
    same(await read(store, id), { value: 4, keepUntil }, 'a write of the other instance')
    await store.update(id, ephemeral({ value: 5, keepUntil }))
    await remove(peer, id)
    same(await read(store, id), undefined, 'a removal by the other instance')
  })

  it('parallel increments from two instances each count once', async ({ store, peer }) => {
    const id = newId()
    const replies = await Promise.all(
      Array.from({ length: INCREMENTS }, (_, i) =>
        retry(() => (i % 2 ? store : peer).update(id, increment)),
      ),
    )
    const expected = Array.from({ length: INCREMENTS }, (_, i) => i + 1)
    same(
      replies.toSorted((a, b) => a - b),
      expected,
      'replies',
    )
    same((await read(store, id))?.value, INCREMENTS, 'sum')
  })

  it('only one of many parallel creations of an id succeeds', async ({ store, peer }) => {
    for (let round = 0; round < 10; round++) {
      const id = newId()
      const created = await Promise.all(
        Array.from({ length: CREATORS }, (_, i) =>
          retry(() => (i % 2 ? store : peer).update(id, createWith(i))),
        ),
      )
      same(created.filter(Boolean).length, 1, 'creations')
      same((await read(store, id))?.value, created.indexOf(true), 'state')
    }
  })

  it('of two opposite decisions one counts, and both callers get it', async ({ store, peer }) => {
    for (let round = 0; round < 50; round++) {
      const id = newId()
      await write(store, id, { value: 0, keepUntil: later() })
      // Both instances have seen the state, so a store with a cache writes without reading.
      await read(peer, id)
      const [one, two] = await Promise.all([
        retry(() => store.update(id, decide('one'))),
        retry(() => peer.update(id, decide('two'))),
      ])
      same(one, two, 'both replies')
      same((await read(peer, id))?.by, one, 'state')
    }
  })

  testOutages(it, async ({ store, peer }) => {
    const [known, unknown] = [newId(), newId()]
    await write(peer, known, { value: 1, keepUntil: later() })
    return {
      read: () => store.update(known, (s) => ({ next: s, reply: undefined })),
      write: () => store.update(known, increment),
      'a write of the same id': () => store.update(known, increment),
      create: () => store.update(unknown, increment),
      remove: () => store.update(known, () => ({ next: undefined, reply: undefined })),
    }
  })
}

const increment: Transition<Sample, number> = (state) => {
  const value = (state?.value ?? 0) + 1
  return { next: { value, keepUntil: later() }, reply: value }
}

const ephemeral =
  (next: Sample): Transition<Sample, number | undefined> =>
  (state) => ({ next, reply: state?.value, isEphemeral: true })

const createWith =
  (value: number): Transition<Sample, boolean> =>
  (state) =>
    state ? { next: state, reply: false } : { next: { value, keepUntil: later() }, reply: true }

const decide =
  (by: string): Transition<Sample, string> =>
  (state) =>
    state && state.by === undefined
      ? { next: { ...state, by }, reply: by }
      : { next: state, reply: state?.by ?? 'lost' }
