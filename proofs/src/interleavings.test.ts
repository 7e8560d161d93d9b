import { searchInterleavings } from '@device-grant/test-support/interleaving-search'
import test from 'ava'

const RUNS = 100_000
const BOUND_MS = 600_000

test('every promise holds in 100 000 interleavings of a login, with lost answers and fail-overs', async (t) => {
  t.timeout(BOUND_MS)
  t.log(JSON.stringify(await searchInterleavings({ forgets: false, runs: RUNS })))
  t.pass()
})

test('two keys, another owner and a revoked key stay impossible in 100 000 where Redis forgets', async (t) => {
  t.timeout(BOUND_MS)
  t.log(JSON.stringify(await searchInterleavings({ forgets: true, runs: RUNS })))
  t.pass()
})
