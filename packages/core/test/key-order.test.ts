import {
  comparePlaces,
  formatCursor,
  type KeyPlace,
  parseCursor,
  placeOf,
} from '@device-grant/core'
import test from 'ava'
import fc from 'fast-check'

const NOW = Date.UTC(2030, 0, 1)
const place = fc.record({
  approvedAt: fc.integer({ min: 0, max: 8_640_000_000_000_000 }),
  id: fc.stringMatching(/^[0-9A-Za-z_-]{1,64}$/),
})
const fewPlaces = fc.array(
  fc.record({ approvedAt: fc.nat(2), id: fc.constantFrom('a', 'b', 'B', '-', '_', '0') }),
)

test('the newest approval comes first, and keys of the same time are ordered by id', (t) => {
  const places = [
    { approvedAt: 1, id: 'b' },
    { approvedAt: 2, id: 'a' },
    { approvedAt: 1, id: 'B' },
    { approvedAt: 2, id: 'c' },
    { approvedAt: 10, id: '0' },
  ]
  const order = places.toSorted(comparePlaces).map(({ approvedAt, id }) => `${approvedAt}${id}`)
  t.deepEqual(order, ['100', '2c', '2a', '1b', '1B'])
})

test('places have one order, and only the same place is equal', (t) => {
  const sign = (a: KeyPlace, b: KeyPlace): number => Math.sign(comparePlaces(a, b))
  fc.assert(
    fc.property(fewPlaces, (places) => {
      for (const a of places) {
        for (const b of places) {
          t.is(sign(a, b) + sign(b, a), 0)
          t.is(sign(a, b) === 0, a.approvedAt === b.approvedAt && a.id === b.id)
          for (const c of places) if (sign(a, b) < 0 && sign(b, c) < 0) t.is(sign(a, c), -1)
        }
      }
    }),
  )
})

test('a cursor is read back as the place that it was written from', (t) => {
  fc.assert(fc.property(place, (each) => void t.deepEqual(parseCursor(formatCursor(each)), each)))
})

test('a text that is no cursor is no place', (t) => {
  for (const cursor of [
    ...['', '~', 'a', '1', '1~', '~a', '-1~a', '1.~a', '1~ a', ' 1~a', '1~a\n', '1~{}', '1~é'],
    ...['1e3~a', '0x1~a', 'NaN~a', `${'1'.repeat(17)}~a`, `1~${'a'.repeat(65)}`],
  ]) {
    t.is(parseCursor(cursor), undefined, cursor)
  }
  t.deepEqual(parseCursor(`1~${'a'.repeat(64)}`), { approvedAt: 1, id: 'a'.repeat(64) })
})

test('the place of a key is its approval, and an erased key comes last', (t) => {
  const owned = { name: 'a key', owner: 'ann', request: { device: {} }, keepUntil: NOW }
  const key = { ...owned, status: 'reserved', approvedAt: 5, expiresAt: NOW } as const
  t.deepEqual(placeOf({ id: 'a', key }), { id: 'a', approvedAt: 5 })
  const erased = { status: 'erased', keepUntil: NOW } as const
  t.deepEqual(placeOf({ id: 'b', key: erased }), { id: 'b', approvedAt: 0 })
})
