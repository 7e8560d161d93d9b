import { StoreConflictError, StoreUnavailableError } from '@device-grant/core'
import { TestClock } from '@device-grant/test-support/clock'
import { authorize, outcomeOf, poll } from '@device-grant/test-support/device'
import { eventually } from '@device-grant/test-support/eventually'
import { freePort } from '@device-grant/test-support/free-port'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import { attributeErrors } from '#src/attribute-errors.js'
import { logTo } from '#src/log.js'
import { logErrors } from '#src/log-errors.js'
import { StoreWatch } from '#src/store-watch.js'
import { startTestServer, type TestServer } from './test-server.ts'

type Line = Readonly<Record<string, unknown>>

const testWithRedis = hasRedis ? test : test.skip

const linesOf = ({ log }: Pick<TestServer, 'log'>): readonly Line[] =>
  log.map((line) => JSON.parse(line))

/** A watch of a store that is probed when the test says so. */
const setUp = (name: string) => {
  const clock = new TestClock()
  const stopping = new AbortController()
  const log: string[] = []
  const logger = logTo({ write: (line: string) => log.push(line) }, 'info')
  let isUp = false
  let endPause = (): void => {}
  const watch = new StoreWatch({
    store: {
      name,
      probe: async () => {
        if (!isUp) throw new Error('down')
      },
    },
    log: logger,
    clock,
    signal: stopping.signal,
    pause: () =>
      new Promise((resolve) => {
        endPause = resolve
      }),
  })
  /** Lets the pause before the next probe pass, and that probe. */
  const pass = async (): Promise<void> => {
    clock.pass(2_000)
    endPause()
    await new Promise(setImmediate)
  }
  return {
    clock,
    watch,
    pass,
    lines: () => linesOf({ log }),
    stop: () => stopping.abort(),
    setUp: (up: boolean) => {
      isUp = up
    },
    onError: logErrors(logger, clock),
  }
}

const down = (): Error => new StoreUnavailableError('down')

test('a line says when the store is back, after how long and with how many errors', async (t) => {
  const { watch, pass, lines, setUp: set } = setUp('redis')
  watch.failed(down(), 'warn', 'connection failed')
  watch.failed(down(), 'error', 'operation failed: poll')
  await pass()
  watch.failed(down(), 'error', 'operation failed: poll')
  set(true)
  await pass()
  t.is(lines().length, 1, 'an error since the last probe means that the store is not back')
  await pass()
  t.like(lines().at(-1), { msg: 'store is back', store: 'redis', downForMs: 6_000, errors: 3 })
  t.is(lines().length, 2)

  watch.failed(down(), 'error', 'operation failed: poll')
  await pass()
  t.like(lines().at(-1), { msg: 'store is back', downForMs: 2_000, errors: 1 })
})

test('a store that does not answer its probe is not back', async (t) => {
  const { watch, pass, lines, setUp: set } = setUp('redis')
  watch.failed(down(), 'warn', 'connection failed')
  for (let i = 0; i < 3; i++) await pass()
  t.deepEqual(
    lines().map(({ msg }) => msg),
    ['connection failed'],
  )
  set(true)
  await pass()
  t.like(lines().at(-1), { msg: 'store is back', downForMs: 8_000, errors: 1 })
})

test('a store that is closed is not watched any more', async (t) => {
  const { watch, pass, lines, setUp: set, stop } = setUp('redis')
  watch.failed(down(), 'warn', 'connection failed')
  stop()
  set(true)
  await pass()
  watch.failed(down(), 'warn', 'connection failed')
  t.is(lines().length, 1)
})

test('an error of an operation counts for its store, unless it only lost a race', async (t) => {
  const { watch, onError, lines, pass, setUp: set } = setUp('redis')
  const errors = [new StoreConflictError('race'), down(), new StoreConflictError('race')]
  const store = attributeErrors(
    {
      prefix: 'dg:',
      async update(text: string): Promise<string> {
        const error = errors.shift()
        if (error) throw error
        return this.prefix + text
      },
    },
    watch,
  )
  for (let i = 0; i < 3; i++) {
    await store.update('x').catch((error: unknown) => onError(error, 'poll'))
  }
  t.is(await store.update('x'), 'dg:x')
  t.deepEqual(
    lines().map(({ store, error }) => [store, error]),
    [
      ['redis', 'StoreConflictError'],
      ['redis', 'StoreUnavailableError'],
    ],
  )
  set(true)
  await pass()
  t.like(lines().at(-1), { msg: 'store is back', errors: 1 })
})

testWithRedis('each store has lines of its own, and one when it is back', async (t) => {
  const redis = await startRedisServer()
  t.teardown(redis.stop)
  const server = await startTestServer({
    REDIS_URL: redis.url,
    MONGODB_URI: `mongodb://127.0.0.1:${await freePort()}`,
    SESSION_SECRET: 'a secret of thirty-two characters',
  })
  t.teardown(server.stop)
  const linesWith = (text: string, store: string): number =>
    linesOf(server).filter((line) => String(line['msg']).includes(text) && line['store'] === store)
      .length
  const { device_code } = await authorize(server.url)
  await redis.kill()
  t.is(outcomeOf(await poll(server.url, device_code)), 'slow_down')
  await eventually('a line of each store', () =>
    ['redis', 'mongodb'].every((store) => linesOf(server).some((line) => line['store'] === store)),
  )
  t.true(
    linesOf(server)
      .filter(({ msg }) => String(msg).startsWith('operation failed'))
      .every(({ store }) => store === 'redis'),
    'an error of an operation counts for its store',
  )
  await redis.restart()
  await eventually('Redis is back', () => linesWith('store is back', 'redis') === 1)
  t.is(linesWith('store is back', 'mongodb'), 0)
})
