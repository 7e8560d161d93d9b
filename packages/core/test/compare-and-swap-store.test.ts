import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import {
  CompareAndSwapStore,
  StoreConflictError,
  StoreFullError,
  StoreUnavailableError,
  type Transition,
  type VersionedDriver,
} from '@device-grant/core'
import { type Sample, testStateStore } from '@device-grant/core/testing'
import { turns } from '@device-grant/test-support/event-loop'
import test from 'ava'
import { EmbeddedMemoryDriver, MemoryDriver, PackingMemoryDriver } from './memory-driver.ts'

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

const ephemerally =
  (transition: Transition<Sample, number>): Transition<Sample, number> =>
  (current) => ({ ...transition(current), isEphemeral: true })

/** Two stores on one driver, with the driver's data. */
const aPair = (options = {}, driver = new MemoryDriver<Sample>()) => {
  const store = new CompareAndSwapStore(driver, { ...immediately, ...options })
  const peer = new CompareAndSwapStore(driver, immediately)
  /** The commands that `run` sends. */
  const cost = async (run: () => Promise<unknown>): Promise<string> => {
    const before = driver.commands.length
    await run()
    return driver.commands.slice(before).join(' ')
  }
  return { driver, store, peer, cost, value: (id = 'a') => driver.entries.get(id)?.state.value }
}

testStateStore(
  (title, run) => test(`state store: ${title}`, run),
  async () => {
    const driver = new MemoryDriver<Sample>(() => turns(1))
    return { store: new CompareAndSwapStore(driver), peer: new CompareAndSwapStore(driver) }
  },
)

testStateStore(
  (title, run) => test(`state store with a cache of texts: ${title}`, run),
  async () => {
    const driver = new PackingMemoryDriver<Sample>(() => turns(1))
    return { store: new CompareAndSwapStore(driver), peer: new CompareAndSwapStore(driver) }
  },
)

testStateStore(
  (title, run) => test(`state store on an embedded database: ${title}`, run),
  async () => {
    const driver = new EmbeddedMemoryDriver<Sample>(() => turns(1))
    return { store: new CompareAndSwapStore(driver), peer: new CompareAndSwapStore(driver) }
  },
)

for (const Driver of [MemoryDriver<Sample>, PackingMemoryDriver<Sample>]) {
  test(`${Driver.name}: a cache that is full forgets the oldest states only`, async (t) => {
    const { store, cost } = aPair({ cacheSize: 2 }, new Driver())
    for (let round = 0; round < 3; round++) {
      for (const id of ['a', 'b', 'c', 'd']) await store.update(id, add(1))
      t.is(await cost(() => store.update('d', add(1))), 'swap', 'the newest')
      t.is(await cost(() => store.update('a', add(1))), 'swap swap', 'the oldest')
    }
  })

  test(`${Driver.name}: a state of any length is cached`, async (t) => {
    const { store, cost } = aPair({}, new Driver())
    const write = (text: string) =>
      store.update('a', () => ({ next: { value: 1, keepUntil, text }, reply: undefined }))
    for (const text of ['short', 'long'.repeat(200), 'short again', 'ä\ud800😀']) {
      t.is(await cost(() => write(text)), 'swap')
      const read = await store.update('a', (current) => ({ next: current, reply: current }))
      t.deepEqual(read, { value: 1, keepUntil, text } as Sample)
    }
  })
}

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

test('an embedded database is read for every update, and ephemeral states cost it nothing', async (t) => {
  const { store, cost, value } = aPair({ cacheSize: 1 }, new EmbeddedMemoryDriver())
  const later = ephemerally(add(1))
  t.is(await cost(() => store.update('a', later)), 'read swap', 'a first state is written')
  t.is(await cost(() => store.update('a', add(1))), 'read swap', 'the next one too')
  t.is(await cost(() => store.update('a', read)), 'read', 'a read')
  t.is(await cost(() => store.update('a', later)), 'read', 'the first ephemeral state')
  t.is(await cost(() => store.update('a', later)), '', 'each further one')
  t.is(await store.update('a', read), 4)
  t.is(value(), 2)
  t.is(await cost(() => store.update('a', add(1))), 'swap', 'the next write')
  t.is(value(), 5)
  await store.update('a', later)
  await store.update('b', add(1))
  t.is(await cost(() => store.update('b', later)), 'read', 'a full cache')
  t.is(await store.update('a', read), 5, 'what it dropped')
})

