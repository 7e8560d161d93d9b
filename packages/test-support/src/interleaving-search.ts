import fc from 'fast-check'
import { findingsOf, scenarios } from './interleavings.ts'

/** How often each event was observed in all runs together. */
export interface SearchTally {
  granted: number
  approved: number
  denied: number
  revoked: number
}

/**
 * Runs random scenarios in random interleavings, and shrinks the first one that breaks a promise.
 * @param options.forgets whether the grant store forgets some acknowledged writes
 * @throws {Error} if a promise is broken, or no run observed a key, an approval, a denial or a revocation
 */
export const searchInterleavings = async ({
  forgets,
  runs,
}: {
  readonly forgets: boolean
  readonly runs: number
}): Promise<SearchTally> => {
  const tally: SearchTally = { granted: 0, approved: 0, denied: 0, revoked: 0 }
  const events = Object.keys(tally) as (keyof SearchTally)[]
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), scenarios({ forgets }), async (scheduler, scenario) => {
      const findings = await findingsOf(scenario, scheduler)
      if (findings.violations.length > 0) throw new Error(findings.violations.join('; '))
      for (const event of events) tally[event] += findings[event]
    }),
    { numRuns: runs, includeErrorInReport: true },
  )
  for (const event of events) if (tally[event] === 0) throw new Error(`No run had "${event}"`)
  return tally
}
