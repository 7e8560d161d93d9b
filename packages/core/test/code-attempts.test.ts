import { type CodeAttempts, DEFAULT_POLICY } from '@device-grant/core'
import test from 'ava'
import fc from 'fast-check'
import {
  allowedAttempts,
  attemptsIdOf,
  countAttempt,
  EVERYONE,
  refundAttempt,
} from '#src/rules/code-attempts.js'

const NOW = Date.UTC(2030, 0, 1)
const WINDOW = 600_000

test('attempts are counted up to the limit, and then nothing is written', (t) => {
  let window: CodeAttempts | undefined
  for (let before = 0; before < 5; before++) {
    const step = countAttempt({ limit: 5, now: NOW + before, windowMs: WINDOW })(window)
    t.deepEqual(step.reply, { outcome: 'counted', before })
    window = step.next
  }
  t.deepEqual(window, {
    attempts: [NOW, NOW + 1, NOW + 2, NOW + 3, NOW + 4],
    keepUntil: NOW + 4 + WINDOW,
  })
  const full = countAttempt({ limit: 5, now: NOW + WINDOW - 1, windowMs: WINDOW })(window)
  t.deepEqual(full.reply, { outcome: 'limit_reached' })
  t.is(full.next, window)
  t.deepEqual(countAttempt({ limit: 5, now: NOW + WINDOW, windowMs: WINDOW })(window).reply, {
    outcome: 'counted',
    before: 4,
  })
})

test('no window has more attempts than the limit', (t) => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 60 })
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 6 }), (list, limit) => {
      let window: CodeAttempts | undefined
      let now = NOW
      const granted: number[] = []
      for (const gap of list) {
        now += gap
        const within = granted.filter((at) => now - at < WINDOW).length
        const { next, reply } = countAttempt({ limit, now, windowMs: WINDOW })(window)
        window = next
        t.is(reply.outcome === 'counted', within < limit)
        if (reply.outcome === 'counted') granted.push(now)
      }
    }),
  )
})

test('a refunded attempt can be made again', (t) => {
  const charged = countAttempt({ limit: 1, now: NOW, windowMs: WINDOW })(undefined).next
  t.is(
    countAttempt({ limit: 1, now: NOW, windowMs: WINDOW })(charged).reply.outcome,
    'limit_reached',
  )
  const back = refundAttempt({ at: NOW, now: NOW + 5, windowMs: WINDOW })(charged)
  t.is(back.next, undefined, 'an empty window is removed')
  t.is(
    countAttempt({ limit: 1, now: NOW + 5, windowMs: WINDOW })(back.next).reply.outcome,
    'counted',
  )
})

test('a refund removes one of two attempts with the same time', (t) => {
  const twice = { attempts: [NOW, NOW], keepUntil: NOW + WINDOW }
  t.deepEqual(refundAttempt({ at: NOW, now: NOW, windowMs: WINDOW })(twice).next, {
    attempts: [NOW],
    keepUntil: NOW + WINDOW,
  })
})

test('a refund of the newest attempt keeps the window as long as the attempt before it counts', (t) => {
  const two = { attempts: [NOW, NOW + 9], keepUntil: NOW + 9 + WINDOW }
  t.deepEqual(refundAttempt({ at: NOW + 9, now: NOW + 9, windowMs: WINDOW })(two).next, {
    attempts: [NOW],
    keepUntil: NOW + WINDOW,
  })
})

test('a window is kept as long as its newest attempt counts, even if a slow clock counted last', (t) => {
  const ahead = countAttempt({ limit: 5, now: NOW + 9, windowMs: WINDOW })(undefined).next
  const behind = countAttempt({ limit: 5, now: NOW, windowMs: WINDOW })(ahead).next
  t.deepEqual(behind, { attempts: [NOW + 9, NOW], keepUntil: NOW + 9 + WINDOW })
  const third = { attempts: [NOW + 9, NOW, NOW + 5], keepUntil: NOW + 9 + WINDOW }
  t.deepEqual(refundAttempt({ at: NOW + 5, now: NOW + 9, windowMs: WINDOW })(third).next, behind)
})

test('an attempt that was not counted cannot be refunded', (t) => {
  const window = { attempts: [NOW], keepUntil: NOW + WINDOW }
  t.is(refundAttempt({ at: NOW + 1, now: NOW + 1, windowMs: WINDOW })(window).next, window)
  t.is(refundAttempt({ at: NOW, now: NOW, windowMs: WINDOW })(undefined).next, undefined)
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
