import {
  type ApiKey,
  MemoryApiKeyStore,
  MemoryStateStore,
  StoreFullError,
  type Transition,
} from '@device-grant/core'
import { type Sample, testStateScan, testStateStore } from '@device-grant/core/testing'
import { TestClock } from '@device-grant/test-support/clock'
import test from 'ava'

const clock = { now: Date.now }

const createStore = async () => {
  const store = new MemoryStateStore<Sample>({ clock })
  return { store, peer: store }
}
testStateStore((title, run) => test(`state store: ${title}`, run), createStore)
testStateScan((title, run) => test(`scan: ${title}`, run), createStore)

const T0 = Date.UTC(2030, 0, 1)
const write =
  (value: number, keepUntil: number): Transition<Sample, void> =>
  () => ({ next: { value, keepUntil }, reply: undefined })
const look: Transition<Sample, number | undefined> = (state) => ({
  next: state,
  reply: state?.value,
})

test('a state is kept until its keepUntil by the clock', async (t) => {
  const clock = new TestClock(T0)
  const store = new MemoryStateStore<Sample>({ clock })
  await store.update('a', write(1, T0 + 1_000))
  clock.pass(999)
  t.is(await store.update('a', look), 1)
  t.deepEqual([...store.entries()], [['a', { value: 1, keepUntil: T0 + 1_000 }]])
  clock.pass(1)
  t.is(await store.update('a', look), undefined)
  t.deepEqual([...store.entries()], [])
})

test('a transition sees a forgotten state as none and may write a new one', async (t) => {
  const clock = new TestClock(T0)
  const store = new MemoryStateStore<Sample>({ clock, capacity: 1 })
  await store.update('a', write(1, T0 + 1_000))
  clock.pass(1_000)
  await store.update('a', write(2, T0 + 5_000))
  t.is(await store.update('a', look), 2)
  t.is(store.size, 1)
})

test('a full store refuses new ids, and keeps and updates those that it has', async (t) => {
  const clock = new TestClock(T0)
  const store = new MemoryStateStore<Sample>({ clock, capacity: 3 })
  for (const id of ['a', 'b', 'c']) await store.update(id, write(1, T0 + 600_000))
  for (let attempt = 0; attempt < 10; attempt++) {
    const error = await t.throwsAsync(store.update(`new ${attempt}`, write(1, T0 + 600_000)), {
      instanceOf: StoreFullError,
    })
    t.is(error?.code, 'store_full')
    clock.pass(1_000)
  }
  for (const id of ['a', 'b', 'c']) {
    t.is(await store.update(id, look), 1, id)
    await store.update(id, write(2, T0 + 600_000))
    t.is(await store.update(id, look), 2, id)
  }
  t.is(await store.update('new', look), undefined, 'reads are not refused')
  t.is(store.size, 3)
})

test('a full store has room again once a state is removed or forgotten', async (t) => {
  const clock = new TestClock(T0)
  const store = new MemoryStateStore<Sample>({ clock, capacity: 2 })
  await store.update('a', write(1, T0 + 5_000))
  await store.update('b', write(1, T0 + 600_000))
  await store.update('b', () => ({ next: undefined, reply: undefined }))
  await store.update('c', write(1, T0 + 600_000))
  await t.throwsAsync(store.update('d', write(1, T0 + 600_000)), { instanceOf: StoreFullError })
  clock.pass(5_000)
  await store.update('d', write(1, T0 + 600_000))
  t.is(store.size, 2)
})

test('forgotten states leave the memory before the store is full', async (t) => {
  const clock = new TestClock(T0)
  const store = new MemoryStateStore<Sample>({ clock })
  for (let i = 0; i < 1_000; i++) await store.update(`${i}`, write(i, clock.now() + 1_000))
  t.is(store.size, 1_000)
  clock.pass(60_000)
  await store.update('new', write(1, clock.now() + 1_000))
  t.is(store.size, 1)
})

test('a transition that throws changes nothing', async (t) => {
  const store = new MemoryStateStore<Sample>({ clock: new TestClock(T0) })
  await store.update('a', write(1, T0 + 1_000))
  const error = new Error('an error of the transition')
  const thrown = await t.throwsAsync(
    store.update('a', () => {
      throw error
    }),
  )
  t.is(thrown, error)
  t.is(await store.update('a', look), 1)
})

const aKey = (owner: string, { keepUntil = T0 + 9_000_000, approvedAt = T0 } = {}): ApiKey => ({
  status: 'active',
  name: 'a key',
  owner,
  request: { device: {} },
  approvedAt,
  secretHash: 'a hash',
  expiresAt: keepUntil,
  lastUsedAt: T0,
  keepUntil,
})

const aKeyStore = (capacity?: number) => {
  const clock = new TestClock(T0)
  const store = new MemoryApiKeyStore({ clock, capacity })
  return {
    clock,
    store,
    put: (id: string, key: ApiKey | undefined) =>
      store.update(id, () => ({ next: key, reply: undefined })),
    idsOf: async (owner: string) =>
      (await store.find({ owner, limit: 1_000 })).keys.map(({ id }) => id),
    /** The ids of all pages, one list each. */
    pagesOf: async (owner: string, limit: number) => {
      const pages: string[][] = []
      let after: string | undefined
      do {
        const page = await store.find({ owner, after, limit })
        pages.push(page.keys.map(({ id }) => id))
        after = page.next
      } while (after !== undefined)
      return pages
    },
  }
}

