import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import test from 'ava'
import { webOriginOf } from '#src/security/web-origin.js'

const originOf = (headers: IncomingHttpHeaders): string | undefined => {
  const message = new IncomingMessage(new Socket())
  Object.assign(message.headers, headers)
  return webOriginOf(message)
}

const CASES: readonly (readonly [what: string, IncomingHttpHeaders, string | undefined])[] = [
  ['a program', { 'user-agent': 'cli/1.0', referer: 'https://evil.test/' }, undefined],
  ['a page', { origin: 'https://evil.test' }, 'https://evil.test'],
  [
    'a page and its other headers',
    { origin: 'https://a.test', 'sec-fetch-site': 'none' },
    'https://a.test',
  ],
  ['a page with an opaque origin', { origin: 'null' }, 'null'],
  ['an empty origin', { origin: '' }, 'null'],
  ['an origin of control characters', { origin: '\t\x85' }, 'null'],
  ['a request that only says its site', { 'sec-fetch-site': 'cross-site' }, 'null'],
  ['a request that only says its destination', { 'sec-fetch-dest': 'image' }, 'null'],
  ['a request with a header of the future', { 'sec-fetch-storage-access': 'none' }, 'null'],
  ['a request of a person', { 'sec-fetch-user': '?1', 'sec-fetch-mode': 'navigate' }, 'null'],
  [
    'control characters in an origin',
    { origin: 'https://e\x7fvi\u00adl.test' },
    'https://evil.test',
  ],
  ['a long origin', { origin: `https://${'a'.repeat(1_000)}` }, `https://${'a'.repeat(192)}`],
]

for (const [what, headers, expected] of CASES) {
  test(`the web origin of ${what}`, (t) => t.is(originOf(headers), expected))
}

test('a program that uses the fetch of Node is no web page', async (t) => {
  const server = createServer((_request, response) => response.end())
  t.teardown(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as { readonly port: number }
  const requested = once(server, 'request')
  await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body: new URLSearchParams({ a: 'b' }) })
  const [request] = (await requested) as [IncomingMessage]
  t.is(request.headers['sec-fetch-mode'], 'cors')
  t.is(webOriginOf(request), undefined)
})
