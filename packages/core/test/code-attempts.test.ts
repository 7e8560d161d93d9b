import { type CodeAttempts, DEFAULT_POLICY } from '@device-grant/core'
import test from 'ava'
import fc from 'fast-check'
import {
  allowedAttempts,
  attemptsIdOf,
  countAttempt,
  EVERYONE,
  refundAttempt,
  settleAttempt,
} from '#src/rules/code-attempts.js'

const NOW = Date.UTC(2030, 0, 1)
const WINDOW = 600_000
const HOUR = 3_600_000

const count = (
  current: CodeAttempts | undefined,
  {
    id,
    now = NOW,
    limit = 5,
    inProgress = false,
  }: { id: string; now?: number; limit?: number; inProgress?: boolean },
) => countAttempt({ id, inProgress, limit, now, windowMs: WINDOW })(current)
const settle = (
  current: CodeAttempts | undefined,
  { id, now = NOW }: { id: string; now?: number },
) => settleAttempt({ id, now, windowMs: WINDOW })(current)
const refund = (
  current: CodeAttempts | undefined,
  { id, now = NOW }: { id: string; now?: number },
) => refundAttempt({ id, now, windowMs: WINDOW })(current)
/** Attempts with the ids a, b, c … at some times after the start. */
const attemptsAt = (...times: number[]): CodeAttempts => ({
  attempts: times.map((ms, i) => ({ id: 'abcdefgh'.charAt(i), at: NOW + ms })),
  keepUntil: NOW + Math.max(...times) + WINDOW,
})

test('attempts are counted up to the limit, and then nothing is written', (t) => {
  let window: CodeAttempts | undefined
  for (let before = 0; before < 5; before++) {
    const step = count(window, { id: 'abcde'.charAt(before), now: NOW + before })
    t.deepEqual(step.reply, { outcome: 'counted', before, wrongBefore: before })
    window = step.next
  }
  t.deepEqual(window, attemptsAt(0, 1, 2, 3, 4))
  const full = count(window, { id: 'f', now: NOW + WINDOW - 1 })
  t.deepEqual(full.reply, { outcome: 'limit_reached' })
  t.is(full.next, window)
  t.deepEqual(count(window, { id: 'f', now: NOW + WINDOW }).reply, {
    outcome: 'counted',
    before: 4,
    wrongBefore: 4,
  })
})

test('no window has more attempts than the limit', (t) => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 60 })
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 6 }), (list, limit) => {
      let window: CodeAttempts | undefined
      let now = NOW
      const granted: number[] = []
      for (const [i, gap] of list.entries()) {
        now += gap
        const within = granted.filter((at) => now - at < WINDOW).length
        const { next, reply } = count(window, { id: String(i), now, limit })
        window = next
        t.is(reply.outcome === 'counted', within < limit)
        if (reply.outcome === 'counted') granted.push(now)
      }
    }),
  )
})

test('an attempt that is counted again counts once', (t) => {
  const once = count(undefined, { id: 'a', limit: 2 }).next
  const twice = count(once, { id: 'a', limit: 2, now: NOW + 5 })
  t.deepEqual(twice.reply, { outcome: 'counted', before: 0, wrongBefore: 0 })
  t.deepEqual(twice.next, attemptsAt(5))
  t.deepEqual(count(twice.next, { id: 'b', limit: 2 }).reply, {
    outcome: 'counted',
    before: 1,
    wrongBefore: 1,
  })
})

test('a refunded attempt can be made again', (t) => {
  const charged = count(undefined, { id: 'a', limit: 1 }).next
  t.is(count(charged, { id: 'b', limit: 1 }).reply.outcome, 'limit_reached')
  const back = refund(charged, { id: 'a', now: NOW + 5 })
  t.is(back.next, undefined, 'an empty window is removed')
  t.is(count(back.next, { id: 'b', limit: 1, now: NOW + 5 }).reply.outcome, 'counted')
})

test('a refund removes one of two attempts with the same time', (t) => {
  t.deepEqual(refund(attemptsAt(0, 0), { id: 'b' }).next, attemptsAt(0))
})

