import { authorize, outcomeOf, poll } from '@device-grant/test-support/device'
import { decide } from '@device-grant/test-support/person'
import { fuzz } from '@device-grant/test-support/wire-fuzz'
import test from 'ava'
import { startServerProcess } from './server-process.ts'

const SEEDS = 10
const REQUESTS = 10_000
const BOUND_MS = 1_800_000
test('100 000 random requests are answered without a 5xx, and log no error', async (t) => {
  t.timeout(BOUND_MS)
  const server = await startServerProcess()
  t.teardown(server.stop)
  for (let seed = 1; seed <= SEEDS; seed++) {
    // The server runs in real time.
    const clock = { pass: () => {} }
    const run = await fuzz({ url: server.url, clock }, { seed, requests: REQUESTS })
    t.deepEqual(run.errors.slice(0, 20), [], `seed ${seed}`)
    t.log(`${REQUESTS} requests, seed ${seed}: ${JSON.stringify(run.statuses)}`)
  }
  const errors = server.log.filter((line) => /"level":[56]0/.test(line))
  t.deepEqual(errors, [])
  const { device_code, user_code } = await authorize(server.url)
  await decide(server.url, user_code, 'approve', 'survivor')
  t.is(outcomeOf(await poll(server.url, device_code)), 'token')
})
