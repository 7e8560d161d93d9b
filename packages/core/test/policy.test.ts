import {
  createPolicy,
  DEFAULT_POLICY,
  guessBits,
  type Policy,
  PolicyError,
  userCodeEntropy,
} from '@device-grant/core'
import test from 'ava'

const faultsOf = (changes: Partial<Policy>): readonly string[] => {
  try {
    createPolicy(changes)
    return []
  } catch (fault) {
    if (fault instanceof PolicyError) return fault.errors
    throw fault
  }
}

test('without changes the default policy holds', (t) => {
  t.deepEqual(createPolicy(), DEFAULT_POLICY)
})

test('a default code has 34.6 bits, and five tries hit it with 2^-32.3', (t) => {
  t.is(userCodeEntropy(DEFAULT_POLICY).toFixed(1), '34.6')
  t.is(guessBits(DEFAULT_POLICY).toFixed(1), '-32.3')
})

test('nine digits pass with five tries', (t) => {
  const changes = { userCodeCharset: '0123456789', userCodeMask: '***-***-***' }
  t.deepEqual(faultsOf(changes), [])
  t.is(guessBits(createPolicy(changes)).toFixed(1), '-27.6')
})

test('SEC-2: eight digits are refused with their entropy', (t) => {
  t.deepEqual(faultsOf({ userCodeCharset: '0123456789', userCodeMask: '****-****' }), [
    "user codes have 26.6 bits of entropy, and one person's attempts hit one with 2^-24.3, " +
      'more than 2^-27: use more characters, a larger charset, or fewer attempts',
  ])
})

test('nine digits with ten tries, or over a life of two codeAttempts, are refused', (t) => {
  const changes = { userCodeCharset: '0123456789', userCodeMask: '***-***-***' }
  t.regex(faultsOf({ ...changes, wrongCodesPerPerson: 10 }).join(), /29\.9 bits.*2\^-26\.6/)
  t.regex(faultsOf({ ...changes, codeLifetimeMs: 601_000 }).join(), /29\.9 bits.*2\^-26\.6/)
  t.regex(faultsOf({ ...changes, wrongCodesWindowMs: 599_999 }).join(), /29\.9 bits.*2\^-26\.6/)
})

test('a ceiling under which many accounts could guess together is refused', (t) => {
  const changes = { userCodeCharset: '0123456789', userCodeMask: '***-***-***' }
  t.deepEqual(faultsOf({ ...changes, wrongCodesOfEveryone: 950 }), [])
  t.regex(
    faultsOf({ ...changes, wrongCodesOfEveryone: 10_000 }).join(),
    /29\.9 bits.*wrongCodesOfEveryone.*2\^-16\.6/,
  )
})

test('what is undefined is not changed', (t) => {
  const changes = Object.fromEntries(Object.keys(DEFAULT_POLICY).map((name) => [name, undefined]))
  t.deepEqual(createPolicy(changes), DEFAULT_POLICY)
})

test('values of another type are refused like any other', (t) => {
  for (const name of Object.keys(DEFAULT_POLICY)) {
    for (const value of [null, {}, true]) {
      const faults = faultsOf({ [name]: value } as unknown as Partial<Policy>)
      t.true(
        faults.some((fault) => fault.startsWith(`${name} must be `)),
        `${name} ${value}`,
      )
    }
  }
})

test('nobody changes the default policy', (t) => {
  t.true(Object.isFrozen(DEFAULT_POLICY))
})

