import {
  createPolicy,
  DEFAULT_POLICY,
  normaliseUserCode,
  showUserCode,
  type UserCodeClaim,
} from '@device-grant/core'
import test from 'ava'
import fc from 'fast-check'
import { claimUserCode, newUserCode, openUserCode } from '#src/rules/user-code.js'
import { plain } from './plain.ts'

const NOW = Date.UTC(2030, 0, 1)
const digits = createPolicy({ userCodeCharset: '0123456789', userCodeMask: '***-***-***' })
const normalise = (typed: string) => normaliseUserCode(typed, DEFAULT_POLICY)
const aCode = fc
  .array(fc.constantFrom(...DEFAULT_POLICY.userCodeCharset), { minLength: 8, maxLength: 8 })
  .map((signs) => signs.join(''))

test('a code is shown with its mask', (t) => {
  t.is(showUserCode('WDJBMJHT', DEFAULT_POLICY), 'WDJB-MJHT')
  t.is(showUserCode('123456789', digits), '123-456-789')
})

test('UC-2, UC-3: a code is read in any case and with any separators', (t) => {
  for (const typed of [
    'WDJBMJHT',
    'WDJB-MJHT',
    'wdjb-mjht',
    'wDjB mJhT',
    ' WDJB\t MJHT\n',
    'W-D-J-B-M-J-H-T',
    'WDJB\u00a0MJHT',
    'WDJB\u2013MJHT',
    'WDJB\u2014\u2212\u00ad\u200bMJHT',
    '"WDJB-MJHT".',
    'ＷＤＪＢ－ＭＪＨＴ',
    'ｗｄｊｂｍｊｈｔ',
  ]) {
    t.is(normalise(typed), 'WDJBMJHT', typed)
  }
})

test('UC-4: a code is read in any way of typing it', (t) => {
  const noise = fc.constantFrom('', '-', ' ', '\u00a0', '\u2013', '.', '😀', 'é', 'A', '0')
  fc.assert(
    fc.property(aCode, fc.array(fc.tuple(noise, fc.nat(2)), { minLength: 8 }), (code, how) => {
      const typed = Array.from(code, (sign, i) => {
        const [before, form] = how[i] ?? ['', 0]
        const wide = String.fromCodePoint((sign.codePointAt(0) ?? 0) + 0xfee0)
        return before + ([sign, sign.toLowerCase(), wide][form] ?? sign)
      }).join('')
      t.is(normalise(typed), code)
    }),
  )
})

test('UC-7: characters that look alike only to a locale or a case folding are dropped', (t) => {
  // Some case foldings map these to I, SS, K and S. None of them is in the charset.
  for (const stranger of ['ı', 'İ', 'ß', '\u212a', 'ſ']) {
    t.is(normalise(`WDJBMJH${stranger}`), undefined, stranger)
    t.is(normalise(`WDJB${stranger}MJHT`), 'WDJBMJHT', stranger)
  }
  t.is(normaliseUserCode('ı23456789', digits), undefined)
})

test('a text of another length is not a code', (t) => {
  for (const typed of ['', '-', 'WDJBMJH', 'WDJBMJHTT', 'AEIOUAEI', '😀'.repeat(8)]) {
    t.is(normalise(typed), undefined, typed)
  }
})

test('UC-7: a text of 64 characters is read, and a longer text is refused unread', (t) => {
  t.is(normalise(`WDJBMJHT${'-'.repeat(56)}`), 'WDJBMJHT')
  t.is(normalise(`WDJBMJHT${'-'.repeat(57)}`), undefined)
  const huge = `WDJBMJHT${'-'.repeat(1 << 20)}`
  // Reading it takes 20 ms and more. The fastest of many calls does not depend on the machine's load.
  let fastestMs = Number.POSITIVE_INFINITY
  for (let i = 0; i < 100; i++) {
    const startedAt = performance.now()
    t.is(normalise(huge), undefined)
    fastestMs = Math.min(fastestMs, performance.now() - startedAt)
  }
  t.true(fastestMs < 1, `${fastestMs} ms`)
})

test('UC-5: digits may be typed as letters that look like them', (t) => {
  t.is(normaliseUserCode('O1I-lL0-o23', digits), '011110023')
  t.is(normalise('WDJB-MJHTO'), 'WDJBMJHT', 'a code of letters has no digits to stand for')
})