test('an API key that is forgotten or removed is not found', async (t) => {
  const { clock, store, put, idsOf } = aKeyStore()
  await put('1', aKey('ann', { keepUntil: T0 + 1_000 }))
  await put('2', aKey('ann'))
  const found = async () => ({
    byId: [(await store.read('1'))?.keepUntil, (await store.read('2'))?.keepUntil],
    byOwner: await idsOf('ann'),
  })
  t.deepEqual(await found(), { byId: [T0 + 1_000, T0 + 9_000_000], byOwner: ['2', '1'] })
  clock.pass(1_000)
  t.deepEqual(await found(), { byId: [undefined, T0 + 9_000_000], byOwner: ['2'] })
  await put('2', undefined)
  t.deepEqual(await found(), { byId: [undefined, undefined], byOwner: [] })
})

test('an API key is read whatever its status', async (t) => {
  const { store, put } = aKeyStore()
  const erased: ApiKey = { status: 'erased', keepUntil: T0 + 1_000 }
  await put('1', erased)
  t.is(await store.read('1'), erased)
  t.is(await store.read('2'), undefined)
})

test('an API key with a new owner is not found by the old one', async (t) => {
  const { put, idsOf } = aKeyStore()
  await put('1', aKey('ann'))
  await put('1', aKey('bob'))
  t.deepEqual(await idsOf('ann'), [])
  t.deepEqual(await idsOf('bob'), ['1'])
})

test('an erased key is found by no owner', async (t) => {
  const { put, idsOf } = aKeyStore()
  await put('1', aKey('ann'))
  await put('1', { status: 'erased', keepUntil: T0 + 1_000 })
  t.deepEqual(await idsOf('ann'), [])
  t.deepEqual(await idsOf('undefined'), [])
})

test('owners are compared exactly', async (t) => {
  const { put, idsOf } = aKeyStore()
  const owners = ['ann', 'Ann', 'ann ', '', 'é', 'e\u0301', '__proto__', '\ud800']
  for (const [i, owner] of owners.entries()) await put(`${i}`, aKey(owner))
  for (const [i, owner] of owners.entries()) t.deepEqual(await idsOf(owner), [`${i}`], owner)
})

test('the keys of an owner come in pages, the newest approval first', async (t) => {
  const { put, pagesOf } = aKeyStore()
  for (const [id, approvedAt] of [
    ['a', 2],
    ['b', 5],
    ['c', 2],
    ['d', 9],
    ['e', 5],
  ] as const) {
    await put(id, aKey('ann', { approvedAt }))
    await put(`${id} of bob`, aKey('bob', { approvedAt }))
  }
  t.deepEqual(await pagesOf('ann', 2), [['d', 'e'], ['b', 'c'], ['a']])
  t.deepEqual(await pagesOf('ann', 5), [['d', 'e', 'b', 'c', 'a']])
  t.deepEqual(await pagesOf('cho', 2), [[]])
})

test('a cursor stays valid while keys come and go', async (t) => {
  const { store, put } = aKeyStore()
  for (const id of ['a', 'b', 'c', 'd']) await put(id, aKey('ann'))
  const first = await store.find({ owner: 'ann', limit: 2 })
  t.deepEqual(
    first.keys.map(({ id }) => id),
    ['d', 'c'],
  )
  await put('c', undefined)
  await put('e', aKey('ann', { approvedAt: T0 + 5 }))
  await put('a0', aKey('ann'))
  const second = await store.find({ owner: 'ann', after: first.next, limit: 9 })
  t.deepEqual(
    second.keys.map(({ id }) => id),
    ['b', 'a0', 'a'],
  )
  t.is(second.next, undefined)
})

test('an id that is used again after it was forgotten leaves no stale look-ups', async (t) => {
  const { clock, store, put, idsOf } = aKeyStore(1)
  await put('1', aKey('ann', { keepUntil: T0 + 1_000 }))
  clock.pass(1_000)
  await put('1', aKey('bob', { keepUntil: T0 + 2_000 }))
  t.deepEqual([await idsOf('ann'), await idsOf('bob')], [[], ['1']])
  clock.pass(1_000)
  await put('2', aKey('ann'))
  t.deepEqual([await idsOf('ann'), await idsOf('bob')], [['2'], []])
  t.is(store.size, 1)
})

test('the look-ups of a swept API key are gone', async (t) => {
  const { clock, store, put, idsOf } = aKeyStore()
  await put('1', aKey('ann', { keepUntil: T0 + 1_000 }))
  clock.pass(60_000)
  await put('2', aKey('ann'))
  t.is(store.size, 1)
  await put('1', aKey('bob'))
  t.deepEqual([await idsOf('ann'), await idsOf('bob')], [['2'], ['1']])
})
