import {
  createPolicy,
  DEFAULT_POLICY,
  guessBits,
  maxWrongCodesOfEveryone,
  type Policy,
  PolicyError,
  userCodeEntropy,
} from '@device-grant/core'
import test from 'ava'
import fc from 'fast-check'

const errorsOf = (changes: Partial<Policy>): readonly string[] => {
  try {
    createPolicy(changes)
    return []
  } catch (error) {
    if (error instanceof PolicyError) return error.errors
    throw error
  }
}
const NINE_DIGITS = { userCodeCharset: '0123456789', userCodeMask: '***-***-***' }

test('createPolicy without changes is the default policy', (t) => {
  t.deepEqual(createPolicy(), DEFAULT_POLICY)
})

test('a default code has 34.6 bits, and five attempts guess it with 2^-32.3', (t) => {
  t.is(userCodeEntropy(DEFAULT_POLICY).toFixed(1), '34.6')
  t.is(guessBits(DEFAULT_POLICY).toFixed(1), '-32.3')
})

test('nine digits are accepted with five attempts', (t) => {
  t.deepEqual(errorsOf(NINE_DIGITS), [])
  t.is(guessBits(createPolicy(NINE_DIGITS)).toFixed(1), '-27.6')
})

test('SEC-2: eight digits are refused with their entropy', (t) => {
  t.deepEqual(errorsOf({ userCodeCharset: '0123456789', userCodeMask: '****-****' }), [
    "user codes have 26.6 bits of entropy, and one person's attempts hit one with 2^-24.3, " +
      'more than 2^-27: use more characters, a larger charset, or fewer attempts',
  ])
})

test('nine digits are refused with ten attempts, or with a lifetime of two windows', (t) => {
  t.regex(errorsOf({ ...NINE_DIGITS, wrongCodesPerPerson: 10 }).join(), /29\.9 bits.*2\^-26\.6/)
  t.regex(errorsOf({ ...NINE_DIGITS, codeLifetimeMs: 601_000 }).join(), /29\.9 bits.*2\^-26\.6/)
  t.regex(errorsOf({ ...NINE_DIGITS, wrongCodesWindowMs: 599_999 }).join(), /29\.9 bits.*2\^-26\.6/)
})

test('the ceiling of wrong codes is the largest that is safe for these codes, and 3 000 at most', (t) => {
  t.is(DEFAULT_POLICY.wrongCodesOfEveryone, 3_000)
  t.is(createPolicy({}).wrongCodesOfEveryone, 3_000)
  t.is(createPolicy(NINE_DIGITS).wrongCodesOfEveryone, 953)
  const twoWindows = { ...NINE_DIGITS, wrongCodesPerPerson: 3, codeLifetimeMs: 601_000 }
  t.is(createPolicy(twoWindows).wrongCodesOfEveryone, 476)
  t.is(createPolicy({ ...NINE_DIGITS, wrongCodesOfEveryone: 100 }).wrongCodesOfEveryone, 100)
  t.is(createPolicy(createPolicy(NINE_DIGITS)).wrongCodesOfEveryone, 953)
})

test('a larger ceiling is refused, and the largest allowed one is named', (t) => {
  t.is(maxWrongCodesOfEveryone(DEFAULT_POLICY), 24_414)
  t.deepEqual(errorsOf({ wrongCodesOfEveryone: 24_414 }), [])
  t.deepEqual(errorsOf({ wrongCodesOfEveryone: 24_415 }), [
    'wrongCodesOfEveryone must be at most 24414 for these user codes, ' +
      'because more attempts hit one with more than 2^-20',
  ])
  t.deepEqual(errorsOf({ ...NINE_DIGITS, wrongCodesOfEveryone: 953 }), [])
  t.regex(errorsOf({ ...NINE_DIGITS, wrongCodesOfEveryone: 954 }).join(), /at most 953 for these/)
})

