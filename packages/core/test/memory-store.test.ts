import {
  type ApiKey,
  MemoryApiKeyStore,
  MemoryStateStore,
  StoreFullError,
  type Transition,
} from '@device-grant/core'
import { type Sample, testApiKeyStore, testStateStore } from '@device-grant/core/testing'
import { TestClock } from '@device-grant/test-support/clock'
import test from 'ava'

const clock = { now: Date.now }

testStateStore(
  (title, run) => test(`state store: ${title}`, run),
  async () => {
    const store = new MemoryStateStore<Sample>({ clock })
    return { store, peer: store }
  },
)

testApiKeyStore(
  (title, run) => test(`API key store: ${title}`, run),
  async () => {
    const store = new MemoryApiKeyStore({ clock })
    return { store, peer: store }
  },
)

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

const aKey = (owner: string, secretHash: string, keepUntil: number): ApiKey => ({
  status: 'active',
  name: 'key',
  owner,
  request: { device: {} },
  approvedAt: T0,
  secretHash,
  expiresAt: keepUntil,
  keepUntil,
})

test('an API key that is forgotten or removed is not found', async (t) => {
  const clock = new TestClock(T0)
  const store = new MemoryApiKeyStore({ clock })
  const put = (id: string, key: ApiKey | undefined) =>
    store.update(id, () => ({ next: key, reply: undefined }))
  await put('1', aKey('ann', 'hash 1', T0 + 1_000))
  await put('2', aKey('ann', 'hash 2', T0 + 9_000_000))
  const found = async () => ({
    byHash: [
      (await store.findBySecretHash('hash 1'))?.id,
      (await store.findBySecretHash('hash 2'))?.id,
    ],
    byOwner: (await store.findByOwner('ann')).map(({ id }) => id),
  })
  t.deepEqual(await found(), { byHash: ['1', '2'], byOwner: ['1', '2'] })
  clock.pass(1_000)
  t.deepEqual(await found(), { byHash: [undefined, '2'], byOwner: ['2'] })
  await put('2', undefined)
  t.deepEqual(await found(), { byHash: [undefined, undefined], byOwner: [] })
})

test('an API key with a new hash or owner is not found by the old one', async (t) => {
  const clock = new TestClock(T0)
  const store = new MemoryApiKeyStore({ clock })
  for (const [owner, hash] of [
    ['ann', 'old'],
    ['bob', 'new'],
  ] as const) {
    const key = aKey(owner, hash, T0 + 1_000)
    await store.update('1', () => ({ next: key, reply: undefined }))
  }
  t.is(await store.findBySecretHash('old'), undefined)
  t.is((await store.findBySecretHash('new'))?.id, '1')
  t.deepEqual(await store.findByOwner('ann'), [])
  t.is((await store.findByOwner('bob')).length, 1)
})

test('an id that is used again after it was forgotten leaves no stale look-ups', async (t) => {
  const clock = new TestClock(T0)
  const store = new MemoryApiKeyStore({ clock, capacity: 1 })
  const put = (id: string, key: ApiKey) => store.update(id, () => ({ next: key, reply: undefined }))
  await put('1', aKey('ann', 'a', T0 + 1_000))
  clock.pass(1_000)
  await put('1', aKey('bob', 'b', T0 + 2_000))
  clock.pass(1_000)
  await put('2', aKey('ann', 'a', T0 + 9_000))
  t.is((await store.findBySecretHash('a'))?.id, '2')
  t.is(await store.findBySecretHash('b'), undefined)
  t.deepEqual(await store.findByOwner('bob'), [])
})

test('the look-ups of a swept API key are gone', async (t) => {
  const clock = new TestClock(T0)
  const store = new MemoryApiKeyStore({ clock })
  const put = (id: string, key: ApiKey) => store.update(id, () => ({ next: key, reply: undefined }))
  await put('1', aKey('ann', 'a', T0 + 1_000))
  clock.pass(60_000)
  await put('2', aKey('ann', 'a', T0 + 900_000))
  t.is(store.size, 1)
  await put('1', aKey('bob', 'b', T0 + 900_000))
  t.is((await store.findBySecretHash('a'))?.id, '2')
  t.is((await store.findByOwner('ann')).length, 1)
})
