import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type Socket } from 'node:net'
import { formatApiKey, TOKENS } from '@device-grant/core'
import { authorize, pickUp } from '@device-grant/test-support/device'
import { eventually } from '@device-grant/test-support/eventually'
import { freePort } from '@device-grant/test-support/free-port'
import { type Answer, send } from '@device-grant/test-support/http-exchange'
import { listen } from '@device-grant/test-support/loopback'
import { decide } from '@device-grant/test-support/person'
import { whoami } from '@device-grant/test-support/whoami'
import test, { type ExecutionContext } from 'ava'
import type { Pause } from '#src/repeat.js'
import { breakStore } from './break-store.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const PATH = '/secret-scanning/github'
const KEY_ID = 'f9525bf080f75b3506ca1ead061add62b8633a346606dc5fe544e29231c6ee0d'
const PLACE = 'https://github.com/octocat/Hello-World/blob/12345600/foo/bar.txt'
const SECOND = 1_000
const HOUR = 3_600 * SECOND

const aPair = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve })

const pemOf = (key: KeyObject): string => String(key.export({ type: 'spki', format: 'pem' }))

/** GitHub's API, which counts the requests for its keys. */
const startGithub = async (t: ExecutionContext) => {
  const { privateKey, publicKey } = aPair()
  const github = {
    privateKey,
    requests: 0,
    status: 200,
    keys: new Map<string, string>([[KEY_ID, pemOf(publicKey)]]),
    body: undefined as string | undefined,
    url: '',
  }
  const api = createServer((_, response) => {
    github.requests += 1
    response.statusCode = github.status
    const public_keys = [...github.keys].map(([key_identifier, key]) => {
      return { key_identifier, key, is_current: true }
    })
    response.end(github.body ?? JSON.stringify({ public_keys }))
  })
  github.url = `${await listen(api)}/meta/public_keys/secret_scanning`
  t.teardown(() => {
    api.close()
    api.closeAllConnections()
  })
  return github
}

type Github = Awaited<ReturnType<typeof startGithub>>

/** Ends with its signal. On a busy machine, a body could take longer than it may. */
const noDeadline: Pause = async (_, signal) => {
  if (!signal.aborted) await once(signal, 'abort')
}

const start = async (t: ExecutionContext, { url }: Pick<Github, 'url'>): Promise<TestServer> => {
  const server = await startTestServer(
    { GITHUB_SECRET_SCANNING: 'true' },
    { githubKeysUrl: url, pause: noDeadline },
  )
  t.teardown(server.stop)
  return server
}

const match = (token: string) => ({ token, type: 'acme_api_key', url: PLACE, source: 'content' })

