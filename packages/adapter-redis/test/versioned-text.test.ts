import test from 'ava'
import fc from 'fast-check'
import { formatVersioned, parseVersioned } from '#src/versioned-text.js'

test('a state comes back as it was, whatever its members are called', (t) => {
  const name = fc.oneof(
    fc.constantFrom('keepUntil', 'a', 'b', 'z', '~', '~a', '~~a', 'keepUntil ', '0', 'status', ''),
    fc.string().filter((text) => text !== '__proto__'),
  )
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value')),
      fc.dictionary(name, tie('value'), { noNullPrototype: true }),
    ),
  }))
  const state = fc.dictionary(name, value, { noNullPrototype: true })
  const version = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/)
  fc.assert(
    fc.property(version, state, (version, state) => {
      t.deepEqual(parseVersioned(formatVersioned({ version, state })), { version, state })
    }),
  )
})

test('the names of members are shortened, and their values are not changed', (t) => {
  const state = { keepUntil: 1, status: 'status', person: '"keepUntil":' }
  t.is(
    formatVersioned({ version: 'r', state }),
    String.raw`r{"a":1,"b":"status","o":"\"keepUntil\":"}`,
  )
})

test('a text that is not a versioned state is refused', (t) => {
  for (const text of ['', 'version', 'version{', 'version{"a":', '{"a":1}']) {
    t.is(parseVersioned(text), undefined)
  }
})