test('the largest ceiling is accepted and one more is refused, for any format of codes', (t) => {
  const CHARS = 'BCDFGHJKMNPQRSTVWXYZ23456789'
  let tried = 0
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: CHARS.length }),
      fc.integer({ min: 6, max: 40 }),
      fc.constantFrom(600_000, 601_000, 3_600_000),
      (size, length, codeLifetimeMs) => {
        const format = { userCodeCharset: CHARS.slice(0, size), userCodeMask: '*'.repeat(length) }
        const changes = { ...format, codeLifetimeMs, wrongCodesPerPerson: 1 }
        const largest = maxWrongCodesOfEveryone({ ...DEFAULT_POLICY, ...changes })
        if (largest > 999_999 || errorsOf(changes).length > 0) return
        tried += 1
        t.deepEqual(errorsOf({ ...changes, wrongCodesOfEveryone: largest }), [])
        t.is(errorsOf({ ...changes, wrongCodesOfEveryone: largest + 1 }).length, 1)
        // Calculated in another way: attempts in all windows, by the number of codes.
        const windows = codeLifetimeMs === 600_000 ? 1 : codeLifetimeMs === 601_000 ? 2 : 6
        const codes = BigInt(size) ** BigInt(length)
        t.true(BigInt(largest) * BigInt(windows) * 2n ** 20n <= codes)
        t.true(BigInt(largest + 1) * BigInt(windows) * 2n ** 20n > codes)
      },
    ),
    { numRuns: 2_000 },
  )
  t.true(tried > 50, `${tried} formats`)
})

test('an undefined value changes nothing', (t) => {
  const changes = Object.fromEntries(Object.keys(DEFAULT_POLICY).map((name) => [name, undefined]))
  t.deepEqual(createPolicy(changes), DEFAULT_POLICY)
})

test('values of another type are refused like any other', (t) => {
  for (const name of Object.keys(DEFAULT_POLICY)) {
    for (const value of [null, {}, true]) {
      const errors = errorsOf({ [name]: value } as unknown as Partial<Policy>)
      t.true(
        errors.some((error) => error.startsWith(`${name} must be `)),
        `${name} ${value}`,
      )
    }
  }
})

test('the default policy is frozen', (t) => {
  t.true(Object.isFrozen(DEFAULT_POLICY))
})

