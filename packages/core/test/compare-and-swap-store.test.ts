import {
  CompareAndSwapStore,
  StoreConflictError,
  StoreFullError,
  StoreUnavailableError,
  type Transition,
} from '@device-grant/core'
import { type Sample, testStateStore } from '@device-grant/core/testing'
import { turns } from '@device-grant/test-support/event-loop'
import test from 'ava'
import { MemoryDriver } from './memory-driver.ts'

const keepUntil = Date.UTC(2040, 0, 1)
const immediately = { pause: async () => {} }

const add =
  (amount: number): Transition<Sample, number> =>
  (current) => {
    const value = (current?.value ?? 0) + amount
    return { next: { value, keepUntil }, reply: value }
  }
const read: Transition<Sample, number | undefined> = (current) => ({
  next: current,
  reply: current?.value,
})
const remove: Transition<Sample, number | undefined> = (current) => ({
  next: undefined,
  reply: current?.value,
})

/** Two stores on the same data, and a look at the data itself. */
const aPair = (options = {}) => {
  const cells = new MemoryDriver<Sample>()
  const store = new CompareAndSwapStore(cells, { ...immediately, ...options })
  const peer = new CompareAndSwapStore(cells, immediately)
  /** The commands that `run` takes. */
  const cost = async (run: () => Promise<unknown>): Promise<string> => {
    const before = cells.commands.length
    await run()
    return cells.commands.slice(before).join(' ')
  }
  return { cells, store, peer, cost, value: (id = 'a') => cells.cells.get(id)?.state.value }
}

testStateStore(
  (title, run) => test(`state store: ${title}`, run),
  async () => {
    const cells = new MemoryDriver<Sample>(() => turns(1))
    return { store: new CompareAndSwapStore(cells), peer: new CompareAndSwapStore(cells) }
  },
)

test('a right guess costs exactly one command', async (t) => {
  const { store, cost, value } = aPair()
  t.is(await cost(() => store.update('a', add(1))), 'swap', 'nothing is there')
  t.is(await cost(() => store.update('a', add(1))), 'swap', 'what was written')
  t.is(await cost(() => store.update('a', read)), 'read', 'nothing to write')
  t.is(await cost(() => store.update('a', add(1))), 'swap', 'what was read')
  t.is(value(), 3)
  t.is(await cost(() => store.update('a', remove)), 'swap', 'removal')
  t.is(await cost(() => store.update('a', add(1))), 'swap', 'nothing is there again')
})

test('looking up what nobody wrote costs one command and writes nothing', async (t) => {
  const { store, cost, cells } = aPair()
  t.is(await cost(() => store.update('a', read)), 'read')
  t.is(cells.cells.size, 0)
})

test('a wrong guess costs one command more and is never written', async (t) => {
  const { store, peer, cost, value } = aPair()
  await store.update('a', add(1))
  await peer.update('a', add(10))
  t.is(await cost(() => store.update('a', add(100))), 'swap swap')
  t.is(value(), 111)
  t.is(await cost(() => peer.update('a', read)), 'read')
})

test('a reply is never given from what is remembered', async (t) => {
  const { store, peer } = aPair()
  await store.update('a', add(1))
  await peer.update('a', add(10))
  t.is(await store.update('a', read), 11)
  await peer.update('a', remove)
  t.is(await store.update('a', read), undefined)
  await peer.update('a', add(5))
  t.is(await store.update('a', read), 5)
})

test('a decision to write nothing is taken anew when the guess was wrong', async (t) => {
  const { store, peer, value } = aPair()
  const once: Transition<Sample, string> = (current) =>
    current
      ? { next: current, reply: 'taken' }
      : { next: { value: 1, keepUntil }, reply: 'claimed' }
  await store.update('a', once)
  await peer.update('a', remove)
  t.is(await store.update('a', once), 'claimed')
  t.is(value(), 1)
})

test('a write whose answer was lost is recognised and not made twice', async (t) => {
  const { cells, store, value, cost } = aPair()
  await store.update('a', add(1))
  cells.failures.push('answer lost')
  t.is(await cost(async () => t.is(await store.update('a', add(1)), 2)), 'swap read swap')
  t.is(value(), 2)
  cells.failures.push('answer lost')
  t.is(await store.update('a', remove), 2)
  t.is(value(), undefined)
})

