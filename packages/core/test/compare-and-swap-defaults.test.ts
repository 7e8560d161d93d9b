import { mock } from 'node:test'
import { CompareAndSwapStore, StoreConflictError } from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'
import test from 'ava'
import { MemoryDriver } from './memory-driver.ts'

const keepUntil = Date.UTC(2040, 0, 1)
const add = (current: Sample | undefined) => {
  const value = (current?.value ?? 0) + 1
  return { next: { value, keepUntil }, reply: value }
}

/** A driver in which another process always writes first. */
class OvertakenDriver extends MemoryDriver<Sample> {
  override swap(...[id, ...rest]: Parameters<MemoryDriver<Sample>['swap']>) {
    const version = `theirs ${this.commands.length}`
    this.entries.set(id, { version, state: { value: 7, keepUntil } })
    return super.swap(id, ...rest)
  }
}

test.serial(
  'by default an update that loses a race waits for a timer, 20 times at most',
  async (t) => {
    const waits: number[] = []
    const timer = mock.method(globalThis, 'setTimeout', (done: () => void, ms: number) => {
      waits.push(ms)
      queueMicrotask(done)
    })
    const random = mock.method(Math, 'random', () => 0.5)
    try {
      const update = new CompareAndSwapStore(new OvertakenDriver()).update('a', add)
      await t.throwsAsync(update, { instanceOf: StoreConflictError })
    } finally {
      timer.mock.restore()
      random.mock.restore()
    }
    t.deepEqual(waits, [1, 2, 4, 8, 16, 32, ...Array<number>(14).fill(50)])
  },
)

test.serial('by default the wait for earlier updates is measured by performance.now', async (t) => {
  let now = 1_000
  const clock = mock.method(performance, 'now', () => now)
  const driver = new MemoryDriver<Sample>(async () => {
    now += 1_000
  })
  try {
    const store = new CompareAndSwapStore(driver)
    const all = await Promise.allSettled(Array.from({ length: 5 }, () => store.update('a', add)))
    t.deepEqual(
      all.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected'],
      'the last ones waited for 5 and for 7 seconds',
    )
  } finally {
    clock.mock.restore()
  }
})

test.serial('by default 10 000 states are cached', async (t) => {
  const driver = new MemoryDriver<Sample>()
  const store = new CompareAndSwapStore(driver)
  for (let i = 0; i < 10_000; i++) await store.update(`${i}`, add)
  driver.commands.length = 0
  await store.update('0', add)
  t.deepEqual(driver.commands, ['swap'], 'none is evicted')
  await store.update('one more', add)
  driver.commands.length = 0
  await store.update('0', add)
  t.deepEqual(driver.commands, ['swap', 'swap'], 'the oldest is evicted')
})
