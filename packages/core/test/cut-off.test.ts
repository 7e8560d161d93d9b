import { type CutOff, createPolicy, DEFAULT_POLICY } from '@device-grant/core'
import test from 'ava'
import fc from 'fast-check'
import { isCutOff, ownerCutOffId, setCutOff } from '#src/rules/cut-off.js'
import { openGrant } from '#src/rules/device-grant.js'

const NOW = Date.UTC(2030, 0, 1)
const cutOffAt = (now: number, current?: CutOff): CutOff | undefined =>
  setCutOff({ now, policy: DEFAULT_POLICY })(current).next

test('a grant approved before the cut-off, or within a second after it, gives no key', (t) => {
  const cutOff = cutOffAt(NOW)
  for (const [approvedAt, cut] of [
    [NOW - 1, true],
    [NOW, true],
    [NOW + 1_000, true],
    [NOW + 1_001, false],
  ] as const) {
    t.is(isCutOff(cutOff, approvedAt), cut, `${approvedAt - NOW} ms`)
  }
  t.false(isCutOff(undefined, NOW))
})

test('a cut-off is kept until every grant that was approved before it is forgotten', (t) => {
  const settings = fc.record({
    codeLifetimeMs: fc.integer({ min: 60, max: 3_600 }).map((seconds) => seconds * 1_000),
    keepAfterExpiryMs: fc.integer({ min: 181_000, max: 86_400_000 }),
  })
  fc.assert(
    fc.property(settings, fc.nat(1_000), (changes, ahead) => {
      const policy = createPolicy({ ...changes, wrongCodesPerPerson: 1 })
      const cutOff = setCutOff({ now: NOW, policy })(undefined).next
      if (!cutOff) return t.fail()
      // The last grant that it cuts off was requested and approved at once, by a server that is ahead.
      const now = NOW + ahead
      const grant = openGrant({ request: { device: {} }, userCode: 'WDJBMJHT', now, policy })(
        undefined,
      ).next
      t.true(isCutOff(cutOff, now))
      t.true(cutOff.keepUntil >= (grant?.keepUntil ?? Infinity))
    }),
  )
})

test('a later cut-off replaces an earlier one, and an earlier one does not', (t) => {
  const first = cutOffAt(NOW)
  const later = cutOffAt(NOW + 5_000, first)
  t.is(later?.at, NOW + 5_000)
  t.true((later?.keepUntil ?? 0) > (first?.keepUntil ?? 0))
  t.deepEqual(cutOffAt(NOW, later), later)
})

test('a cut-off is always written, because a state that was only read may be forgotten', (t) => {
  const current = cutOffAt(NOW)
  const again = setCutOff({ now: NOW, policy: DEFAULT_POLICY })(current)
  t.deepEqual(again.next, current)
  t.not(again.next, current)
})

test('the id of a cut-off does not contain a name, and every person has another one', (t) => {
  t.regex(ownerCutOffId('ann@example.com'), /^[A-Za-z0-9_-]{43}$/)
  t.not(ownerCutOffId('ann'), ownerCutOffId('bob'))
})
