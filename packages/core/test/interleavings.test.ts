import { searchInterleavings } from '@device-grant/test-support/interleaving-search'
import test from 'ava'

const RUNS = 500

test('every promise holds in every interleaving of a login, with lost answers and fail-overs', async (t) => {
  await t.notThrowsAsync(searchInterleavings({ forgets: false, runs: RUNS }))
})

test('two keys, another owner and a revoked key stay impossible when Redis forgets', async (t) => {
  await t.notThrowsAsync(searchInterleavings({ forgets: true, runs: RUNS }))
})
