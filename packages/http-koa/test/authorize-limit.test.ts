import { networkOf } from '@device-grant/core'
import test from 'ava'
import { AuthorizeLimit } from '#src/device/authorize-limit.js'

const T0 = 1_800_000_000_000

test('an address gets so many new codes per minute, and the rest are refused with a wait', (t) => {
  const limit = new AuthorizeLimit(3)
  for (let i = 0; i < 3; i += 1)
    t.is(limit.admitRequest({ address: '192.0.2.1' }, T0 + i).outcome, 'admitted')
  t.deepEqual(limit.admitRequest({ address: '192.0.2.1' }, T0 + 1_000), {
    outcome: 'address_limit',
    retryAfterSeconds: 59,
  })
  t.is(
    limit.admitRequest({ address: '192.0.2.2' }, T0 + 1_000).outcome,
    'admitted',
    'others are untouched',
  )
  t.deepEqual(limit.admitRequest({ address: '192.0.2.1' }, T0 + 59_999), {
    outcome: 'address_limit',
    retryAfterSeconds: 1,
  })
  t.is(limit.admitRequest({ address: '192.0.2.1' }, T0 + 60_000).outcome, 'admitted')
})

test('a refused request does not lengthen the wait', (t) => {
  const limit = new AuthorizeLimit(1)
  limit.admitRequest({ address: '192.0.2.1' }, T0)
  for (let s = 1; s < 60; s += 1)
    t.is(limit.admitRequest({ address: '192.0.2.1' }, T0 + s * 1_000).outcome, 'address_limit')
  t.is(limit.admitRequest({ address: '192.0.2.1' }, T0 + 60_000).outcome, 'admitted')
})

