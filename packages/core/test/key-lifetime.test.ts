import { createPolicy, DEFAULT_POLICY, PolicyError } from '@device-grant/core'
import test from 'ava'
import fc from 'fast-check'
import { chosenLifetime, offeredLifetimes } from '#src/rules/key-lifetime.js'

const DAY = 86_400_000

test('a day, 30 days and 90 days are offered, the first one preselected', (t) => {
  const offered = offeredLifetimes(undefined, DEFAULT_POLICY)
  t.deepEqual(offered, [DAY, 30 * DAY, 90 * DAY])
  t.is(chosenLifetime(offered, undefined), DAY)
  t.is(chosenLifetime(offered, 30 * DAY), 30 * DAY)
  t.is(chosenLifetime(offered, 31 * DAY), undefined)
  t.is(chosenLifetime(offered, Number.NaN), undefined)
})

test('the list of a client replaces the list of the policy', (t) => {
  const policy = createPolicy({ maxKeyLifetimeMs: 365 * DAY })
  t.deepEqual(offeredLifetimes({ keyLifetimesMs: [365 * DAY, 7 * DAY] }, policy), [
    365 * DAY,
    7 * DAY,
  ])
  t.deepEqual(offeredLifetimes({}, policy), [DAY, 30 * DAY, 90 * DAY])
})

test('the maximum holds for every list', (t) => {
  const policy = createPolicy({ keyLifetimesMs: [DAY] })
  t.is(policy.maxKeyLifetimeMs, DAY)
  t.deepEqual(offeredLifetimes({ keyLifetimesMs: [365 * DAY, DAY / 2] }, policy), [DAY / 2])
  t.deepEqual(offeredLifetimes({ keyLifetimesMs: [365 * DAY] }, policy), [DAY])
})

test('no offered lifetime is longer than the maximum, and one is always offered', (t) => {
  const lifetimes = fc.array(fc.integer({ min: 1, max: 10 }), { maxLength: 4 })
  fc.assert(
    fc.property(lifetimes, lifetimes, fc.integer({ min: 1, max: 10 }), (own, theirs, most) => {
      const offered = offeredLifetimes(
        { keyLifetimesMs: theirs },
        { keyLifetimesMs: own, maxKeyLifetimeMs: most },
      )
      t.true(offered.length > 0)
      t.true(offered.every((ms) => ms > 0 && ms <= most))
    }),
  )
})

test('lifetimes that are no list, repeated, out of range or above the maximum are refused', (t) => {
  for (const [changes, error] of [
    [{ keyLifetimesMs: [] }, 'keyLifetimesMs must be 1 to 8 different times'],
    [{ keyLifetimesMs: [DAY, DAY] }, 'keyLifetimesMs must be 1 to 8 different times'],
    [
      { keyLifetimesMs: Array.from({ length: 9 }, (_, i) => DAY + i) },
      'keyLifetimesMs must be 1 to 8 different times',
    ],
    [
      { keyLifetimesMs: [2 * DAY, DAY], maxKeyLifetimeMs: DAY },
      `keyLifetimesMs must have whole numbers from 1000 to ${DAY}, not ${2 * DAY}`,
    ],
    [
      { keyLifetimesMs: [DAY, 999] },
      `keyLifetimesMs must have whole numbers from 1000 to ${DAY}, not 999`,
    ],
    [
      { keyLifetimesMs: [DAY, 1_000.5] },
      `keyLifetimesMs must have whole numbers from 1000 to ${DAY}, not 1000.5`,
    ],
  ] as const) {
    const thrown = t.throws(() => createPolicy(changes), { instanceOf: PolicyError })
    t.deepEqual(thrown?.errors, [error])
  }
})

test('a limit of unused time is an hour at least, or off', (t) => {
  t.is(createPolicy({ keyIdleMs: 3_600_000 }).keyIdleMs, 3_600_000)
  t.is(createPolicy({ keyIdleMs: 0 }).keyIdleMs, 0)
  const thrown = t.throws(() => createPolicy({ keyIdleMs: 3_599_999 }), {
    instanceOf: PolicyError,
  })
  t.regex(thrown?.errors[0] ?? '', /^keyIdleMs must be a whole number from 3600000 to/)
})
