import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { LogDestination } from '#src/log-destination.js'

interface Pipe {
  readonly fd: number
  /** Everything that is in the pipe now. */
  read(): string
}

/** A pipe whose writer never waits, as `process.stdout` makes it. */
const pipe = (t: ExecutionContext): Pipe => {
  const folder = mkdtempSync(join(tmpdir(), 'device-grant-pipe-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  t.teardown(() => {
    closeSync(fd)
    rmSync(folder, { recursive: true })
  })
  const buffer = Buffer.alloc(1_048_576)
  const read = (): string => {
    try {
      return buffer.toString('utf8', 0, readSync(fd, buffer))
    } catch {
      return ''
    }
  }
  return { fd, read }
}

const lineOf = (i: number): string => `${JSON.stringify({ i, text: 'ü'.repeat(100) })}\n`

const numbersIn = (text: string): number[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line).i)

test('lines arrive complete and in order', async (t) => {
  const { fd, read } = pipe(t)
  const destination = new LogDestination(fd, { onDropped: () => t.fail() })
  const count = 2_000
  for (let i = 0; i < count; i++) destination.write(lineOf(i))
  let text = ''
  const flushed = destination.flush(10_000).then(() => 'flushed')
  while ((await Promise.race([flushed, destination.flush(1)])) !== 'flushed') text += read()
  text += read()
  t.deepEqual(
    numbersIn(text),
    Array.from({ length: count }, (_, i) => i),
  )
})

test('a reader that stalls costs lines, which are counted, and never a part of a line', async (t) => {
  const { fd, read } = pipe(t)
  const dropped: number[] = []
  const destination = new LogDestination(fd, {
    onDropped: (lines) => dropped.push(lines),
    maxQueuedBytes: 100_000,
  })
  const count = 2_000
  for (let i = 0; i < count; i++) {
    destination.write(lineOf(i))
    if (i % 100 === 0) await destination.flush(1)
  }
  let text = ''
  const flushed = destination.flush(10_000).then(() => 'flushed')
  while ((await Promise.race([flushed, destination.flush(1)])) !== 'flushed') text += read()
  text += read()
  const received = numbersIn(text)
  t.true(received.length > 300)
  t.deepEqual(
    received,
    received.toSorted((a, b) => a - b),
  )
  const sum = dropped.reduce((total, lines) => total + lines, 0)
  t.true(sum > 0)
  t.is(sum, count - received.length)
})

test('the end of the process waits for a stalled reader, but not for long', async (t) => {
  const { fd } = pipe(t)
  const destination = new LogDestination(fd, { onDropped: () => {} })
  for (let i = 0; i < 2_000; i++) destination.write(lineOf(i))
  await destination.flush(20)
  const startedAt = performance.now()
  destination.end()
  t.true(performance.now() - startedAt < 2_000)
})

test('lines that are queued at the end of the process are written', async (t) => {
  const { fd, read } = pipe(t)
  const destination = new LogDestination(fd, { onDropped: () => {} })
  const numbers = Array.from({ length: 200 }, (_, i) => i)
  for (const i of numbers) destination.write(lineOf(i))
  destination.end()
  let text = ''
  while (text.split('\n').length <= numbers.length) {
    text += read()
    await nextTurn()
  }
  t.deepEqual(
    numbersIn(text).toSorted((a, b) => a - b),
    numbers,
  )
})

test('lines for a reader that is gone are forgotten', async (t) => {
  const nowhere = openSync('/dev/null', 'r')
  t.teardown(() => closeSync(nowhere))
  const destination = new LogDestination(nowhere, { onDropped: () => {} })
  destination.write(lineOf(1))
  await destination.flush(10_000)
  destination.write(lineOf(2))
  await destination.flush(10_000)
  t.notThrows(() => destination.end())
})
