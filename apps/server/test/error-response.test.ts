import { BrowserLike } from '@device-grant/test-support/browser-like'
import test from 'ava'
import { errorResponse } from '#src/error-response.js'
import { startTestServer } from './test-server.ts'

test('a person with 16 kB of cookies gets a page that says what to do', async (t) => {
  const server = await startTestServer({ SIGN_IN: 'demo' })
  t.teardown(() => server.stop())
  const browser = new BrowserLike()
  for (let i = 0; i < 5; i += 1) browser.setCookie(server.url, `other_${i}`, 'x'.repeat(4_000))
  for (const path of ['/oauth/device/verify?user_code=WDJB-MJHT', '/oauth/device/keys', '/']) {
    for (const [language, title] of [
      ['en', 'Your browser sends too many cookies'],
      ['de-CH, en;q=0.5', 'Ihr Browser sendet zu viele Cookies'],
    ] as const) {
      const visit = await browser.send(server.url + path, {
        headers: { 'Accept-Language': language },
      })
      t.is(visit.status, 431)
      t.is(visit.headers.get('content-type'), 'text/html; charset=utf-8')
      t.is(visit.headers.get('cache-control'), 'no-store')
      t.is(visit.headers.get('x-content-type-options'), 'nosniff')
      t.regex(visit.headers.get('content-security-policy') ?? '', /default-src 'none'/)
      t.true(visit.text.includes(`<h1>${title}</h1>`), visit.text)
      t.true(visit.text.includes(`<html lang="${language.slice(0, 2)}">`))
    }
  }
  const json = { headers: { Accept: 'application/json' } }
  const answer = await browser.send(`${server.url}/oauth/device/keys`, json)
  t.is(answer.status, 431)
  t.like(JSON.parse(answer.text), { error: 'invalid_request' })
})

const bodyOf = (code: string, packet: string): string =>
  errorResponse(code, Buffer.from(packet)).split('\r\n\r\n')[1] ?? ''

test('only headers that are too long get a page, and only for browsers', (t) => {
  const start = 'GET /oauth/device/verify HTTP/1.1\r\nHost: x\r\n'
  for (const packet of [
    `${start}Accept: text/html,*/*;q=0.8\r\nCookie: x`,
    `${start}Cookie: x\r\naccept: text/html\r\n\r\n`,
    'x; other=y\r\n',
    '',
  ]) {
    t.regex(bodyOf('HPE_HEADER_OVERFLOW', packet), /^<!DOCTYPE html>/, packet)
    t.regex(bodyOf('HPE_INVALID_METHOD', packet), /^\{"error":"invalid_request"/, packet)
  }
  for (const packet of [
    start,
    `${start}Accept: */*\r\n`,
    'POST /oauth/device/token HTTP/1.1\r\n',
  ]) {
    t.regex(bodyOf('HPE_HEADER_OVERFLOW', packet), /^\{"error":"invalid_request"/, packet)
  }
})

test('the length of an error response is counted in bytes', (t) => {
  const response = errorResponse(
    'HPE_HEADER_OVERFLOW',
    Buffer.from('GET / HTTP/1.1\r\nAccept: text/html\r\nAccept-Language: de\r\n'),
  )
  const [head = '', body = ''] = response.split('\r\n\r\n')
  t.is(Number(/content-length: (\d+)/i.exec(head)?.[1]), Buffer.byteLength(body))
  t.true(Buffer.byteLength(body) > body.length)
})