test('every number is held to its range', (t) => {
  const ranges: readonly (readonly [keyof Policy, number, number])[] = [
    ['intervalMs', 1_000, 60_000],
    ['codeLifetimeMs', 5_000, 3_600_000],
    ['keepAfterExpiryMs', 181_000, 86_400_000],
    ['intervalStepMs', 1_000, 60_000],
    ['maxIntervalMs', 5_000, 3_600_000],
    ['slackMs', 0, 10_000],
    ['openedForMs', 0, 3_600_000],
    ['contestedLimit', 2, 10],
    ['wrongCodesPerPerson', 1, 100],
    ['wrongCodesOfEveryone', 1, 1_000_000],
    ['wrongCodesWindowMs', 1_000, 86_400_000],
    ['maxKeyLifetimeMs', 1_000, 316_224_000_000],
    ['keysNotBefore', 0, Number.MAX_SAFE_INTEGER],
    ['keyIdleMs', 3_600_000, 316_224_000_000],
    ['redeliverForMs', 0, 600_000],
    ['keysPerPerson', 0, 10_000],
    ['keepEndedKeysMs', 0, 366 * 86_400_000],
    ['keyCheckMaxAgeMs', 0, 60_000],
  ]
  const numbers = Object.entries(DEFAULT_POLICY).filter(([, value]) => typeof value === 'number')
  t.deepEqual(
    ranges.map(([name]) => name as string).toSorted(),
    numbers.map(([name]) => name).toSorted(),
  )
  for (const [name, least, most] of ranges) {
    // The code is so long that only the range can be wrong.
    const long = {
      userCodeMask: '*'.repeat(20),
      keepAfterExpiryMs: 86_400_000,
      keyLifetimesMs: [1_000],
    }
    for (const value of [least, most]) {
      t.deepEqual(errorsOf({ ...long, [name]: value }), [], `${name} ${value}`)
    }
    for (const value of [least - 1, most + 1, least + 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      t.true(
        errorsOf({ ...long, [name]: value }).includes(
          `${name} must be a whole number from ${least} to ${most}, not ${value}`,
        ),
        `${name} ${value}`,
      )
    }
  }
})

test('times that go over the wire are whole seconds', (t) => {
  for (const name of ['intervalMs', 'codeLifetimeMs', 'intervalStepMs', 'maxIntervalMs'] as const) {
    t.true(errorsOf({ [name]: 5_500 }).includes(`${name} must be whole seconds`))
  }
})

test('maxIntervalMs is at least intervalMs', (t) => {
  t.deepEqual(errorsOf({ intervalMs: 30_000, maxIntervalMs: 10_000 }), [
    'maxIntervalMs must be a whole number from 30000 to 3600000, not 10000',
  ])
})

test('an expired code is known as long as a slow device may come back for its key', (t) => {
  const changes = { maxIntervalMs: 300_000, slackMs: 2_000, redeliverForMs: 10_000 }
  t.deepEqual(errorsOf({ ...changes, keepAfterExpiryMs: 312_000 }), [])
  t.deepEqual(errorsOf({ ...changes, keepAfterExpiryMs: 311_999 }), [
    'keepAfterExpiryMs must be a whole number from 312000 to 86400000, not 311999',
  ])
})

test('a key prefix has the characters of a bearer token', (t) => {
  for (const keyPrefix of ['dg_', 'd', 'A-b.c~9_', `x${'_'.repeat(31)}`]) {
    t.deepEqual(errorsOf({ keyPrefix }), [], keyPrefix)
  }
  for (const keyPrefix of ['', '_dg', 'dg ', 'dg+', 'dg\n', 'é', `x${'_'.repeat(32)}`]) {
    t.deepEqual(
      errorsOf({ keyPrefix }),
      ['keyPrefix must be 1 to 32 letters, digits or ._~-, beginning with a letter or digit'],
      keyPrefix,
    )
  }
})

test('UC-6: a charset has upper-case letters and digits, none twice and no look-alikes', (t) => {
  const long = { userCodeMask: '*'.repeat(40) }
  const charset = 'userCodeCharset must be 2 to 36 upper-case letters and digits'
  for (const userCodeCharset of ['', 'bcd', 'BC-', 'ÄÖ']) {
    t.true(errorsOf({ ...long, userCodeCharset }).includes(charset), userCodeCharset)
  }
  t.true(errorsOf({ ...long, userCodeCharset: 'B' }).includes(charset))
  t.deepEqual(errorsOf({ ...long, userCodeCharset: 'BCB' }), [
    'userCodeCharset has a repeated character',
  ])
  for (const [a, b] of ['O0', 'I1', 'L1', 'IL']) {
    t.deepEqual(errorsOf({ ...long, userCodeCharset: `X${b}${a}` }), [
      `userCodeCharset has the look-alikes ${a} and ${b}`,
    ])
  }
  t.deepEqual(errorsOf({ ...long, userCodeCharset: 'XY' }), [])
})

test('a mask has placeholders and separators only', (t) => {
  for (const userCodeMask of ['', '----', '****_****', 'XXXX-XXXX', '*'.repeat(41)]) {
    t.deepEqual(
      errorsOf({ userCodeMask }),
      ['userCodeMask must be up to 40 of *, dash, dot and space'],
      userCodeMask,
    )
  }
  t.deepEqual(errorsOf({ userCodeMask: '**.** ****' }), [])
})

test('a refused policy names every error at once', (t) => {
  const error = t.throws(
    () => createPolicy({ intervalMs: 0, slackMs: -1, keyPrefix: '', userCodeMask: '**' }),
    { instanceOf: PolicyError, name: 'PolicyError' },
  )
  t.is(error?.errors.length, 4)
  for (const text of error?.errors ?? []) t.true(error?.message.includes(text))
})
