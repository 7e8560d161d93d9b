import { createPolicy, DEFAULT_POLICY, showUserCode, type UserCodeClaim } from '@device-grant/core'
import test from 'ava'
import { claimUserCode, newUserCode, openUserCode, releaseUserCode } from '#src/rules/user-code.js'
import { plain } from './plain.ts'

const NOW = Date.UTC(2030, 0, 1)
const digits = createPolicy({ userCodeCharset: '0123456789', userCodeMask: '***-***-***' })

test('a code is shown with its mask', (t) => {
  t.is(showUserCode('WDJBMJHT', DEFAULT_POLICY), 'WDJB-MJHT')
  t.is(showUserCode('123456789', digits), '123-456-789')
})

test('random codes have the characters and the length of the policy', (t) => {
  for (const [policy, form] of [
    [DEFAULT_POLICY, /^[BCDFGHJKLMNPQRSTVWXZ]{8}$/],
    [digits, /^\d{9}$/],
  ] as const) {
    for (let i = 0; i < 200; i++) t.regex(newUserCode(policy), form)
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

const open = (person: string, now: number, current: UserCodeClaim | undefined) =>
  openUserCode({ person, now, policy: DEFAULT_POLICY })(current)

test('CD-3: a person who opens a user code has it alone for two minutes', (t) => {
  const opened = open('ann', NOW, claim)
  t.deepEqual(
    plain(opened),
    plain({
      next: { ...claim, openedBy: 'ann', openedUntil: NOW + 120_000 },
      reply: { outcome: 'opened', grantId: 'grant', openedAt: NOW },
    }),
  )
  const contested = open('bob', NOW + 119_999, opened.next)
  t.deepEqual(contested.reply, { outcome: 'contested', grantId: 'grant', retryAfterMs: 1 })
  t.is(contested.next, opened.next)
  const later = open('bob', NOW + 120_000, opened.next)
  t.like(later.reply, { outcome: 'opened', openedAt: NOW + 120_000 })
  t.like(later.next, { openedBy: 'bob', openedUntil: NOW + 240_000 })
})

test('a hold ends two minutes after the first look, however often the person looks again', (t) => {
  const opened = open('ann', NOW, claim).next
  for (const at of [0, 60_000, 119_999, 120_000, 500_000]) {
    const again = open('ann', NOW + at, opened)
    t.deepEqual(again.reply, { outcome: 'opened', grantId: 'grant', openedAt: NOW })
    t.is(again.next, opened, 'nothing is written')
  }
  t.like(open('bob', NOW + 60_000, opened).reply, { outcome: 'contested', retryAfterMs: 60_000 })
  t.like(open('bob', NOW + 120_000, opened).reply, { outcome: 'opened' })
})

test('a hold is never longer than two minutes, even if a clock was set back', (t) => {
  const opened = open('ann', NOW, claim).next
  t.like(open('bob', NOW - 3_600_000, opened).reply, {
    outcome: 'contested',
    retryAfterMs: 120_000,
  })
})

test('a policy without holds lets another person open a code at once', (t) => {
  const policy = createPolicy({ openedForMs: 0 })
  const opened = openUserCode({ person: 'ann', now: NOW, policy })(claim).next
  const other = openUserCode({ person: 'bob', now: NOW, policy })(opened)
  t.like(other.reply, { outcome: 'opened', openedAt: NOW })
})

test('a person who lets a code go lets another one open it at once', (t) => {
  const opened = open('ann', NOW, claim).next
  const released = releaseUserCode('ann')(opened)
  t.deepEqual(plain(released.next), plain(claim))
  t.like(open('bob', NOW, released.next).reply, { outcome: 'opened', openedAt: NOW })
})

test('only the person who has a code open can let it go', (t) => {
  const opened = open('ann', NOW, claim).next
  for (const current of [opened, claim, undefined]) {
    t.is(releaseUserCode('bob')(current).next, current)
  }
})

test('a user code opens nothing if it is unknown or past its keepUntil', (t) => {
  t.deepEqual(
    plain(open('ann', NOW, undefined)),
    plain({
      next: undefined,
      reply: { outcome: 'no_such_code' },
    }),
  )
  const step = open('ann', keepUntil, claim)
  t.deepEqual(plain(step.reply), plain({ outcome: 'no_such_code' }))
  t.is(step.next, claim)
})
