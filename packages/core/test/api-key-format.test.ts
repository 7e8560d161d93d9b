import { createHash } from 'node:crypto'
import { formatApiKey, keyIdOf, parseApiKey } from '@device-grant/core'
import test from 'ava'
import fc from 'fast-check'

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const secret = fc.uint8Array({ minLength: 32, maxLength: 32 })
const keyId = fc.string().map(keyIdOf)
const prefix = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,31}$/)
const ID = keyIdOf('grant')
const aKey = (bytes: Uint8Array = new Uint8Array(32).fill(9)): string =>
  formatApiKey({ prefix: 'dg_', keyId: ID, secret: bytes })

test('SEC-11: a key is prefix, 22 characters of its id, 43 of the secret and 6 of the checksum', (t) => {
  // The checksums were computed with zlib's crc32.
  for (const [parts, key] of [
    [
      { prefix: 'dg_', keyId: '0'.repeat(22), secret: new Uint8Array(32) },
      `dg_${'0'.repeat(22)}_${'0'.repeat(43)}4GtOVm`,
    ],
    [
      { prefix: 'dg_', keyId: ID, secret: Uint8Array.from({ length: 32 }, (_, i) => i) },
      'dg_1bCdEDuQcqvL6dpFVK1kFe_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf3Fy9MR',
    ],
    [
      { prefix: 'acme_live.', keyId: ID, secret: new Uint8Array(32).fill(255) },
      'acme_live.1bCdEDuQcqvL6dpFVK1kFe_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp12YqazO',
    ],
  ] as const) {
    t.is(formatApiKey(parts), key)
    t.is(parseApiKey(key), parts.keyId)
  }
})

test('the id of a key is the first 128 bits of SHA-256 over the id of its grant, in base62', (t) => {
  t.is(ID, '1bCdEDuQcqvL6dpFVK1kFe')
  fc.assert(
    fc.property(fc.string(), (grantId) => {
      const id = keyIdOf(grantId)
      t.regex(id, /^[0-9A-Za-z]{22}$/)
      const value = [...id].reduce((sum, sign) => sum * 62n + BigInt(BASE62.indexOf(sign)), 0n)
      const hash = createHash('sha256').update(grantId).digest('hex')
      t.is(value.toString(16).padStart(32, '0'), hash.slice(0, 32))
    }),
  )
})

test('BT-1: a key has the characters of a bearer token, and 75 to 104 of them', (t) => {
  fc.assert(
    fc.property(prefix, keyId, secret, (start, id, bytes) => {
      const key = formatApiKey({ prefix: start, keyId: id, secret: bytes })
      t.regex(key, /^[A-Za-z0-9\-._~+/]+=*$/)
      t.is(key.length, start.length + 72)
      t.is(parseApiKey(key), id)
    }),
  )
  t.is(aKey().length, 75)
  const longest = formatApiKey({ prefix: 'x'.repeat(32), keyId: ID, secret: new Uint8Array(32) })
  t.is(longest.length, 104)
  t.is(parseApiKey(longest), ID)
})

test('one regular expression finds keys in any text', (t) => {
  const scanner = /dg_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}/g
  fc.assert(
    fc.property(keyId, secret, (id, bytes) => {
      const key = formatApiKey({ prefix: 'dg_', keyId: id, secret: bytes })
      t.deepEqual(`export TOKEN="${key}" # mine`.match(scanner), [key])
    }),
  )
})

test('the id is read from the end, whatever the prefix looks like', (t) => {
  for (const start of ['d', 'dg_', '0', `${ID}_`, `x${ID}`, '_', 'a-b.c~9_']) {
    const key = formatApiKey({ prefix: start, keyId: ID, secret: new Uint8Array(32) })
    t.is(parseApiKey(key), ID, start)
  }
})

test('the largest secret fits, and different secrets and ids make different keys', (t) => {
  const secrets = [new Uint8Array(32).fill(255), new Uint8Array(32).fill(254), new Uint8Array(32)]
  const keys = secrets.flatMap((bytes) => [
    formatApiKey({ prefix: 'dg_', keyId: ID, secret: bytes }),
    formatApiKey({ prefix: 'dg_', keyId: keyIdOf('other'), secret: bytes }),
  ])
  t.is(new Set(keys).size, 6)
  for (const key of keys) t.is(key.length, 75)
})

test('every single mistyped character is detected', (t) => {
  const key = aKey(Uint8Array.from({ length: 32 }, (_, i) => i * 7))
  let mistyped = 0
  for (let place = 0; place < key.length; place++) {
    for (const sign of `${BASE62}_-`) {
      if (sign === key[place]) continue
      const typed = key.slice(0, place) + sign + key.slice(place + 1)
      if (parseApiKey(typed) !== undefined) t.fail(typed)
      mistyped += 1
    }
  }
  t.is(mistyped, 75 * 63)
})

test('two swapped neighbours are detected', (t) => {
  fc.assert(
    fc.property(secret, (bytes) => {
      const key = aKey(bytes)
      for (let place = 0; place + 1 < key.length; place++) {
        const [a = '', b = ''] = [key[place], key[place + 1]]
        if (a === b) continue
        t.is(parseApiKey(key.slice(0, place) + b + a + key.slice(place + 2)), undefined)
      }
    }),
    { numRuns: 30 },
  )
})

test('a text of another length or alphabet is not a key, but another prefix is allowed', (t) => {
  const key = aKey()
  for (const text of [
    '',
    'dg_',
    key.slice(0, -1),
    key.slice(1),
    key.slice(3),
    `${key}0`,
    ` ${key}`,
    `${key}\n`,
    key.toUpperCase(),
    key.replace('dg_', 'xy_'),
    key.replaceAll('_', '-'),
    `dg_${'é'.repeat(72)}`,
    `${'x'.repeat(30)}${key}`,
  ]) {
    t.is(parseApiKey(text), undefined, text)
  }
  t.is(parseApiKey(formatApiKey({ prefix: 'xy_', keyId: ID, secret: new Uint8Array(32) })), ID)
})

test('a prefix longer than 32 characters is not a key, although its checksum holds', (t) => {
  const tooLong = formatApiKey({ prefix: 'x'.repeat(33), keyId: ID, secret: new Uint8Array(32) })
  t.is(parseApiKey(tooLong), undefined)
})
