import { TOKENS } from '@device-grant/core'
import { authorize, outcomeOf, poll } from '@device-grant/test-support/wire-exchange'
import test from 'ava'
import { breakStore } from './break-store.js'
import { startTestServer } from './reference-server.js'

test('while a store is down, its errors are logged every 5 s of the clock', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const { device_code } = await authorize(server.url)
  const restore = breakStore(server, TOKENS.DeviceGrants)
  t.teardown(restore)
  const linesAfter = async (polls: number): Promise<number> => {
    for (let i = 0; i < polls; i++) {
      t.is(outcomeOf(await poll(server.url, device_code)), 'slow_down')
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
