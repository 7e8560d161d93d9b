import { StoreFullError, StoreUnavailableError, type Versioned } from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'
import test from 'ava'
import { RecoveringDriver } from '#src/stores/recovering-driver.js'
import { type Failure, MemoryDriver } from './memory-driver.ts'

const stateOf = (version: string, value = 1): Versioned<Sample> => ({
  version,
  state: { value, keepUntil: Date.UTC(2040, 0, 1) },
})

/** A recovering driver on a database that has one state, or none. */
const aDriver = (stored?: Versioned<Sample>) => {
  const memory = new MemoryDriver<Sample>()
  if (stored) memory.entries.set('a', stored)
  const recovering = new RecoveringDriver(memory)
  return {
    memory,
    swap: (expected: string | undefined, next: Versioned<Sample> | undefined, fails?: Failure) => {
      if (fails) memory.failures.push(fails)
      return recovering.swap('a', expected === undefined ? undefined : stateOf(expected), next)
    },
    /** Another process writes when the recovery has read. */
    writeAfterRead: (theirs: Versioned<Sample> | undefined) => {
      const read = memory.read.bind(memory)
      memory.read = async (id) => {
        const seen = await read(id)
        if (theirs) memory.entries.set('a', theirs)
        else memory.entries.delete('a')
        return seen
      }
    },
    stored: () => memory.entries.get('a')?.version,
  }
}

test('a swap that is answered costs one command, won or lost', async (t) => {
  const { memory, swap } = aDriver(stateOf('old'))
  t.deepEqual(await swap('old', stateOf('new')), { written: true })
  t.deepEqual(await swap('old', stateOf('newer')), { written: false, found: stateOf('new') })
  t.deepEqual(memory.commands, ['swap', 'swap'])
})

test('a read is passed on, with its errors', async (t) => {
  const { memory } = aDriver(stateOf('old'))
  const recovering = new RecoveringDriver(memory)
  t.deepEqual(await recovering.read('a'), stateOf('old'))
  memory.failures.push('answer lost')
  await t.throwsAsync(recovering.read('a'), { instanceOf: StoreUnavailableError })
  t.deepEqual(memory.commands, ['read', 'read'])
})

test('an error other than an outage is not recovered from', async (t) => {
  const { memory, swap } = aDriver()
  const full = new StoreFullError('full')
  memory.swap = async () => {
    throw full
  }
  t.is(await t.throwsAsync(swap(undefined, stateOf('new'))), full)
  t.deepEqual(memory.commands, [])
})

test('a write whose answer was lost is written again, so that it stays', async (t) => {
  const { memory, swap, stored } = aDriver(stateOf('old'))
  t.deepEqual(await swap('old', stateOf('new'), 'answer lost'), { written: true })
  t.deepEqual(memory.commands, ['swap', 'read', 'swap'])
  t.is(stored(), 'new')
})

test('a written state that a fail-over forgets before it is written again is not written', async (t) => {
  const { swap, writeAfterRead, stored } = aDriver(stateOf('old'))
  writeAfterRead(stateOf('old'))
  t.deepEqual(await swap('old', stateOf('new'), 'answer lost'), {
    written: false,
    found: stateOf('old'),
  })
  t.is(stored(), 'old')
})

test('a removal whose answer was lost is done if nothing is there', async (t) => {
  const { memory, swap } = aDriver(stateOf('old'))
  t.deepEqual(await swap('old', undefined, 'answer lost'), { written: true })
  t.deepEqual(memory.commands, ['swap', 'read'])
})

test('a command that was lost is sent again', async (t) => {
  for (const next of [stateOf('new'), undefined]) {
    const { memory, swap, stored } = aDriver(stateOf('old'))
    t.deepEqual(await swap('old', next, 'command lost'), { written: true })
    t.deepEqual(memory.commands, ['swap', 'read', 'swap'])
    t.is(stored(), next?.version)
  }
})

test('a write of another process is found after a lost command', async (t) => {
  const { memory, swap, stored } = aDriver(stateOf('theirs'))
  t.deepEqual(await swap('old', stateOf('new'), 'command lost'), {
    written: false,
    found: stateOf('theirs'),
  })
  t.deepEqual(memory.commands, ['swap', 'read'])
  t.is(stored(), 'theirs')
})

test('a write of another process after the recovery’s read is a lost race', async (t) => {
  for (const next of [stateOf('new'), undefined]) {
    const { swap, writeAfterRead, stored } = aDriver(stateOf('old'))
    writeAfterRead(stateOf('theirs'))
    t.deepEqual(await swap('old', next, 'command lost'), {
      written: false,
      found: stateOf('theirs'),
    })
    t.is(stored(), 'theirs')
  }
  const { swap, writeAfterRead } = aDriver(stateOf('old'))
  writeAfterRead(undefined)
  t.deepEqual(await swap('old', stateOf('new'), 'command lost'), {
    written: false,
    found: undefined,
  })
})

test('a first attempt that arrives after the recovery’s read counts once', async (t) => {
  for (const next of [stateOf('new'), undefined]) {
    const { memory, swap, writeAfterRead, stored } = aDriver(stateOf('old'))
    writeAfterRead(next)
    t.deepEqual(await swap('old', next, 'command lost'), { written: true })
    t.is(stored(), next?.version)
    // A fail-over may forget the first attempt, because no server acknowledged it.
    t.deepEqual(memory.commands, ['swap', 'read', 'swap', ...(next ? ['swap'] : [])])
  }
})

test('a first attempt that arrives after the read, and is forgotten again, is a lost race', async (t) => {
  const { memory, swap, writeAfterRead } = aDriver(stateOf('old'))
  writeAfterRead(stateOf('new'))
  const send = memory.swap.bind(memory)
  let swaps = 0
  memory.swap = async (...args) => {
    swaps += 1
    if (swaps === 3) memory.entries.set('a', stateOf('old'))
    return send(...args)
  }
  t.deepEqual(await swap('old', stateOf('new'), 'command lost'), {
    written: false,
    found: stateOf('old'),
  })
})

test('a second lost answer is an error, because the outcome is unknown', async (t) => {
  for (const failures of [
    ['answer lost', 'answer lost'],
    ['command lost', undefined, 'command lost'],
  ] as const) {
    const { memory, swap } = aDriver(stateOf('old'))
    memory.failures.push(...failures)
    await t.throwsAsync(swap('old', stateOf('new')), { instanceOf: StoreUnavailableError })
  }
})
