import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import test from 'ava'
import {
  addressSet,
  clientAddress,
  plainAddress,
  unlistedProxyOf,
} from '#src/security/client-address.js'
import { reportUnlistedProxies } from '#src/security/report-unlisted-proxies.js'

const request = (peer: string | undefined, forwarded?: string): IncomingMessage => {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: peer })
  const message = new IncomingMessage(socket)
  if (forwarded !== undefined) message.headers['x-forwarded-for'] = forwarded
  return message
}

test('a set has its addresses and ranges, and no others', (t) => {
  const set = addressSet(['10.0.0.0/8', '192.0.2.7', '::1', '2001:db8::/32', 'fd00::1/128'])
  for (const inside of [
    '10.0.0.0',
    '10.255.255.255',
    '192.0.2.7',
    '::1',
    '2001:db8:1::2',
    'fd00::1',
  ])
    t.true(set.has(inside), inside)
  for (const outside of ['11.0.0.0', '9.255.255.255', '192.0.2.8', '::2', '2001:db9::', 'fd00::2'])
    t.false(set.has(outside), outside)
  for (const none of ['', 'localhost', '10.0.0', '10.0.0.1:80', '10.0.0.1 ']) t.false(set.has(none))
  t.true(addressSet(['0.0.0.0/0']).has('203.0.113.9'))
  t.false(addressSet([]).has('127.0.0.1'))
})

test('an entry that is neither an address nor a range is named in the error', (t) => {
  const bad = [
    '10.0.0.0/33',
    '::/129',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0/8',
    'proxy',
    '',
    '/8',
    '10.0.0.0/1e1',
  ]
  for (const entry of bad) {
    t.throws(() => addressSet(['127.0.0.1', entry]), {
      instanceOf: RangeError,
      message: `${entry} is no address and no CIDR range`,
    })
  }
})

test('an address is reduced to its usual form', (t) => {
  t.is(plainAddress('::ffff:192.0.2.1'), '192.0.2.1')
  t.is(plainAddress('::FFFF:192.0.2.1'), '192.0.2.1')
  t.is(plainAddress('::ffff:c000:201'), '192.0.2.1')
  t.is(plainAddress('::FFFF:7f00:1'), '127.0.0.1')
  t.is(plainAddress('fe80::1%eth0'), 'fe80::1')
  t.is(plainAddress('192.0.2.1'), '192.0.2.1')
  t.is(plainAddress('2001:db8::1'), '2001:db8::1')
})

const TRUSTED = ['127.0.0.1', '10.0.0.0/8', '::1', '2001:db8:ffff::/48']

const CASES: readonly (readonly [
  title: string,
  peer: string | undefined,
  forwarded: string | undefined,
  expected: string | undefined,
])[] = [
  ['nothing forwarded', '127.0.0.1', undefined, '127.0.0.1'],
  ['a connection that has closed', undefined, '198.51.100.1', undefined],
  ['a header from an untrusted peer', '203.0.113.5', '198.51.100.1', '203.0.113.5'],
  ['a header from an untrusted peer that names a proxy', '203.0.113.5', '10.0.0.1', '203.0.113.5'],
  ['one hop', '127.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['a mapped peer', '::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['a forged start', '127.0.0.1', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
  ['a forged start that names a proxy', '127.0.0.1', '10.0.0.9, 198.51.100.1', '198.51.100.1'],
  ['two proxies', '127.0.0.1', '1.1.1.1, 198.51.100.1, 10.0.0.7', '198.51.100.1'],
  ['proxies only', '127.0.0.1', '10.0.0.8, 10.0.0.7', '10.0.0.8'],
  [
    'a hop that is no address hides what is before it',
    '127.0.0.1',
    '198.51.100.1, unknown, 10.0.0.7',
    '10.0.0.7',
  ],
  ['nothing but nonsense', '127.0.0.1', '<script>', '127.0.0.1'],
  ['an empty header', '127.0.0.1', '', '127.0.0.1'],
  ['commas only', '127.0.0.1', ' , ,', '127.0.0.1'],
  ['a port', '127.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
  ['IPv6', '::1', '2001:db8::7', '2001:db8::7'],
  ['IPv6 in brackets', '::1', '[2001:db8::7]', '2001:db8::7'],
  ['IPv6 with a port', '::1', '[2001:db8::7]:4711', '2001:db8::7'],
  ['IPv6 through an IPv6 proxy', '127.0.0.1', '2001:db8::7, 2001:db8:ffff::1', '2001:db8::7'],
  ['a mapped hop', '127.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
  ['no spaces', '127.0.0.1', '1.1.1.1,198.51.100.1,10.0.0.7', '198.51.100.1'],
  ['too many dots', '127.0.0.1', '198.51.100.1.1', '127.0.0.1'],
  ['a line break', '127.0.0.1', '198.51.100.1\n1.1.1.1', '127.0.0.1'],
]

for (const [title, peer, forwarded, expected] of CASES) {
  test(`the client address: ${title}`, (t) => {
    t.is(clientAddress(request(peer, forwarded), addressSet(TRUSTED)), expected)
  })
}

test('a peer that forwards without being trusted is an unlisted proxy', (t) => {
  const trusted = addressSet(TRUSTED)
  t.is(unlistedProxyOf(request('203.0.113.5'), trusted), undefined)
  t.is(unlistedProxyOf(request('203.0.113.5', '198.51.100.1'), trusted), '203.0.113.5')
  t.is(unlistedProxyOf(request('203.0.113.5', ''), trusted), '203.0.113.5')
  t.is(unlistedProxyOf(request('::ffff:203.0.113.5', 'x'), trusted), '203.0.113.5')
  t.is(unlistedProxyOf(request('10.0.0.7', '198.51.100.1'), trusted), undefined)
  t.is(unlistedProxyOf(request(undefined, '198.51.100.1'), trusted), undefined)
  const other = request('203.0.113.5')
  other.headers.forwarded = 'for=198.51.100.1'
  t.is(unlistedProxyOf(other, trusted), '203.0.113.5')
})

test('each unlisted proxy is reported once, and 100 of them at most', (t) => {
  const reported: string[] = []
  const look = reportUnlistedProxies(addressSet(TRUSTED), (address) => reported.push(address))
  for (const peer of ['203.0.113.5', '10.0.0.7', '203.0.113.6', '203.0.113.5']) {
    look(request(peer, '198.51.100.1'))
    look(request(peer))
  }
  t.deepEqual(reported, ['203.0.113.5', '203.0.113.6'])
  for (let i = 0; i < 200; i++) look(request(`192.0.2.${i}`, '198.51.100.1'))
  t.is(reported.length, 100)
})
