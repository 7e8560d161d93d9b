import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import test from 'ava'
import { addressSet } from '#src/security/client-address.js'
import { deviceInfoOf, printable } from '#src/security/device-info.js'

const request = (peer: string | undefined, userAgent?: string): IncomingMessage => {
  const socket = new Socket()
  Object.defineProperty(socket, 'remoteAddress', { value: peer })
  const message = new IncomingMessage(socket)
  if (userAgent !== undefined) message.headers['user-agent'] = userAgent
  return message
}

test('the user agent is cut to 100 characters', (t) => {
  t.like(deviceInfoOf(request('203.0.113.5', 'x'.repeat(10_000)), addressSet([])), {
    address: '203.0.113.5',
    userAgent: 'x'.repeat(100),
  })
  t.like(deviceInfoOf(request(undefined), addressSet([])), {
    address: undefined,
    userAgent: undefined,
  })
})

test('a proxy that is not trusted is named', (t) => {
  const message = request('203.0.113.5')
  message.headers['x-forwarded-for'] = '198.51.100.1'
  t.like(deviceInfoOf(message, addressSet([])), {
    address: '203.0.113.5',
    unlistedProxy: '203.0.113.5',
  })
  t.like(deviceInfoOf(message, addressSet(['203.0.113.5'])), {
    address: '198.51.100.1',
    unlistedProxy: undefined,
  })
})

test('the user agent is kept without control and format characters', (t) => {
  const agent = 'cli/1.0\t\x7f\x85\u00ad (Linux)'
  t.is(deviceInfoOf(request('::1', agent), addressSet([])).userAgent, 'cli/1.0 (Linux)')
  t.is(deviceInfoOf(request('::1', '\t\x85'), addressSet([])).userAgent, undefined)
})

for (const [what, text, expected] of [
  ['what is printable', 'Ann\u2019s Küche \u{1f511} \u05d0\u0915\u093f', undefined],
  ['line ends and separators', 'a\r\nb\u2028c\u2029d\x00e\x1b[31mf', 'abcde[31mf'],
  ['marks of direction', 'a\u202eb\u2066c\u200fd', 'abcd'],
  ['invisible characters', 'a\u200bb\ufeffc\u00add\u{e0041}e', 'abcde'],
  ['halves of surrogate pairs', 'a\ud83db\udd11c', 'abc'],
] as const) {
  test(`printable: ${what}`, (t) => t.is(printable(text, 100), expected ?? text))
}

test('printable: a cut leaves no half of a surrogate pair', (t) => {
  t.is(printable('abc\u{1f511}', 4), 'abc')
  t.is(printable('abc\u{1f511}', 5), 'abc\u{1f511}')
  t.is(printable(`${'\u200b'.repeat(9)}abcdef`, 4), 'abcd')
  t.is(printable('\u200b'.repeat(100_000), 4), '')
})
