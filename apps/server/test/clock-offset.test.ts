import { eventually } from '@device-grant/test-support/eventually'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test, { type ExecutionContext } from 'ava'
import { logTo } from '#src/log.js'
import { connectRedis } from '#src/redis.js'
import type { Pause } from '#src/repeat.js'

const testWithRedis = hasRedis ? test : test.skip

/** The lines about clocks after the first comparison, with a clock that is so far ahead of Redis. */
const linesAfterCheck = async (
  t: ExecutionContext,
  aheadMs: number,
): Promise<readonly string[]> => {
  const redis = await startRedisServer()
  t.teardown(redis.stop)
  const lines: string[] = []
  let pauses = 0
  const pause: Pause = (_ms, signal) =>
    new Promise((resolve) => {
      pauses += 1
      signal.addEventListener('abort', () => resolve())
    })
  const store = connectRedis(redis.url, {
    log: logTo({ write: (line: string) => lines.push(line) }, 'info'),
    clock: { now: () => Date.now() + aheadMs },
    pause,
  })
  t.teardown(store.close)
  await eventually('the comparison of the clocks', () => pauses > 0)
  return lines.filter((line) => line.includes('clock'))
}

for (const [aheadMs, isLogged] of [
  [380, true],
  [-380, true],
  [0, false],
] as const) {
  testWithRedis(
    `a clock ${aheadMs} ms ahead of Redis is ${isLogged ? '' : 'not '}logged`,
    async (t) => {
      const lines = await linesAfterCheck(t, aheadMs)
      t.is(lines.length, isLogged ? 1 : 0)
      if (isLogged) t.is(Math.sign(JSON.parse(lines[0] ?? '').offsetMs), Math.sign(aheadMs))
    },
  )
}
