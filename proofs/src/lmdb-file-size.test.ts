import { existsSync, mkdtempSync, rmSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLmdbStores, openLmdb } from '@device-grant/adapter-lmdb'
import { createPolicy, createUseCases } from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'

const LOGINS = 1_000_000
/** After so many logins the first ones are forgotten, and the file should not grow any more. */
const GROWTH_ENDS_AT = 200_000
const SAMPLES = 20
const AT_ONCE = 200
/** How far the clock goes with each login, in milliseconds. */
const STEP_MS = 10
const MINUTE_MS = 60_000
const BOUND_MS = 3_600_000
/** Where a flush costs nothing, because this proof is about space. Containers often have 64 MB there. */
const MEMORY_DISK = '/dev/shm'
const NEEDED_BYTES = 2e9

const folder = (): string => {
  if (!existsSync(MEMORY_DISK)) return tmpdir()
  const { bavail, bsize } = statfsSync(MEMORY_DISK)
  return bavail * bsize > NEEDED_BYTES ? MEMORY_DISK : tmpdir()
}

test('the file does not grow without end in a million logins', async (t) => {
  t.timeout(BOUND_MS)
  const path = mkdtempSync(join(folder(), 'lmdb-file-size-'))
  t.teardown(() => rmSync(path, { recursive: true }))
  const environment = openLmdb({ path, timeoutMs: 60_000 })
  const clock = { ms: Date.UTC(2030, 0, 1), now: () => clock.ms }
  const stores = createLmdbStores(environment, { clock })
  const policy = createPolicy({
    codeLifetimeMs: MINUTE_MS,
    keyLifetimesMs: [MINUTE_MS],
    maxKeyLifetimeMs: MINUTE_MS,
    keepEndedKeysMs: 0,
  })
  const all = createUseCases({ ...stores, clock, policy })
  let started = 0
  const login = async (): Promise<void> => {
    const person = `person ${started % 5_000}`
    started += 1
    clock.ms += STEP_MS
    const { deviceCode, userCode } = issued(await all.authorizeDevice({ device: {} }))
    await all.pollForToken({ deviceCode })
    const answer = await all.answerUserCode({ userCode, person, decision: 'approve' })
    if (answer.outcome !== 'approved') throw new Error(answer.outcome)
    const poll = await all.pollForToken({ deviceCode })
    if (poll.outcome !== 'granted') throw new Error(poll.outcome)
    const use = await all.authenticateApiKey(poll.apiKey)
    if (use.outcome !== 'valid') throw new Error(use.outcome)
  }
  const megabytes = (): number => Math.round(statSync(join(path, 'data.mdb')).size / 1e5) / 10
  let largest = 0
  for (let sample = 1; sample <= SAMPLES; sample++) {
    const until = (LOGINS / SAMPLES) * sample
    const lane = async (): Promise<void> => {
      while (started < until) await login()
    }
    await Promise.all(Array.from({ length: AT_ONCE }, lane))
    const size = megabytes()
    t.log(`${started} logins: ${size} MB`)
    if (started <= GROWTH_ENDS_AT + AT_ONCE) largest = Math.max(largest, size)
    else t.true(size <= 1.25 * largest, `${size} MB after ${started} logins, ${largest} MB before`)
  }
  await stores.close()
  await environment.close()
})
