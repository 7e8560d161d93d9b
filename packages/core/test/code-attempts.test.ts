import { DEFAULT_POLICY, type Window } from '@device-grant/core'
import test from 'ava'
import fc from 'fast-check'
import {
  allowanceOf,
  chargeTry,
  EVERYBODY,
  giveTryBack,
  windowIdOf,
} from '#src/rules/code-attempts.js'

const NOW = Date.UTC(2030, 0, 1)
const WINDOW = 600_000

test('tries are charged up to the limit, and then nothing is written', (t) => {
  let window: Window | undefined
  for (let before = 0; before < 5; before++) {
    const step = chargeTry(5, NOW + before, WINDOW)(window)
    t.deepEqual(step.reply, { outcome: 'charged', before })
    window = step.next
  }
  t.deepEqual(window, {
    charges: [NOW, NOW + 1, NOW + 2, NOW + 3, NOW + 4],
    keepUntil: NOW + 4 + WINDOW,
  })
  const full = chargeTry(5, NOW + WINDOW - 1, WINDOW)(window)
  t.deepEqual(full.reply, { outcome: 'full' })
  t.is(full.next, window)
  t.deepEqual(chargeTry(5, NOW + WINDOW, WINDOW)(window).reply, { outcome: 'charged', before: 4 })
})

test('within any stretch of one window there are never more tries than the limit', (t) => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400_000 }), { maxLength: 60 })
  fc.assert(
    fc.property(gaps, fc.integer({ min: 1, max: 6 }), (list, limit) => {
      let window: Window | undefined
      let now = NOW
      const granted: number[] = []
      for (const gap of list) {
        now += gap
        const within = granted.filter((at) => now - at < WINDOW).length
        const { next, reply } = chargeTry(limit, now, WINDOW)(window)
        window = next
        t.is(reply.outcome === 'charged', within < limit)
        if (reply.outcome === 'charged') granted.push(now)
      }
    }),
  )
})

test('a try that is given back can be made again', (t) => {
  const charged = chargeTry(1, NOW, WINDOW)(undefined).next
  t.is(chargeTry(1, NOW, WINDOW)(charged).reply.outcome, 'full')
  const back = giveTryBack(NOW, NOW + 5, WINDOW)(charged)
  t.is(back.next, undefined, 'an empty window is removed')
  t.is(chargeTry(1, NOW + 5, WINDOW)(back.next).reply.outcome, 'charged')
})

test('of two tries at one moment only one is given back', (t) => {
  const twice = { charges: [NOW, NOW], keepUntil: NOW + WINDOW }
  t.deepEqual(giveTryBack(NOW, NOW, WINDOW)(twice).next, {
    charges: [NOW],
    keepUntil: NOW + WINDOW,
  })
})

test('giving the newest try back keeps the window as long as the one before it counts', (t) => {
  const two = { charges: [NOW, NOW + 9], keepUntil: NOW + 9 + WINDOW }
  t.deepEqual(giveTryBack(NOW + 9, NOW + 9, WINDOW)(two).next, {
    charges: [NOW],
    keepUntil: NOW + WINDOW,
  })
})

test('a try that was not charged cannot be given back', (t) => {
  const window = { charges: [NOW], keepUntil: NOW + WINDOW }
  t.is(giveTryBack(NOW + 1, NOW + 1, WINDOW)(window).next, window)
  t.is(giveTryBack(NOW, NOW, WINDOW)(undefined).next, undefined)
})

test('past the ceiling a person has one try, and else those of the policy', (t) => {
  t.is(allowanceOf(false, DEFAULT_POLICY), 5)
  t.is(allowanceOf(true, DEFAULT_POLICY), 1)
})

test("no person's window is everybody's, and a window does not carry a name", (t) => {
  t.not(windowIdOf(EVERYBODY), EVERYBODY)
  t.false(windowIdOf('ann@example.com').includes('ann'))
  t.not(windowIdOf('ann'), windowIdOf('bob'))
})