test('a write that never arrived is made again', async (t) => {
  const { cells, store, value, cost } = aPair()
  cells.failures.push('command lost')
  t.is(await cost(async () => t.is(await store.update('a', add(1)), 1)), 'swap read swap')
  t.is(value(), 1)
  cells.failures.push('command lost')
  t.is(await store.update('a', remove), 1)
  t.is(value(), undefined)
})

test('a write that arrives after the look for it counts once', async (t) => {
  class LateCells extends MemoryDriver<Sample> {
    late: (() => Promise<unknown>) | undefined
    override async swap(...args: Parameters<MemoryDriver<Sample>['swap']>) {
      if (this.late) {
        await this.late()
        this.late = undefined
        return super.swap(...args)
      }
      this.late = () => super.swap(...args)
      throw new StoreUnavailableError('under way still')
    }
  }
  const cells = new LateCells()
  const store = new CompareAndSwapStore(cells, immediately)
  t.is(await store.update('a', add(1)), 1)
  t.is(cells.cells.get('a')?.state.value, 1)
})

test('a lost write that somebody else overtook is applied to what they wrote', async (t) => {
  const { cells, store, peer, value } = aPair()
  await store.update('a', add(1))
  await peer.update('a', read)
  cells.commands.length = 0
  cells.failures.push('command lost')
  const update = store.update('a', add(1))
  await Promise.all([update, peer.update('a', add(10))])
  t.is(await update, 12)
  t.is(value(), 12)
  t.is(cells.commands.length, 3 + 1, 'ours: lost, a look, and again; theirs')
})

test('a server that stays away is a fault, and says nothing of the outcome', async (t) => {
  for (const failures of [
    ['command lost', 'command lost'],
    ['command lost', undefined, 'command lost'],
    ['answer lost', 'answer lost'],
  ] as const) {
    const { cells, store, value } = aPair()
    cells.failures.push(...failures)
    await t.throwsAsync(store.update('a', add(1)), { instanceOf: StoreUnavailableError })
    const stored = value()
    t.is(stored, failures[0] === 'answer lost' ? 1 : undefined)
    t.is(await store.update('a', add(1)), (stored ?? 0) + 1, 'the next one finds the truth')
  }
})

test('a read that fails is a fault', async (t) => {
  const { cells, store } = aPair()
  cells.failures.push('answer lost')
  await t.throwsAsync(store.update('a', read), { instanceOf: StoreUnavailableError })
})

test('a store that is full says so at once', async (t) => {
  const { cells, store } = aPair()
  cells.swap = async () => {
    throw new StoreFullError('limit_reached')
  }
  await t.throwsAsync(store.update('a', add(1)), { instanceOf: StoreFullError })
  t.deepEqual(cells.commands, [])
})

test('after so many lost races it gives up, pausing ever longer between them', async (t) => {
  class OvertakenCells extends MemoryDriver<Sample> {
    overtaken = 0
    override swap(...[id, ...rest]: Parameters<MemoryDriver<Sample>['swap']>) {
      this.overtaken += 1
      this.cells.set(id, { version: `theirs ${this.overtaken}`, state: { value: 7, keepUntil } })
      return super.swap(id, ...rest)
    }
  }
  const cells = new OvertakenCells()
  const pauses: number[] = []
  const store = new CompareAndSwapStore(cells, {
    attempts: 9,
    random: () => 1,
    pause: async (ms) => void pauses.push(ms),
  })
  await t.throwsAsync(store.update('a', add(1)), {
    instanceOf: StoreConflictError,
    code: 'store_conflict',
  })
  t.is(cells.overtaken, 10, 'the first one does not count: it went by a guess')
  t.deepEqual(pauses, [2, 4, 8, 16, 32, 64, 100, 100, 100])
  t.is(cells.cells.get('a')?.state.value, 7, 'nothing was written')
})

test('within one process updates of one id wait for their turn: none of them loses a race', async (t) => {
  const { store, cells, value } = aPair({ attempts: 1 })
  const all = Array.from({ length: 500 }, () => store.update('a', add(1)))
  const elsewhere = store.update('b', add(1))
  t.is(new Set(await Promise.all(all)).size, 500)
  await elsewhere
  t.is(value(), 500)
  t.is(cells.commands.length, 501, 'one each')
})

