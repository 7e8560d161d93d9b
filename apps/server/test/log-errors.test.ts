import { StoreConflictError, StoreUnavailableError, TOKENS } from '@device-grant/core'
import { TestClock } from '@device-grant/test-support/clock'
import { authorize, pollOutcome } from '@device-grant/test-support/device'
import test from 'ava'
import { pino } from 'pino'
import { logErrors } from '#src/log-errors.js'
import { breakStore } from './break-store.ts'
import { startTestServer } from './test-server.ts'

interface Line {
  readonly msg: string
  readonly error: string
  readonly leftOut?: number
}

const setUp = (): {
  readonly clock: TestClock
  readonly lines: readonly Line[]
  readonly onError: ReturnType<typeof logErrors>
} => {
  const clock = new TestClock()
  const lines: Line[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) })
  return { clock, lines, onError: logErrors(log, clock) }
}

test('while a store is down, its errors are logged every 5 s of the clock', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const { device_code } = await authorize(server.url)
  const restore = breakStore(server, TOKENS.DeviceGrants)
  t.teardown(restore)
  const linesAfter = async (polls: number): Promise<number> => {
    for (let i = 0; i < polls; i++) {
      t.is(await pollOutcome(server.url, device_code), 'slow_down')
    }
    return server.log.filter((line) => line.includes('failed: poll')).length
  }
  t.is(await linesAfter(3), 1)
  server.clock.pass(4_999)
  t.is(await linesAfter(1), 1)
  server.clock.pass(1)
  t.is(await linesAfter(2), 2)
  server.clock.pass(-3_600_000)
  t.is(await linesAfter(2), 3, 'a clock that is set back does not silence the log')
})

test('a line has the number of errors that were left out before it', (t) => {
  const { clock, lines, onError } = setUp()
  for (let i = 0; i < 4; i++) onError(new StoreUnavailableError('down'), 'poll')
  clock.pass(5_000)
  onError(new StoreUnavailableError('down'), 'authorize')
  clock.pass(5_000)
  onError(new StoreUnavailableError('down'), 'poll')
  t.deepEqual(
    lines.map(({ msg, leftOut }) => [msg, leftOut]),
    [
      ['operation failed: poll', undefined],
      ['operation failed: authorize', 3],
      ['operation failed: poll', undefined],
    ],
  )
})

test('one kind of store error does not silence another, and no other error is left out', (t) => {
  const { lines, onError } = setUp()
  for (let i = 0; i < 2; i++) {
    onError(new StoreUnavailableError('down'), 'poll')
    onError(new StoreConflictError('race'), 'poll')
    onError(new TypeError('bug'), 'poll')
  }
  t.deepEqual(lines.map(({ error }) => error).toSorted(), [
    'StoreConflictError',
    'StoreUnavailableError',
    'TypeError',
    'TypeError',
  ])
})
