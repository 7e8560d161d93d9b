import { formatApiKey, isApiKey } from '@device-grant/core'
import test from 'ava'
import fc from 'fast-check'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 })

test('SEC-11: a key is prefix, 43 characters of the secret and 6 of the checksum', (t) => {
  const key = formatApiKey('dg_', new Uint8Array(32))
  t.is(key.slice(0, -6), `dg_${'0'.repeat(43)}`)
  // CRC-32 of the 46 characters in base62, calculated with zlib.
  t.is(key.slice(-6), '0iVsR8')
})

test('BT-1: a key has the characters of a bearer token and is 52 characters long', (t) => {
  fc.assert(
    fc.property(secret, (bytes) => {
      const key = formatApiKey('dg_', bytes)
      t.regex(key, /^[A-Za-z0-9\-._~+/]+=*$/)
      t.is(key.length, 52)
      t.true(isApiKey(key))
    }),
  )
})

test('the largest secret fits, and different secrets make different keys', (t) => {
  const keys = [new Uint8Array(32).fill(255), new Uint8Array(32).fill(254), new Uint8Array(32)]
  t.is(new Set(keys.map((bytes) => formatApiKey('dg_', bytes))).size, 3)
  t.is(formatApiKey('dg_', new Uint8Array(32).fill(255)).length, 52)
})

test('every single mistyped character is detected', (t) => {
  const key = formatApiKey(
    'dg_',
    Uint8Array.from({ length: 32 }, (_, i) => i * 7),
  )
  let mistyped = 0
  for (let place = 0; place < key.length; place++) {
    for (const sign of `${BASE62}_-`) {
      if (sign === key[place]) continue
      const typed = key.slice(0, place) + sign + key.slice(place + 1)
      if (isApiKey(typed)) t.fail(typed)
      mistyped += 1
    }
  }
  t.is(mistyped, 52 * 63)
})

test('two swapped neighbours are detected', (t) => {
  fc.assert(
    fc.property(secret, (bytes) => {
      const key = formatApiKey('dg_', bytes)
      for (let place = 0; place + 1 < key.length; place++) {
        const [a = '', b = ''] = [key[place], key[place + 1]]
        if (a === b) continue
        t.false(isApiKey(key.slice(0, place) + b + a + key.slice(place + 2)))
      }
    }),
    { numRuns: 30 },
  )
})

test('a text of another length or alphabet is not a key, but another prefix is allowed', (t) => {
  const key = formatApiKey('dg_', new Uint8Array(32).fill(9))
  const wrong = ['', 'dg_', key.slice(0, -1), `${key}0`, ` ${key}`, `${key}\n`, key.toUpperCase()]
  for (const text of [...wrong, key.replace('dg_', 'xy_'), `dg_${'é'.repeat(49)}`]) {
    t.false(isApiKey(text), text)
  }
  t.true(isApiKey(formatApiKey('xy_', new Uint8Array(32))))
})
