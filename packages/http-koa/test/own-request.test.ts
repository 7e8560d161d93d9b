import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import test from 'ava'
import { isOwnRequest } from '#src/security/own-request.js'

const OWN = 'https://login.example'
const FRIEND = 'https://app.example'
const EVIL = 'https://evil.example'

const CASES: readonly (readonly [
  site: string | undefined,
  origin: string | undefined,
  own: boolean,
])[] = [
  [undefined, undefined, true],
  [undefined, OWN, true],
  [undefined, FRIEND, true],
  [undefined, EVIL, false],
  [undefined, 'null', false],
  [undefined, '', false],
  [undefined, `${OWN}.evil.example`, false],
  [undefined, `${OWN}/`, false],
  [undefined, OWN.toUpperCase(), false],
  [undefined, 'http://login.example', false],
  [undefined, 'https://login.example:8443', false],
  ['same-origin', undefined, true],
  ['same-origin', 'null', true],
  ['same-origin', OWN, true],
  ['same-site', undefined, false],
  ['same-site', 'null', false],
  ['same-site', EVIL, false],
  ['same-site', FRIEND, true],
  ['cross-site', undefined, false],
  ['cross-site', 'null', false],
  ['cross-site', EVIL, false],
  ['cross-site', FRIEND, true],
  ['none', undefined, false],
  ['none', 'null', false],
  ['', undefined, false],
  ['same-origin, cross-site', undefined, false],
  ['SAME-ORIGIN', undefined, false],
  ['anything', undefined, false],
]

for (const [site, origin, own] of CASES) {
  const title = `Sec-Fetch-Site ${site ?? 'absent'}, Origin ${origin ?? 'absent'}`
  test(`${title}: ${own ? 'an own request' : 'a request of another site'}`, (t) => {
    const request = new IncomingMessage(new Socket())
    if (site !== undefined) request.headers['sec-fetch-site'] = site
    if (origin !== undefined) request.headers.origin = origin
    t.is(isOwnRequest(request, new Set([OWN, FRIEND])), own)
  })
}