test('a refund that is repeated removes one attempt', (t) => {
  const once = refund(attemptsAt(0, 0, 1), { id: 'c' }).next
  t.deepEqual(once, attemptsAt(0, 0))
  const twice = refund(once, { id: 'c' })
  t.is(twice.next, once, 'nothing is written')
})

test('a refund of the newest attempt keeps the window as long as the attempt before it counts', (t) => {
  t.deepEqual(refund(attemptsAt(0, 9), { id: 'b', now: NOW + 9 }).next, attemptsAt(0))
})

test('a refund drops attempts that count no more', (t) => {
  const old = attemptsAt(0, WINDOW - 1, WINDOW)
  t.deepEqual(refund(old, { id: 'c', now: NOW + WINDOW }).next, {
    attempts: [{ id: 'b', at: NOW + WINDOW - 1 }],
    keepUntil: NOW + WINDOW - 1 + WINDOW,
  })
})

test('a window is kept as long as its newest attempt counts, even if a slow clock counted last', (t) => {
  const ahead = count(undefined, { id: 'a', now: NOW + 9 }).next
  const behind = count(ahead, { id: 'b', now: NOW }).next
  t.deepEqual(behind, attemptsAt(9, 0))
  t.deepEqual(refund(attemptsAt(9, 0, 5), { id: 'c', now: NOW + 9 }).next, behind)
})

test('an attempt that was not counted cannot be refunded', (t) => {
  const window = attemptsAt(0)
  t.is(refund(window, { id: 'b' }).next, window)
  t.is(refund(undefined, { id: 'a' }).next, undefined)
})

test('attempts of the future do not count, so a clock that was set back lengthens no limit', (t) => {
  const full = attemptsAt(0, 0, 0, 0, 0)
  t.deepEqual(count(full, { id: 'f' }).reply, { outcome: 'limit_reached' })
  const setBack = count(full, { id: 'f', now: NOW - HOUR })
  t.deepEqual(setBack.reply, { outcome: 'counted', before: 0, wrongBefore: 0 })
  t.deepEqual(setBack.next, {
    attempts: [{ id: 'f', at: NOW - HOUR }],
    keepUntil: NOW - HOUR + WINDOW,
  })
})

test('an attempt up to a second in the future counts, because servers’ clocks differ', (t) => {
  const full = attemptsAt(0)
  t.is(count(full, { id: 'f', limit: 1, now: NOW - 1_000 }).reply.outcome, 'limit_reached')
  t.is(count(full, { id: 'f', limit: 1, now: NOW - 1_001 }).reply.outcome, 'counted')
})

test('a person has the attempts of the policy, and one past the ceiling', (t) => {
  t.is(allowedAttempts({ ceilingReached: false, policy: DEFAULT_POLICY }), 5)
  t.is(allowedAttempts({ ceilingReached: true, policy: DEFAULT_POLICY }), 1)
})

test('the id of everyone is no person’s, and an id does not contain a name', (t) => {
  t.not(attemptsIdOf(EVERYONE), EVERYONE)
  t.false(attemptsIdOf('ann@example.com').includes('ann'))
  t.not(attemptsIdOf('ann'), attemptsIdOf('bob'))
})

test('attempts in progress reach the limit for as long as their codes are looked up', (t) => {
  const one = count(undefined, { id: 'a', limit: 2 }).next
  const two = count(one, { id: 'b', limit: 2, inProgress: true }).next
  const full = count(two, { id: 'c', limit: 2, now: NOW + 9_999 })
  t.deepEqual(full.reply, { outcome: 'in_progress' })
  t.is(full.next, two)
  const settled = settle(two, { id: 'b', now: NOW + 1 })
  t.is(settled.reply, 2)
  t.is(settle(settled.next, { id: 'b', now: NOW + 1 }).reply, 2, 'a repeated write counts once')
  t.is(count(settled.next, { id: 'c', limit: 2 }).reply.outcome, 'limit_reached')
  t.is(count(two, { id: 'c', limit: 2, now: NOW + 10_000 }).reply.outcome, 'limit_reached')
  t.like(count(two, { id: 'c', limit: 3 }).reply, { before: 2, wrongBefore: 1 })
})
