import { TestClock } from '@device-grant/test-support/clock'
import { authorize, outcomeOf, poll } from '@device-grant/test-support/device'
import { freePort } from '@device-grant/test-support/free-port'
import { membersOf, send } from '@device-grant/test-support/http-exchange'
import test from 'ava'
import { readConfig } from '#src/config.js'
import { logTo } from '#src/log.js'
import type { Pause } from '#src/repeat.js'
import { startServer } from '#src/start-server.js'

test('a server that stops is not ready, and answers requests until the delay ends', async (t) => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const pauses: number[] = []
  let endPause = (): void => {}
  const pause: Pause = (ms) =>
    new Promise((resolve) => {
      pauses.push(ms)
      endPause = resolve
    })
  const server = await startServer(
    readConfig({ PORT: String(port), STORES: 'memory', SHUTDOWN_DELAY: '20' }),
    {
      clock: new TestClock(),
      log: logTo({ write: () => {} }, 'info'),
      pause,
    },
  )
  const readiness = async (): Promise<readonly [number, unknown]> => {
    const answer = await send(url, { method: 'GET', path: '/readyz' })
    return [answer.status, membersOf(answer)['status']]
  }
  t.deepEqual(await readiness(), [200, 'ready'])
  const stopped = server.stop()
  t.deepEqual(pauses, [20_000])
  t.deepEqual(await readiness(), [503, 'stopping'])
  t.is((await send(url, { method: 'GET', path: '/healthz' })).status, 200)
  const { device_code } = await authorize(url)
  t.is(outcomeOf(await poll(url, device_code)), 'authorization_pending')
  endPause()
  await stopped
  await t.throwsAsync(readiness(), { code: 'ECONNREFUSED' })
})
