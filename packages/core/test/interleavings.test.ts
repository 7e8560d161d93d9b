import { scenarios, violationsOf } from '@device-grant/test-support/interleavings'
import test from 'ava'
import fc from 'fast-check'

const RUNS = Number(process.env['INTERLEAVINGS'] ?? 2_000)

const search = async (forgets: boolean): Promise<void> => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scenarios({ forgets }), async (scheduler, scenario) => {
      const violations = await violationsOf(scenario, scheduler)
      if (violations.length > 0) throw new Error(violations.join('; '))
    }),
    { numRuns: RUNS, includeErrorInReport: true },
  )
}

test('every promise holds in every interleaving of a login, with lost answers and fail-overs', async (t) => {
  await t.notThrowsAsync(search(false))
})

test('two keys, another owner and a revoked key stay impossible when Redis forgets', async (t) => {
  await t.notThrowsAsync(search(true))
})