test('random codes follow the policy and are read back', (t) => {
  for (const policy of [DEFAULT_POLICY, digits]) {
    for (let i = 0; i < 200; i++) {
      const code = newUserCode(policy)
      t.is(normaliseUserCode(showUserCode(code, policy), policy), code)
    }
  }
})

test('UC-1: every character is equally likely at every place', (t) => {
  const CODES = 5_000
  const { userCodeCharset: charset } = DEFAULT_POLICY
  const counts = Array.from({ length: 8 }, () => new Map<string, number>())
  for (let i = 0; i < CODES; i++) {
    for (const [place, sign] of [...newUserCode(DEFAULT_POLICY)].entries()) {
      counts[place]?.set(sign, (counts[place]?.get(sign) ?? 0) + 1)
    }
  }
  const expected = CODES / charset.length
  for (const count of counts) {
    const chiSquare = [...charset].reduce(
      (sum, sign) => sum + ((count.get(sign) ?? 0) - expected) ** 2 / expected,
      0,
    )
    // With 19 degrees of freedom, a value beyond 80 occurs once in 10^9.
    t.true(chiSquare < 80, `chi-square ${chiSquare}`)
  }
})

const keepUntil = NOW + 1_200_000
const claim: UserCodeClaim = { grantId: 'grant', keepUntil }

test('a grant claims a free user code', (t) => {
  const step = claimUserCode({ grantId: 'grant', keepUntil, now: NOW })(undefined)
  t.deepEqual(plain(step), plain({ next: claim, reply: 'claimed' }))
})

test('a user code of another grant is taken until its keepUntil', (t) => {
  const other = claimUserCode({ grantId: 'other', keepUntil: keepUntil + 5, now: keepUntil - 1 })(
    claim,
  )
  t.is(other.reply, 'taken')
  t.is(other.next, claim)
  t.deepEqual(
    plain(claimUserCode({ grantId: 'other', keepUntil: keepUntil + 5, now: keepUntil })(claim)),
    plain({
      next: { grantId: 'other', keepUntil: keepUntil + 5 },
      reply: 'claimed',
    }),
  )
})

test('a grant may claim its user code again', (t) => {
  t.deepEqual(
    plain(claimUserCode({ grantId: 'grant', keepUntil, now: NOW })(claim)),
    plain({
      next: claim,
      reply: 'claimed',
    }),
  )
})

test('CD-3: a person who opens a user code has it alone for two minutes', (t) => {
  const opened = openUserCode({ person: 'ann', now: NOW, policy: DEFAULT_POLICY })(claim)
  t.deepEqual(
    plain(opened),
    plain({
      next: { ...claim, openedBy: 'ann', openedUntil: NOW + 120_000 },
      reply: { outcome: 'opened', grantId: 'grant' },
    }),
  )
  const contested = openUserCode({ person: 'bob', now: NOW + 119_999, policy: DEFAULT_POLICY })(
    opened.next,
  )
  t.deepEqual(plain(contested.reply), plain({ outcome: 'contested', grantId: 'grant' }))
  t.is(contested.next, opened.next)
  const later = openUserCode({ person: 'bob', now: NOW + 120_000, policy: DEFAULT_POLICY })(
    opened.next,
  )
  t.is(later.reply.outcome, 'opened')
  t.like(later.next, { openedBy: 'bob', openedUntil: NOW + 240_000 })
})

test('opening a code again prolongs the two minutes', (t) => {
  const opened = openUserCode({ person: 'ann', now: NOW, policy: DEFAULT_POLICY })(claim).next
  const again = openUserCode({ person: 'ann', now: NOW + 60_000, policy: DEFAULT_POLICY })(opened)
  t.is(again.reply.outcome, 'opened')
  t.is(again.next?.openedUntil, NOW + 180_000)
  t.is(again.next?.keepUntil, keepUntil)
})

test('a user code opens nothing if it is unknown or past its keepUntil', (t) => {
  t.deepEqual(
    plain(openUserCode({ person: 'ann', now: NOW, policy: DEFAULT_POLICY })(undefined)),
    plain({
      next: undefined,
      reply: { outcome: 'no_such_code' },
    }),
  )
  const step = openUserCode({ person: 'ann', now: keepUntil, policy: DEFAULT_POLICY })(claim)
  t.deepEqual(plain(step.reply), plain({ outcome: 'no_such_code' }))
  t.is(step.next, claim)
})
