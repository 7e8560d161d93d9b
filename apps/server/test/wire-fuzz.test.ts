import { authorize, pollOutcome } from '@device-grant/test-support/device'
import { decide } from '@device-grant/test-support/person'
import { fuzz } from '@device-grant/test-support/wire-fuzz'
import test from 'ava'
import { startTestServer } from './test-server.ts'

const SEED = 8628
const REQUESTS = 4_500

test(`${REQUESTS} random requests (seed ${SEED}) are answered as documented`, async (t) => {
  t.timeout(180_000)
  const server = await startTestServer({ LOG_LEVEL: 'error' })
  t.teardown(server.stop)
  const start = performance.now()
  const { statuses, errors } = await fuzz(server, { seed: SEED, requests: REQUESTS })
  t.log(`${Math.round(performance.now() - start)} ms, seed ${SEED}: ${JSON.stringify(statuses)}`)
  t.deepEqual(errors.slice(0, 20), [])
  t.deepEqual(server.log, [])
  // The run proves nothing about a kind of answer that never occurred.
  for (const status of [200, 204, 400, 401, 403, 404, 405, 429])
    t.true((statuses[status] ?? 0) > 0, `${status}`)

  const codes = await authorize(server.url)
  t.is(await pollOutcome(server.url, codes.device_code), 'authorization_pending')
  await decide(server.url, codes.user_code, 'approve', 'survivor')
  t.is(await pollOutcome(server.url, codes.device_code), 'token')
})