for (const Driver of [MemoryDriver<Sample>, EmbeddedMemoryDriver<Sample>]) {
  test.serial(`${Driver.name}: updates leave nothing in memory`, async (t) => {
    setFlagsFromString('--expose-gc')
    const collectGarbage: () => void = runInNewContext('gc')
    const { store, driver } = aPair({ cacheSize: 100_000 }, new Driver())
    const heapAfter = async (updates: number): Promise<number> => {
      for (let i = 0; i < updates; i++) {
        await store.update(`unknown ${i}`, read)
        await store.update(`known ${i % 10}`, add(1))
        driver.commands.length = 0
      }
      collectGarbage()
      return getHeapStatistics().used_heap_size
    }
    const before = await heapAfter(2_000)
    const grown = (await heapAfter(50_000)) - before
    t.true(grown < 1_000_000, `${grown} bytes`)
  })
}

test('a lost race after an ephemeral state starts from what the winner wrote', async (t) => {
  const { driver, store, peer, value } = aPair({}, new EmbeddedMemoryDriver())
  await store.update('a', add(1))
  await store.update('a', ephemerally(add(10)))
  driver.beforeSwap = async () => {
    driver.beforeSwap = undefined
    await peer.update('a', add(100))
  }
  t.is(await store.update('a', add(1_000)), 1_101)
  t.is(value(), 1_101)
})

test('a server without hasVersion writes ephemeral states', async (t) => {
  const { store, cost, value } = aPair()
  await store.update('a', add(1))
  t.is(await cost(() => store.update('a', ephemerally(add(1)))), 'swap')
  t.is(value(), 2)
})

test('a read of an unknown id costs one command and writes nothing', async (t) => {
  const { store, cost, driver } = aPair()
  t.is(await cost(() => store.update('a', read)), 'read')
  t.is(driver.entries.size, 0)
})

test('a wrong guess costs one more command and is never written', async (t) => {
  const { store, peer, cost, value } = aPair()
  await store.update('a', add(1))
  await peer.update('a', add(10))
  t.is(await cost(() => store.update('a', add(100))), 'swap swap')
  t.is(value(), 111)
  t.is(await cost(() => peer.update('a', read)), 'read')
})

test('a reply never comes from the cache alone', async (t) => {
  const { store, peer } = aPair()
  await store.update('a', add(1))
  await peer.update('a', add(10))
  t.is(await store.update('a', read), 11)
  await peer.update('a', remove)
  t.is(await store.update('a', read), undefined)
  await peer.update('a', add(5))
  t.is(await store.update('a', read), 5)
})

