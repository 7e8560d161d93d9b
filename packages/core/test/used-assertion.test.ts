import { assertionIdOf, useAssertion } from '@device-grant/core'
import test from 'ava'

test('an assertion works once until it expires', (t) => {
  const use = useAssertion({ expiresAt: 2_000, now: 1_000 })
  const first = use(undefined)
  t.deepEqual(first, { next: { keepUntil: 2_000 }, reply: 'first_use' })
  t.deepEqual(use(first.next), { next: first.next, reply: 'used_before' })
  t.is(useAssertion({ expiresAt: 3_000, now: 1_999 })(first.next).reply, 'used_before')
  t.is(useAssertion({ expiresAt: 3_000, now: 2_000 })(first.next).reply, 'first_use')
})

test('an assertion of another client is another one', (t) => {
  t.not(assertionIdOf('a', 'b'), assertionIdOf('b', 'a'))
  t.not(assertionIdOf('a', '","b'), assertionIdOf('a","', 'b'))
  t.is(assertionIdOf('a', 'b'), assertionIdOf('a', 'b'))
})