test('addresses whose minute has ended make room for new ones', (t) => {
  const limit = new AuthorizeLimit(1_000)
  const address = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`
  for (let i = 0; i < 10_000; i += 1) limit.admitRequest({ address: address(i) }, T0)
  t.is(limit.admitRequest({ address: '192.0.2.1' }, T0 + 59_500).outcome, 'total_limit')
  t.is(
    limit.admitRequest({ address: '192.0.2.1' }, T0 + 60_100).outcome,
    'total_limit',
    'looked at a moment ago',
  )
  t.is(limit.admitRequest({ address: '192.0.2.1' }, T0 + 60_500).outcome, 'admitted')
})

test('0 means no limit', (t) => {
  const limit = new AuthorizeLimit(0)
  for (let i = 0; i < 200; i += 1) t.is(limit.admitCode(T0).outcome, 'admitted')
  for (let i = 0; i < 20_000; i += 1) {
    if (limit.admitRequest({ address: '192.0.2.1' }, T0).outcome !== 'admitted')
      t.fail(`refused at ${i}`)
  }
  t.pass()
})

test('an IPv6 address counts as its /64, and a missing one as itself', (t) => {
  const limit = new AuthorizeLimit(1)
  t.is(limit.admitRequest({ address: '2001:db8:0:1::1' }, T0).outcome, 'admitted')
  t.is(
    limit.admitRequest({ address: '2001:db8:0:1:ffff:ffff:ffff:ffff' }, T0).outcome,
    'address_limit',
  )
  t.is(limit.admitRequest({ address: '2001:DB8::1:0:0:0:2' }, T0).outcome, 'address_limit')
  t.is(limit.admitRequest({ address: '2001:db8:0:2::1' }, T0).outcome, 'admitted')
  t.is(limit.admitRequest({ address: undefined }, T0).outcome, 'admitted')
  t.is(limit.admitRequest({ address: undefined }, T0).outcome, 'address_limit')
})

for (const [address, network] of [
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8:0:0'],
  ['2001:0db8:0000:0000:1::', '2001:db8:0:0'],
  ['::1', '0:0:0:0'],
  ['::', '0:0:0:0'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4'],
  ['1:2:3:4:5:6:7::', '1:2:3:4'],
  ['::4:5:6:7:8', '0:0:0:4'],
  ['1::8', '1:0:0:0'],
  ['fe80::ABCD', 'fe80:0:0:0'],
] as const) {
  test(`the network of ${address} is ${network}`, (t) => t.is(networkOf(address), network))
}

test('the larger network of an IPv6 address is its /48', (t) => {
  t.is(networkOf('2001:db8:7:8::1', 48), '2001:db8:7')
  t.is(networkOf('2001:db8::1', 48), '2001:db8:0')
  t.is(networkOf('192.0.2.1', 48), '192.0.2.1')
})

test('a network of IPv6 addresses has five times the limit of one', (t) => {
  const limit = new AuthorizeLimit(2)
  const outcome = (address: string, now = T0): string =>
    limit.admitRequest({ address }, now).outcome
  for (let i = 0; i < 10; i += 1) t.is(outcome(`2001:db8:7:${i}::1`), 'admitted')
  t.is(outcome('2001:db8:7:ffff::1'), 'address_limit')
  t.is(outcome('2001:db8:7:1::2'), 'address_limit')
  t.is(outcome('2001:db8:8:1::1'), 'admitted', 'other networks are untouched')
  t.is(outcome('192.0.2.1'), 'admitted')
  t.is(outcome('2001:db8:7:ffff::1', T0 + 60_000), 'admitted')
})

test('requests of web pages count apart, by the address of the visitor', (t) => {
  const limit = new AuthorizeLimit(2)
  const outcome = (address: string, webOrigin?: string): string =>
    limit.admitRequest({ address, webOrigin }, T0).outcome
  for (const address of ['192.0.2.1', '2001:db8::1']) {
    t.is(outcome(address, 'https://a.test'), 'admitted')
    t.is(outcome(address, 'null'), 'admitted')
    t.is(outcome(address, 'https://b.test'), 'address_limit', 'all pages together')
    t.is(outcome(address), 'admitted')
    t.is(outcome(address), 'admitted')
    t.is(outcome(address), 'address_limit')
  }
  t.is(outcome('192.0.2.2', 'https://a.test'), 'admitted', 'other visitors are untouched')
})

test('all codes together have 100 times the limit of one address', (t) => {
  const limit = new AuthorizeLimit(2)
  for (let i = 0; i < 200; i += 1) t.is(limit.admitCode(T0).outcome, 'admitted')
  t.deepEqual(limit.admitCode(T0 + 500), { outcome: 'total_limit', retryAfterSeconds: 60 })
  t.is(limit.admitCode(T0 + 60_000).outcome, 'admitted')
})

test('a code that was not issued makes room for another one, in the same minute only', (t) => {
  const limit = new AuthorizeLimit(1)
  const fill = (now: number): void => {
    for (let i = 0; i < 100; i += 1) t.is(limit.admitCode(now).outcome, 'admitted')
  }
  const isFull = (now: number): boolean => limit.admitCode(now).outcome === 'total_limit'
  fill(T0)
  limit.takeBackCode(T0)
  t.is(limit.admitCode(T0 + 1).outcome, 'admitted')
  t.true(isFull(T0 + 1))
  fill(T0 + 60_000)
  limit.takeBackCode(T0 + 59_999)
  t.true(isFull(T0 + 60_000), 'the minute of that code has ended')
  fill(T0 - 3_600_000)
  limit.takeBackCode(T0 + 60_000)
  t.true(isFull(T0 - 3_600_000), 'the clock was set back meanwhile')
})

test('taking back more codes than were admitted raises no limit', (t) => {
  const limit = new AuthorizeLimit(1)
  for (let i = 0; i < 5; i += 1) limit.takeBackCode(0)
  for (let i = 0; i < 100; i += 1) t.is(limit.admitCode(0).outcome, 'admitted')
  t.is(limit.admitCode(0).outcome, 'total_limit')
})

test('requests that get no code do not count towards the codes of everyone', (t) => {
  const limit = new AuthorizeLimit(1)
  for (let i = 0; i < 5_000; i += 1) {
    limit.admitRequest({ address: `2001:db8:${i.toString(16)}::1` }, T0)
  }
  t.is(limit.admitCode(T0).outcome, 'admitted')
})

test('a flood from many addresses uses bounded memory, and ends a minute later', (t) => {
  const limit = new AuthorizeLimit(1_000_000)
  const outcomes = new Map<string, number>()
  for (let i = 0; i < 12_000; i += 1) {
    const { outcome } = limit.admitRequest(
      { address: `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}` },
      T0,
    )
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  }
  t.deepEqual(
    [...outcomes],
    [
      ['admitted', 10_000],
      ['total_limit', 2_000],
    ],
  )
  t.is(
    limit.admitRequest({ address: '10.0.0.1' }, T0 + 1).outcome,
    'admitted',
    'who is known already goes on',
  )
  t.is(limit.admitRequest({ address: '192.0.2.1' }, T0 + 60_000).outcome, 'admitted')
})

test('a clock that was set back locks no address out', (t) => {
  const limit = new AuthorizeLimit(1)
  limit.admitRequest({ address: '192.0.2.1' }, T0)
  t.is(limit.admitRequest({ address: '192.0.2.1' }, T0 - 3_600_000).outcome, 'admitted')
})

test('an exempt address has no limit of its own, and the total still holds', (t) => {
  const limit = new AuthorizeLimit(1, { has: (address) => address === '192.0.2.1' })
  for (let i = 0; i < 50; i++) {
    t.is(limit.admitRequest({ address: '192.0.2.1' }, 0).outcome, 'admitted')
  }
  limit.admitRequest({ address: '192.0.2.2' }, 0)
  t.is(limit.admitRequest({ address: '192.0.2.2' }, 0).outcome, 'address_limit')
  for (let i = 0; i < 100; i++) limit.admitCode(0)
  t.is(limit.admitCode(0).outcome, 'total_limit')
})