test('one that fails does not stop those that wait, but an outage is told to all of them', async (t) => {
  const { store, cells, value } = aPair()
  const bug = new Error('a bug')
  const failing = store.update('a', () => {
    throw bug
  })
  const waiting = store.update('a', add(1))
  t.is(await t.throwsAsync(failing), bug)
  t.is(await waiting, 1)
  cells.failures.push('command lost', 'command lost')
  const before = cells.commands.length
  const down = await Promise.allSettled(
    Array.from({ length: 100 }, () => store.update('a', add(1))),
  )
  t.true(
    down.every(
      ({ status, ...how }) =>
        status === 'rejected' && 'reason' in how && how.reason instanceof StoreUnavailableError,
    ),
  )
  t.is(cells.commands.length - before, 2, 'nobody tried in turn')
  t.is(await store.update('a', add(1)), 2)
  t.is(value(), 2)
})

test('a slow server makes no long queue: who has waited too long hears it, and nothing is written', async (t) => {
  let now = 0
  const cells = new MemoryDriver<Sample>(async () => {
    now += 500
  })
  const store = new CompareAndSwapStore(cells, { ...immediately, now: () => now })
  const all = await Promise.allSettled(Array.from({ length: 15 }, () => store.update('a', add(1))))
  const told = all.flatMap((update) => (update.status === 'fulfilled' ? [update.value] : []))
  t.deepEqual(told, [1, 2, 3, 4, 5, 6], 'a second each')
  for (const update of all.slice(told.length)) {
    t.true(update.status === 'rejected' && update.reason instanceof StoreConflictError)
  }
  t.is(cells.commands.length, told.length, 'those who gave up asked nothing')
  t.is(await store.update('a', add(1)), 7)
})

test('it remembers so many states and no more, the oldest go first', async (t) => {
  const { store, cost } = aPair({ cacheSize: 2 })
  for (const id of ['a', 'b', 'c']) await store.update(id, add(1))
  t.is(await cost(() => store.update('a', add(1))), 'swap swap', 'forgotten')
  t.is(await cost(() => store.update('c', add(1))), 'swap', 'remembered')
  t.is(await cost(() => store.update('b', add(1))), 'swap swap', 'pushed out by a')
})

test('ids that are not there push nothing out of what it remembers', async (t) => {
  const { store, cost } = aPair({ cacheSize: 2 })
  await store.update('a', add(1))
  for (let i = 0; i < 10; i++)
    await store.update(`missing ${i}`, () => ({ next: undefined, reply: 0 }))
  t.is(await cost(() => store.update('a', add(1))), 'swap')
})

test('however many come and go, it remembers the last ones', async (t) => {
  const { store, cost } = aPair({ cacheSize: 3 })
  for (let i = 0; i < 100; i += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, k) => store.update(`id ${i + k}`, add(1))))
  }
  const costs = []
  for (const id of ['id 86', 'id 97', 'id 98', 'id 99']) {
    costs.push(await cost(() => store.update(id, (state) => ({ next: state, reply: 0 }))))
  }
  t.deepEqual(costs, ['read', 'read', 'read', 'read'])
  const rewritten = []
  for (const id of ['id 99', 'id 3']) rewritten.push(await cost(() => store.update(id, add(1))))
  t.deepEqual(rewritten, ['swap', 'swap swap'])
})

test('it works without remembering anything', async (t) => {
  const { store, cost } = aPair({ cacheSize: 0 })
  t.is(await store.update('a', add(1)), 1)
  t.is(await cost(() => store.update('a', add(1))), 'swap swap')
})

test('whatever answers are lost, nothing is counted twice where an outcome was told', async (t) => {
  const { cells, store, value } = aPair()
  let told = 0
  let unknown = 0
  for (let round = 0; round < 500; round++) {
    const fault = (['command lost', 'answer lost', undefined, undefined] as const)[round % 4]
    cells.failures.push(fault, undefined, round % 7 === 0 ? 'answer lost' : undefined)
    try {
      await store.update('a', add(1))
      told += 1
    } catch {
      unknown += 1
    }
    cells.failures.length = 0
  }
  const total = value() ?? 0
  t.true(told <= total && total <= told + unknown)
  t.true(told > 400 && unknown > 10, `${told} told, ${unknown} unknown`)
})