test('a transition that writes nothing runs again after a wrong guess', async (t) => {
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

test('a write whose answer was lost is recognised and not repeated', async (t) => {
  const { driver, store, value, cost } = aPair()
  await store.update('a', add(1))
  driver.failures.push('answer lost')
  t.is(await cost(async () => t.is(await store.update('a', add(1)), 2)), 'swap read swap')
  t.is(value(), 2)
  driver.failures.push('answer lost')
  t.is(await store.update('a', remove), 2)
  t.is(value(), undefined)
})

test('a write that never arrived is repeated', async (t) => {
  const { driver, store, value, cost } = aPair()
  driver.failures.push('command lost')
  t.is(await cost(async () => t.is(await store.update('a', add(1)), 1)), 'swap read swap')
  t.is(value(), 1)
  driver.failures.push('command lost')
  t.is(await store.update('a', remove), 1)
  t.is(value(), undefined)
})

test('a write that arrives after its recovery read counts once', async (t) => {
  class LateDriver extends MemoryDriver<Sample> {
    #late: (() => Promise<unknown>) | undefined
    #swaps = 0
    override async swap(...args: Parameters<MemoryDriver<Sample>['swap']>) {
      this.#swaps += 1
      if (this.#swaps === 1) {
        this.#late = () => super.swap(...args)
        throw new StoreUnavailableError('still in flight')
      }
      await this.#late?.()
      this.#late = undefined
      return super.swap(...args)
    }
  }
  const driver = new LateDriver()
  const store = new CompareAndSwapStore(driver, immediately)
  t.is(await store.update('a', add(1)), 1)
  t.is(driver.entries.get('a')?.state.value, 1)
})

test('a lost write is applied to what another process has written since', async (t) => {
  const { driver, store, peer, value } = aPair()
  await store.update('a', add(1))
  await peer.update('a', read)
  driver.commands.length = 0
  driver.failures.push('command lost')
  const update = store.update('a', add(1))
  await Promise.all([update, peer.update('a', add(10))])
  t.is(await update, 12)
  t.is(value(), 12)
  t.is(driver.commands.length, 3 + 1, 'ours: lost, recovery read, repeated; one of the peer')
})

test('an outage is an error that leaves the outcome unknown', async (t) => {
  for (const failures of [
    ['command lost', 'command lost'],
    ['command lost', undefined, 'command lost'],
    ['answer lost', 'answer lost'],
  ] as const) {
    const { driver, store, value } = aPair()
    driver.failures.push(...failures)
    await t.throwsAsync(store.update('a', add(1)), { instanceOf: StoreUnavailableError })
    const stored = value()
    t.is(stored, failures[0] === 'answer lost' ? 1 : undefined)
    t.is(
      await store.update('a', add(1)),
      (stored ?? 0) + 1,
      'the next update reads the stored state',
    )
  }
})

test('a read that fails is an error', async (t) => {
  const { driver, store } = aPair()
  driver.failures.push('answer lost')
  await t.throwsAsync(store.update('a', read), { instanceOf: StoreUnavailableError })
})

test('a full store is an error at once', async (t) => {
  const { driver, store } = aPair()
  driver.swap = async () => {
    throw new StoreFullError('limit_reached')
  }
  await t.throwsAsync(store.update('a', add(1)), { instanceOf: StoreFullError })
  t.deepEqual(driver.commands, [])
})

test('an update gives up after so many lost races, with longer and longer pauses', async (t) => {
  class OvertakenDriver extends MemoryDriver<Sample> {
    overtaken = 0
    override swap(...[id, ...rest]: Parameters<MemoryDriver<Sample>['swap']>) {
      this.overtaken += 1
      this.entries.set(id, { version: `theirs ${this.overtaken}`, state: { value: 7, keepUntil } })
      return super.swap(id, ...rest)
    }
  }
  const driver = new OvertakenDriver()
  const pauses: number[] = []
  const store = new CompareAndSwapStore(driver, {
    attempts: 9,
    random: () => 1,
    pause: async (ms) => void pauses.push(ms),
  })
  await t.throwsAsync(store.update('a', add(1)), {
    instanceOf: StoreConflictError,
    code: 'store_conflict',
  })
  t.is(driver.overtaken, 10, 'the first race does not count, because it was lost by a guess')
  t.deepEqual(pauses, [2, 4, 8, 16, 32, 64, 100, 100, 100])
  t.is(driver.entries.get('a')?.state.value, 7, 'nothing was written')
})

test('updates of one id in one process take turns, so none of them loses a race', async (t) => {
  const { store, driver, value } = aPair({ attempts: 1 })
  const all = Array.from({ length: 500 }, () => store.update('a', add(1)))
  const elsewhere = store.update('b', add(1))
  t.is(new Set(await Promise.all(all)).size, 500)
  await elsewhere
  t.is(value(), 500)
  t.is(driver.commands.length, 501, 'one each')
})

test('an update that fails does not stop waiting updates, but an outage fails all of them', async (t) => {
  const { store, driver, value } = aPair()
  const bug = new Error('a bug')
  const failing = store.update('a', () => {
    throw bug
  })
  const waiting = store.update('a', add(1))
  t.is(await t.throwsAsync(failing), bug)
  t.is(await waiting, 1)
  driver.failures.push('command lost', 'command lost')
  const before = driver.commands.length
  const down = await Promise.allSettled(
    Array.from({ length: 100 }, () => store.update('a', add(1))),
  )
  t.true(
    down.every(
      ({ status, ...how }) =>
        status === 'rejected' && 'reason' in how && how.reason instanceof StoreUnavailableError,
    ),
  )
  t.is(driver.commands.length - before, 2, 'no waiting update sent a command')
  t.is(await store.update('a', add(1)), 2)
  t.is(value(), 2)
})

test('an update that waits too long behind a slow server fails and writes nothing', async (t) => {
  let now = 0
  const driver = new MemoryDriver<Sample>(async () => {
    now += 500
  })
  const store = new CompareAndSwapStore(driver, { ...immediately, now: () => now })
  const all = await Promise.allSettled(Array.from({ length: 15 }, () => store.update('a', add(1))))
  const counts = all.flatMap((update) => (update.status === 'fulfilled' ? [update.value] : []))
  t.deepEqual(counts, [1, 2, 3, 4, 5, 6], 'a second each')
  for (const update of all.slice(counts.length)) {
    t.true(update.status === 'rejected' && update.reason instanceof StoreConflictError)
  }
  t.is(driver.commands.length, counts.length, 'updates that gave up sent nothing')
  t.is(await store.update('a', add(1)), 7)
})

test('an update that starts while a later one is in progress waits for it', async (t) => {
  const driver = new MemoryDriver<Sample>(() => turns(1))
  const store = new CompareAndSwapStore(driver, immediately)
  const [first, second] = [store.update('a', add(1)), store.update('a', add(1))]
  await first
  const third = store.update('a', add(1))
  t.deepEqual(await Promise.all([first, second, third]), [1, 2, 3])
  t.is(driver.commands.length, 3, 'none of them lost a race')
})

test('a state with an update in progress is not evicted', async (t) => {
  const driver = new MemoryDriver<Sample>(() => turns(1))
  const store = new CompareAndSwapStore(driver, { ...immediately, cacheSize: 0 })
  driver.entries.set('a', { version: 'theirs', state: { value: 7, keepUntil } })
  // It takes two commands, because it knows no state. That of b takes one, and then evicts.
  const first = store.update('a', add(1))
  await store.update('b', add(1))
  const second = store.update('a', add(1))
  t.deepEqual(await Promise.all([first, second]), [8, 9])
  t.deepEqual(driver.commands, ['swap', 'swap', 'swap', 'swap'], 'the second waited for the first')
})

test('a read takes no turn, and its result is what the next update starts from', async (t) => {
  const { driver, store, peer, cost } = aPair()
  await peer.update('a', add(5))
  t.deepEqual(await store.read('a'), { value: 5, keepUntil })
  t.is(await cost(() => store.update('a', add(1))), 'swap')
  await peer.update('a', remove)
  t.is(await store.read('a'), undefined)
  t.is(await store.read('unknown'), undefined)
  t.is(driver.entries.size, 0)
  driver.failures.push('answer lost')
  await t.throwsAsync(store.read('a'), { instanceOf: StoreUnavailableError })
})

test('a read whose result is stale costs a command, and never makes a wrong reply', async (t) => {
  let release = (): void => {}
  const driver = new MemoryDriver<Sample>()
  const slowReads: VersionedDriver<Sample> = {
    read: async (id) => {
      const seen = await driver.read(id)
      await new Promise<void>((resolve) => {
        release = resolve
      })
      return seen
    },
    swap: (...args) => driver.swap(...args),
  }
  const store = new CompareAndSwapStore(slowReads, immediately)
  await store.update('a', add(1))
  const reading = store.read('a')
  await turns(1)
  await store.update('a', add(1))
  release()
  t.is((await reading)?.value, 1)
  driver.commands.length = 0
  t.is(await store.update('a', add(1)), 3)
  t.deepEqual(driver.commands, ['swap', 'swap'])
})

test('the cache holds so many states, and evicts the oldest', async (t) => {
  const { store, cost } = aPair({ cacheSize: 2 })
  for (const id of ['a', 'b', 'c']) await store.update(id, add(1))
  t.is(await cost(() => store.update('a', add(1))), 'swap swap', 'evicted')
  t.is(await cost(() => store.update('c', add(1))), 'swap', 'cached')
  t.is(await cost(() => store.update('b', add(1))), 'swap swap', 'evicted by a')
})

test('unknown ids evict nothing from the cache', async (t) => {
  const { store, cost } = aPair({ cacheSize: 2 })
  await store.update('a', add(1))
  for (let i = 0; i < 10; i++)
    await store.update(`missing ${i}`, () => ({ next: undefined, reply: 0 }))
  for (let i = 0; i < 2; i++) t.is(await cost(() => store.update('a', add(1))), 'swap')
})

test('states that are only read are evicted too', async (t) => {
  const { store, peer, cost } = aPair({ cacheSize: 2 })
  const ids = ['a', 'b', 'c', 'd', 'e']
  for (const id of ids) await peer.update(id, add(1))
  for (const id of ids) await store.read(id)
  t.is(await cost(() => store.update('a', add(1))), 'swap swap', 'evicted')
  t.is(await cost(() => store.update('e', add(1))), 'swap', 'cached')
})

test('an update that gave up leaves what it saw to the next one', async (t) => {
  const { driver, store, cost } = aPair({ attempts: 1 })
  const swap = driver.swap.bind(driver)
  driver.swap = (id, ...rest) => {
    const version = `theirs ${driver.commands.length}`
    driver.entries.set(id, { version, state: { value: 7, keepUntil } })
    return swap(id, ...rest)
  }
  await t.throwsAsync(store.update('a', add(1)), { instanceOf: StoreConflictError })
  driver.swap = swap
  t.is(await cost(() => store.update('a', add(1))), 'swap')
})

test('the cache holds the last of many states', async (t) => {
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

test('a store works without a cache', async (t) => {
  const { store, cost } = aPair({ cacheSize: 0 })
  t.is(await store.update('a', add(1)), 1)
  t.is(await cost(() => store.update('a', add(1))), 'swap swap')
})

test('no update with a known outcome counts twice, whichever answers are lost', async (t) => {
  const { driver, store, value } = aPair()
  let known = 0
  let unknown = 0
  for (let round = 0; round < 500; round++) {
    const failure = (['command lost', 'answer lost', undefined, undefined] as const)[round % 4]
    driver.failures.push(failure, undefined, round % 7 === 0 ? 'answer lost' : undefined)
    try {
      await store.update('a', add(1))
      known += 1
    } catch {
      unknown += 1
    }
    driver.failures.length = 0
  }
  const total = value() ?? 0
  t.true(known <= total && total <= known + unknown)
  t.true(known > 400 && unknown > 10, `${known} known, ${unknown} unknown`)
})