interface Message {
  readonly keyId?: string
  readonly privateKey?: KeyObject
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends a message as GitHub does. */
const report = (
  { url }: TestServer,
  github: Github,
  matches: unknown,
  { keyId = KEY_ID, privateKey = github.privateKey, headers = {} }: Message = {},
): Promise<Answer> => {
  const body = typeof matches === 'string' ? matches : JSON.stringify(matches)
  return send(url, {
    path: PATH,
    headers: {
      'content-type': 'application/json',
      'github-public-key-identifier': keyId,
      'github-public-key-signature': sign('sha256', Buffer.from(body), privateKey).toString(
        'base64',
      ),
      ...headers,
    },
    body,
  })
}

const logIn = async ({ url }: TestServer, client_id = 'cli'): Promise<string> => {
  const { device_code, user_code } = await authorize(url, { client_id })
  await decide(url, user_code, 'approve', 'ann')
  return pickUp(url, device_code)
}

const idOf = (apiKey: string): string => apiKey.split('_')[1] ?? ''

test('without the setting there is nothing, and GitHub is not asked', async (t) => {
  const github = await startGithub(t)
  const server = await startTestServer({}, { githubKeysUrl: github.url })
  t.teardown(server.stop)
  t.is((await report(server, github, [])).status, 404)
  t.is(github.requests, 0)
})

test('a reported key is revoked at once, and the event has the place', async (t) => {
  const github = await startGithub(t)
  const server = await start(t, github)
  const key = await logIn(server)
  t.is((await whoami(server.url, key)).status, 200)
  for (const _ of ['once', 'twice']) {
    const answer = await report(server, github, [match(key)])
    t.is(answer.status, 200)
    t.is(answer.headers['cache-control'], 'no-store')
    t.deepEqual(JSON.parse(answer.text), [
      { token_raw: key, token_type: 'acme_api_key', label: 'true_positive' },
    ])
    t.is((await whoami(server.url, key)).status, 401)
  }
  const events = server.log.filter((line) => line.includes('key_revoked'))
  t.is(events.length, 1)
  const event = JSON.parse(events[0] ?? '')
  t.like(event, { keyId: idOf(key), owner: 'ann', by: 'secret_scanning', place: PLACE })
  t.false(server.log.join('').includes(key))
})

test('only the whole key counts: all others are false positives, and change nothing', async (t) => {
  const github = await startGithub(t)
  const server = await start(t, github)
  const key = await logIn(server)
  const others = [
    formatApiKey({ prefix: 'dg_', keyId: idOf(key), secret: new Uint8Array(32) }),
    formatApiKey({ prefix: 'dg_', keyId: '0'.repeat(22), secret: new Uint8Array(32) }),
    key.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    idOf(key),
    '',
    'x'.repeat(10_000),
  ]
  const answer = await report(server, github, others.map(match))
  t.deepEqual(
    JSON.parse(answer.text).map(({ label }: { readonly label: string }) => label),
    others.map(() => 'false_positive'),
  )
  t.is((await whoami(server.url, key)).status, 200)
})

test('a message with many matches is answered in their order', async (t) => {
  const github = await startGithub(t)
  const server = await start(t, github)
  const key = await logIn(server)
  const tokens = Array.from({ length: 500 }, (_, i) => (i % 50 === 0 ? key : `dg_${i}`))
  const answer = await report(server, github, tokens.map(match))
  const labels: { token_raw: string; label: string }[] = JSON.parse(answer.text)
  t.deepEqual(
    labels.map(({ token_raw }) => token_raw),
    tokens,
  )
  t.is(labels.filter(({ label }) => label === 'true_positive').length, 10)
  t.deepEqual(JSON.parse((await report(server, github, [])).text), [])
})

test('a wrong signature changes nothing', async (t) => {
  const github = await startGithub(t)
  const server = await start(t, github)
  const key = await logIn(server)
  const body = JSON.stringify([match(key)])
  const good = sign('sha256', Buffer.from(body), github.privateKey).toString('base64')
  const wrong: readonly Message[] = [
    { privateKey: aPair().privateKey },
    { headers: { 'github-public-key-signature': '' } },
    { headers: { 'github-public-key-signature': '!' } },
    { headers: { 'github-public-key-signature': 'AAAA' } },
    { headers: { 'github-public-key-signature': good.slice(4) } },
    { headers: { 'github-public-key-identifier': '' } },
    { headers: { 'github-public-key-identifier': 'x'.repeat(200) } },
    { keyId: 'unknown' },
    { keyId: '__proto__' },
  ]
  for (const message of wrong) {
    const answer = await report(server, github, body, message)
    t.is(answer.status, 401, JSON.stringify(message.headers))
    t.is(JSON.parse(answer.text).error, 'invalid_signature')
  }
  const changed = await report(server, github, `${body} `, {
    headers: { 'github-public-key-signature': good },
  })
  t.is(changed.status, 401, 'the signature is over the raw body')
  t.is((await whoami(server.url, key)).status, 200)
})

for (const body of [
  '',
  '{',
  'null',
  '{}',
  '[null]',
  '["x"]',
  [{ token: 'x' }],
  [{ token: 1, type: 'x' }],
  [match('x'), { type: 'x' }],
]) {
  test(`a signed body is no message: ${JSON.stringify(body)}`, async (t) => {
    const github = await startGithub(t)
    const server = await start(t, github)
    t.is((await report(server, github, body)).status, 400)
  })
}

test('a body that is too long or compressed is refused, and keys are not fetched', async (t) => {
  const github = await startGithub(t)
  const server = await start(t, github)
  const long = await report(server, github, [match('x'.repeat(1_048_576))])
  t.is(long.status, 413)
  const compressed = await report(server, github, [], { headers: { 'content-encoding': 'gzip' } })
  t.is(compressed.status, 415)
  t.is(github.requests, 0)
})

test('unknown key ids make one request a minute, and known ones none within an hour', async (t) => {
  const github = await startGithub(t)
  const server = await start(t, github)
  const unknown = (i: number) => report(server, github, [], { keyId: `unknown${i}` })
  await Promise.all(Array.from({ length: 50 }, (_, i) => unknown(i)))
  t.is(github.requests, 1)
  for (let i = 0; i < 10; i += 1) t.is((await report(server, github, [])).status, 200)
  t.is(github.requests, 1)
  server.clock.pass(61 * SECOND)
  t.is((await unknown(0)).status, 401)
  t.is((await unknown(1)).status, 401)
  t.is(github.requests, 2)
  server.clock.pass(HOUR)
  t.is((await report(server, github, [])).status, 200)
  t.is(github.requests, 3)
})

test('a new key of GitHub is found within a minute', async (t) => {
  const github = await startGithub(t)
  const server = await start(t, github)
  t.is((await report(server, github, [])).status, 200)
  const { privateKey, publicKey } = aPair()
  github.keys.set('new', pemOf(publicKey))
  const message = { keyId: 'new', privateKey }
  t.is((await report(server, github, [], message)).status, 401)
  server.clock.pass(60 * SECOND)
  t.is((await report(server, github, [], message)).status, 200)
})

test('keys of another kind are not used', async (t) => {
  const github = await startGithub(t)
  const other = aPair('P-384')
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  github.keys.set('p384', pemOf(other.publicKey))
  github.keys.set('rsa', pemOf(rsa.publicKey))
  github.keys.set('none', 'no key')
  const server = await start(t, github)
  for (const [keyId, { privateKey }] of [
    ['p384', other],
    ['rsa', rsa],
    ['none', aPair()],
  ] as const) {
    t.is((await report(server, github, [], { keyId, privateKey })).status, 401, keyId)
  }
  t.is((await report(server, github, [])).status, 200)
})

for (const [what, broken] of [
  ['answers with an error', { status: 503 }],
  ['answers with something else', { body: '<html>' }],
  ['answers without keys', { body: '{}' }],
  ['answers without end', { body: ' '.repeat(1_000_000) }],
] as const) {
  test(`while GitHub ${what}, a message is 503, and the last keys are used for a day`, async (t) => {
    const github = await startGithub(t)
    const { status, body } = github
    Object.assign(github, broken)
    const server = await start(t, github)
    const refused = await report(server, github, [])
    t.is(refused.status, 503)
    t.is(refused.headers['retry-after'], '5')
    t.is((await report(server, github, [])).status, 503)
    t.is(github.requests, 1, 'it is not asked again within a minute')
    const errors = server.log.filter((line) => line.includes('"level":50'))
    t.is(errors.length, 1)
    t.regex(errors[0] ?? '', /public keys of GitHub not fetched/)
    server.clock.pass(60 * SECOND)
    Object.assign(github, { status, body })
    t.is((await report(server, github, [])).status, 200)
    Object.assign(github, broken)
    server.clock.pass(23 * HOUR)
    t.is((await report(server, github, [])).status, 200)
    server.clock.pass(HOUR)
    t.is((await report(server, github, [])).status, 503)
  })
}

test('while the store is down a message is 503, and the key works on', async (t) => {
  const github = await startGithub(t)
  const server = await start(t, github)
  const key = await logIn(server)
  const back = breakStore(server, TOKENS.ApiKeys)
  const answer = await report(server, github, [match(key)])
  back()
  t.is(answer.status, 503)
  t.is(answer.headers['retry-after'], '5')
  t.is((await whoami(server.url, key)).status, 200)
  t.is((await report(server, github, [match(key)])).status, 200)
  t.is((await whoami(server.url, key)).status, 401)
})

/** A message of which only the headers and the first byte have been sent. */
const beginMessage = async ({ settings }: TestServer, address: string): Promise<Socket> => {
  const socket = connect(settings.port, '127.0.0.1')
  const headers = [
    `POST ${PATH} HTTP/1.1`,
    'Host: x',
    `X-Forwarded-For: ${address}`,
    `Github-Public-Key-Identifier: ${KEY_ID}`,
    'Github-Public-Key-Signature: AAAA',
    'Content-Length: 2',
    'Expect: 100-continue',
  ]
  socket.write(`${headers.join('\r\n')}\r\n\r\n`)
  // The server says that it reads the body.
  await once(socket, 'data')
  socket.write('[')
  return socket
}

test('eight messages are read at once, and further ones are 503', async (t) => {
  const github = await startGithub(t)
  const metricsPort = await freePort()
  const server = await startTestServer(
    { GITHUB_SECRET_SCANNING: 'true', METRICS_PORT: String(metricsPort) },
    { githubKeysUrl: github.url, pause: noDeadline },
  )
  t.teardown(server.stop)
  const begun = await Promise.all(
    Array.from({ length: 8 }, (_, i) => beginMessage(server, `192.0.2.${i}`)),
  )
  for (const _ of ['once', 'twice']) {
    const busy = await report(server, github, [])
    t.is(busy.status, 503)
    t.is(busy.headers['retry-after'], '5')
    t.is(busy.headers.connection, 'close')
  }
  const lines = server.log.filter((line) => line.includes('because too many are read'))
  t.is(lines.length, 1, 'throttled')
  const metrics = await send(`http://127.0.0.1:${metricsPort}`, { method: 'GET', path: '/metrics' })
  t.regex(metrics.text, /limits_hit_total\{limit="secret_scanning"\} 2\n/)
  const [first, second, ...others] = begun
  const answered = once(first as Socket, 'data')
  first?.write(']')
  t.regex(String(await answered), /^HTTP\/1\.1 401 /)
  t.is((await report(server, github, [])).status, 200, 'one is done')
  second?.destroy()
  await eventually('the place of a broken connection is free', async () => {
    const again = await Promise.all([report(server, github, []), report(server, github, [])])
    return again.every(({ status }) => status === 200)
  })
  for (const socket of [first, ...others]) socket?.destroy()
})

test('one address reads two messages at once, and frees its places after 2 s', async (t) => {
  const github = await startGithub(t)
  const pauses: (() => void)[] = []
  const server = await startTestServer(
    { GITHUB_SECRET_SCANNING: 'true' },
    {
      githubKeysUrl: github.url,
      pause: (ms) =>
        new Promise((resolve) => {
          t.is(ms, 2 * SECOND)
          pauses.push(resolve)
        }),
    },
  )
  t.teardown(server.stop)
  const fromThere = { headers: { 'x-forwarded-for': '2001:db8::3' } }
  const begun = await Promise.all(
    ['2001:db8::1', '2001:db8::2'].map((address) => beginMessage(server, address)),
  )
  t.is((await report(server, github, [], fromThere)).status, 503)
  t.is((await report(server, github, [])).status, 200, 'another address')
  const answers = begun.map((socket) => once(socket, 'data'))
  for (const end of pauses) end()
  for (const answer of answers) t.regex(String(await answer), /^HTTP\/1\.1 408 /)
  t.is((await report(server, github, [], fromThere)).status, 200)
})

test('a message whose key GitHub does not have is refused before its body is read', async (t) => {
  const github = await startGithub(t)
  const server = await start(t, github)
  const socket = connect(server.settings.port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  const headers = [
    `POST ${PATH} HTTP/1.1`,
    'Host: x',
    `Github-Public-Key-Identifier: ${'0'.repeat(64)}`,
    'Github-Public-Key-Signature: AAAA',
    'Content-Length: 1000000',
  ]
  socket.write(`${headers.join('\r\n')}\r\n\r\n[`)
  const [answer] = await once(socket, 'data')
  t.regex(String(answer), /^HTTP\/1\.1 401 /)
  t.regex(String(answer), /\r\nConnection: close\r\n/)
})

test('a message that waits for the keys of GitHub has no place', async (t) => {
  const github = await startGithub(t)
  const asked: (() => void)[] = []
  const slow = createServer(async (_, response) => {
    const keys = await (await fetch(github.url)).text()
    asked.push(() => response.end(keys))
  })
  const server = await start(t, { url: await listen(slow) })
  t.teardown(() => {
    slow.close()
    slow.closeAllConnections()
  })
  const waiting = [report(server, github, []), report(server, github, [])]
  await eventually('the keys are asked for', () => asked.length === 1)
  waiting.push(report(server, github, []))
  for (const answer of asked) answer()
  for (const { status } of await Promise.all(waiting)) t.is(status, 200)
})

test('it needs a public key of GitHub, so a page of another origin gets nothing', async (t) => {
  const github = await startGithub(t)
  const server = await start(t, github)
  const origin = { origin: 'https://app.example' }
  const answer = await report(server, github, [], { headers: origin })
  t.is(answer.headers['access-control-allow-origin'], undefined)
  t.is((await send(server.url, { method: 'OPTIONS', path: PATH, headers: origin })).status, 405)
})
