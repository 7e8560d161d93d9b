import test from 'ava'
import { type Pause, type RepeatOptions, repeatUntilDone, repeatUntilStopped } from '#src/repeat.js'

interface Repetition extends RepeatOptions {
  readonly stop: () => void
  /** The pauses so far, in milliseconds. */
  readonly pauses: readonly number[]
  readonly errors: readonly unknown[]
}

/** Options whose pauses take no time. */
const setUp = (): Repetition => {
  const stopping = new AbortController()
  const pauses: number[] = []
  const errors: unknown[] = []
  const pause: Pause = async (ms) => void pauses.push(ms)
  return {
    signal: stopping.signal,
    stop: () => stopping.abort(),
    onError: (error) => errors.push(error),
    pause,
    pauses,
    errors,
  }
}

test('work is repeated until it is done, with a pause after each error', async (t) => {
  const repetition = setUp()
  let runs = 0
  const work = async (): Promise<void> => {
    runs += 1
    if (runs < 3) throw new Error(`run ${runs}`)
  }
  await repeatUntilDone(work, 2_000, repetition)
  t.is(runs, 3)
  t.deepEqual(repetition.pauses, [2_000, 2_000])
  t.deepEqual(repetition.errors, [new Error('run 1'), new Error('run 2')])
})

test('work is repeated until it is stopped, after successes and errors', async (t) => {
  const repetition = setUp()
  let runs = 0
  const work = async (): Promise<void> => {
    runs += 1
    if (runs === 2) throw new Error('run 2')
    if (runs === 4) repetition.stop()
  }
  await repeatUntilStopped(work, 60_000, repetition)
  t.is(runs, 4)
  t.deepEqual(repetition.pauses.slice(0, 3), [60_000, 60_000, 60_000])
  t.deepEqual(repetition.errors, [new Error('run 2')])
})

for (const repeat of [repeatUntilDone, repeatUntilStopped]) {
  test(`an error after the signal ends ${repeat.name} and is not reported`, async (t) => {
    const repetition = setUp()
    let runs = 0
    const work = async (): Promise<void> => {
      runs += 1
      repetition.stop()
      throw new Error('the connection was closed')
    }
    await repeat(work, 1, repetition)
    t.is(runs, 1)
    t.deepEqual(repetition.errors, [])
  })

  test(`the signal ends a pause of ${repeat.name} early`, async (t) => {
    const stopping = new AbortController()
    const errors: unknown[] = []
    const work = async (): Promise<void> => {
      throw new Error('down')
    }
    const ended = repeat(work, 3_600_000, {
      signal: stopping.signal,
      onError: (error) => {
        errors.push(error)
        setImmediate(() => stopping.abort())
      },
    })
    await ended
    t.is(errors.length, 1)
  })
}