test('every number is held to its range', (t) => {
  const ranges: readonly (readonly [keyof Policy, number, number])[] = [
    ['intervalMs', 1_000, 60_000],
    ['codeLifetimeMs', 5_000, 3_600_000],
    ['keepAfterExpiryMs', 61_000, 86_400_000],
    ['intervalStepMs', 1_000, 60_000],
    ['maxIntervalMs', 5_000, 3_600_000],
    ['slackMs', 0, 10_000],
    ['openedForMs', 0, 3_600_000],
    ['wrongCodesPerPerson', 1, 100],
    ['wrongCodesOfEveryone', 1, 10_000],
    ['wrongCodesWindowMs', 1_000, 86_400_000],
    ['keyLifetimeMs', 1_000, 316_224_000_000],
  ]
  for (const [name, least, most] of ranges) {
    // A code long enough that only the range can be at fault.
    const long = { userCodeMask: '*'.repeat(20), keepAfterExpiryMs: 86_400_000 }
    for (const value of [least, most]) {
      t.deepEqual(faultsOf({ ...long, [name]: value }), [], `${name} ${value}`)
    }
    for (const value of [least - 1, most + 1, least + 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      t.true(
        faultsOf({ ...long, [name]: value }).includes(
          `${name} must be a whole number from ${least} to ${most}, not ${value}`,
        ),
        `${name} ${value}`,
      )
    }
  }
})

test('times that go over the wire are whole seconds', (t) => {
  for (const name of ['intervalMs', 'codeLifetimeMs', 'intervalStepMs', 'maxIntervalMs'] as const) {
    t.true(faultsOf({ [name]: 5_500 }).includes(`${name} must be whole seconds`))
  }
})

test('the longest interval is at least the first one', (t) => {
  t.deepEqual(faultsOf({ intervalMs: 30_000, maxIntervalMs: 10_000 }), [
    'maxIntervalMs must be a whole number from 30000 to 3600000, not 10000',
  ])
})

test('a key prefix has the characters of a bearer token', (t) => {
  for (const keyPrefix of ['dg_', 'd', 'A-b.c~9_', `x${'_'.repeat(31)}`]) {
    t.deepEqual(faultsOf({ keyPrefix }), [], keyPrefix)
  }
  for (const keyPrefix of ['', '_dg', 'dg ', 'dg+', 'dg\n', 'é', `x${'_'.repeat(32)}`]) {
    t.deepEqual(
      faultsOf({ keyPrefix }),
      ['keyPrefix must be 1 to 32 letters, digits or ._~-, beginning with a letter or digit'],
      keyPrefix,
    )
  }
})

test('UC-6: a charset has upper-case letters and digits, none twice and no look-alikes', (t) => {
  const long = { userCodeMask: '*'.repeat(40) }
  const charset = 'userCodeCharset must be 2 to 36 upper-case letters and digits'
  for (const userCodeCharset of ['', 'bcd', 'BC-', 'ÄÖ']) {
    t.true(faultsOf({ ...long, userCodeCharset }).includes(charset), userCodeCharset)
  }
  t.true(faultsOf({ ...long, userCodeCharset: 'B' }).includes(charset))
  t.deepEqual(faultsOf({ ...long, userCodeCharset: 'BCB' }), [
    'userCodeCharset has a repeated character',
  ])
  for (const [a, b] of ['O0', 'I1', 'L1', 'IL']) {
    t.deepEqual(faultsOf({ ...long, userCodeCharset: `X${b}${a}` }), [
      `userCodeCharset has the look-alikes ${a} and ${b}`,
    ])
  }
  t.deepEqual(faultsOf({ ...long, userCodeCharset: 'XY' }), [])
})

test('a mask has random characters and separators only', (t) => {
  for (const userCodeMask of ['', '----', '****_****', 'XXXX-XXXX', '*'.repeat(41)]) {
    t.deepEqual(
      faultsOf({ userCodeMask }),
      ['userCodeMask must be up to 40 of *, dash, dot and space'],
      userCodeMask,
    )
  }
  t.deepEqual(faultsOf({ userCodeMask: '**.** ****' }), [])
})

test('a refused policy names every fault at once', (t) => {
  const error = t.throws(
    () => createPolicy({ intervalMs: 0, slackMs: -1, keyPrefix: '', userCodeMask: '**' }),
    { instanceOf: PolicyError, name: 'PolicyError' },
  )
  t.is(error?.errors.length, 4)
  for (const fault of error?.errors ?? []) t.true(error?.message.includes(fault))
})
