import { createHash } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { connect, type Socket } from 'node:net'
import { type ApiKey, type ApiKeyStore, grantIdOf, keyIdOf, TOKENS } from '@device-grant/core'
import { startBufferingProxy } from '@device-grant/test-support/buffering-proxy'
import { type ByteForwarder, startByteForwarder } from '@device-grant/test-support/byte-forwarder'
import { authorize, type Codes, outcomeOf, poll } from '@device-grant/test-support/device'
import { GRANT_TYPE, TOKEN } from '@device-grant/test-support/endpoints'
import { turns } from '@device-grant/test-support/event-loop'
import { FORM, membersOf } from '@device-grant/test-support/http-exchange'
import { decide } from '@device-grant/test-support/person'
import { type DeviceLogin, logInStubbornly } from '@device-grant/test-support/stubborn-device'
import { whoami } from '@device-grant/test-support/whoami'
import test, { type ExecutionContext } from 'ava'
import { startTestServer, type TestServer } from './test-server.ts'

const keysOf = ({ server }: TestServer): ApiKeyStore =>
  server.container.get<ApiKeyStore>(TOKENS.ApiKeys)

const keyOf = (server: TestServer, { device_code }: Codes): Promise<ApiKey | undefined> =>
  keysOf(server).read(keyIdOf(grantIdOf(device_code)))

const startServer = async (t: ExecutionContext): Promise<TestServer> => {
  const server = await startTestServer({ LOG_LEVEL: 'silent' })
  t.teardown(server.stop)
  return server
}

/** Codes that a person has approved. */
const approved = async ({ url }: TestServer, person = 'alice'): Promise<Codes> => {
  const codes = await authorize(url)
  await decide(url, codes.user_code, 'approve', person)
  return codes
}

/** Polls: the key, or the error. */
const pollFor = async ({ url }: TestServer, { device_code }: Codes): Promise<string> => {
  const answer = await poll(url, device_code)
  return outcomeOf(answer) === 'token'
    ? String(membersOf(answer)['access_token'])
    : outcomeOf(answer)
}

/** Uses a key, and returns the status. */
const use = async ({ url }: TestServer, apiKey: string): Promise<number> =>
  (await whoami(url, apiKey)).status

const A_KEY = /^dg_/

test('until its first use a key is issued again for two minutes, not within 2 s', async (t) => {
  const server = await startServer(t)
  const codes = await approved(server)
  const key = await pollFor(server, codes)
  t.regex(key, A_KEY)
  t.is(await pollFor(server, codes), 'slow_down')
  for (let at = 2_000; at < 120_000; at += 2_000) {
    server.clock.pass(1_999)
    t.is(await pollFor(server, codes), 'slow_down', `${at - 1} ms`)
    server.clock.pass(1)
    t.is(await pollFor(server, codes), key, `${at} ms`)
  }
  server.clock.pass(2_000)
  t.is(await pollFor(server, codes), 'invalid_grant')
  t.is(await use(server, key), 200, 'it works all the same')
})

test('a key that was picked up is issued again past the expiry of its code', async (t) => {
  const server = await startServer(t)
  const codes = await approved(server)
  server.clock.pass(599_999)
  const key = await pollFor(server, codes)
  t.regex(key, A_KEY)
  server.clock.pass(60_000)
  t.is(await pollFor(server, codes), key)
  server.clock.pass(59_999)
  t.is(await pollFor(server, codes), key)
  for (const ms of [1, 60_000, 419_999, 1, 600_000]) {
    server.clock.pass(ms)
    t.is(await pollFor(server, codes), 'invalid_grant')
  }
})

test('a code whose key was used is never expired_token', async (t) => {
  const server = await startServer(t)
  const codes = await approved(server)
  t.is(await use(server, await pollFor(server, codes)), 200)
  for (const ms of [0, 2_000, 598_000, 1, 599_999, 1]) {
    server.clock.pass(ms)
    t.is(await pollFor(server, codes), 'invalid_grant')
  }
})

test('an approved code that was not picked up in time is expired_token', async (t) => {
  const server = await startServer(t)
  const codes = await approved(server)
  server.clock.pass(606_001)
  t.is(await pollFor(server, codes), 'expired_token')
})

test('a key that was revoked before its first use is access_denied', async (t) => {
  const server = await startServer(t)
  const codes = await approved(server)
  const key = await pollFor(server, codes)
  await server.useCases.revokeAllApiKeys('alice')
  server.clock.pass(2_000)
  t.is(await pollFor(server, codes), 'access_denied')
  t.is(await use(server, key), 401)
})

test('a key whose answer never left is issued to the next poll', async (t) => {
  const server = await startServer(t)
  const codes = await approved(server)
  const reply = await server.useCases.pollForToken({
    deviceCode: codes.device_code,
    clientId: 'cli',
  })
  server.clock.pass(2_000)
  const key = await pollFor(server, codes)
  t.is(reply.outcome === 'granted' && reply.apiKey, key)
  t.is(await use(server, key), 200)
  t.is(await pollFor(server, codes), 'invalid_grant')
})

test('of 1 000 parallel polls after the approval one gets the key', async (t) => {
  const server = await startServer(t)
  const codes = await approved(server)
  const outcomes = await Promise.all(Array.from({ length: 1_000 }, () => pollFor(server, codes)))
  const [key = '', ...more] = outcomes.filter((outcome) => A_KEY.test(outcome))
  t.deepEqual(more, [])
  t.is(outcomes.filter((outcome) => outcome === 'slow_down').length, 999)
  t.is((await keysOf(server).find({ owner: 'alice', limit: 10 })).keys.length, 1)
  t.is(await use(server, key), 200)
  t.is(await pollFor(server, codes), 'invalid_grant')
})

const requestOf = ({ device_code }: Codes): string => {
  const body = new URLSearchParams({ grant_type: GRANT_TYPE, client_id: 'cli', device_code })
  return `POST ${TOKEN} HTTP/1.1\r\nHost: device\r\nContent-Type: ${FORM}\r\nContent-Length: ${String(body).length}\r\n\r\n${body}`
}

/** Resolves with the server's socket of the next connection. */
const nextConnection = (server: TestServer): Promise<Socket> =>
  new Promise((resolve) => {
    const listener = (message: unknown): void => {
      const { socket } = message as { readonly socket: Socket }
      if (socket.localPort !== server.server.address.port) return
      unsubscribe('net.server.socket', listener)
      resolve(socket)
    }
    subscribe('net.server.socket', listener)
  })

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })

const LEAVE: Readonly<Record<string, (socket: Socket, bytes: string) => void>> = {
  destroyed: (socket, bytes) => socket.write(bytes, () => socket.destroy()),
  reset: (socket, bytes) => socket.write(bytes, () => socket.resetAndDestroy()),
  'half-closed': (socket, bytes) => socket.end(bytes),
}

/** When the key store answers: at once, some turns of the event loop later, or after the client left. */
const DELAYS: Readonly<Record<string, (left: Promise<void>) => Promise<void>>> = {
  'at once': async () => {},
  'two turns later': () => turns(2),
  'after the client left': (left) => left,
}

for (const [how, leave] of Object.entries(LEAVE)) {
  for (const [when, delay] of Object.entries(DELAYS)) {
    for (const written of ['before', 'after'] as const) {
      test(`no key is lost by a connection ${how} after the request: the store answers ${when}, with its write ${written} the delay`, async (t) => {
        const server = await startServer(t)
        const codes = await approved(server)
        const left = nextConnection(server).then(closed)
        const keys = keysOf(server)
        const update = keys.update.bind(keys)
        let answer = (): void => {}
        const answered = new Promise<void>((resolve) => {
          answer = resolve
        })
        keys.update = async (id, transition) => {
          if (written === 'after') await delay(left)
          const reply = await update(id, transition)
          if (written === 'before') await delay(left)
          answer()
          return reply
        }
        const device = connect(server.server.address.port, '127.0.0.1')
        device.on('error', () => {})
        let received = ''
        device.on('data', (data) => {
          received += data
        })
        leave(device, requestOf(codes))
        await Promise.all([left, answered])
        keys.update = update
        const claimed = await keyOf(server, codes)
        if (claimed?.status !== 'claimed') return t.fail(claimed?.status)

        t.is(await pollFor(server, codes), 'slow_down')
        server.clock.pass(2_000)
        const key = await pollFor(server, codes)
        t.is(claimed.secretHash, createHash('sha256').update(key).digest('base64url'))
        t.true(received === '' || received.includes(key))
        t.is(await use(server, key), 200)
        t.is(await pollFor(server, codes), 'invalid_grant')
      })
    }
  }
}

test('a request that is cut in the middle is not a poll', async (t) => {
  const server = await startServer(t)
  const codes = await approved(server)
  const request = requestOf(codes)
  for (const length of [40, request.length - 60, request.length - 1]) {
    const serverSide = nextConnection(server)
    const device = connect(server.server.address.port, '127.0.0.1')
    device.write(request.slice(0, length), () => device.destroy())
    await closed(await serverSide)
  }
  await turns(5)
  t.is((await keyOf(server, codes))?.status, 'reserved')
  t.regex(await pollFor(server, codes), A_KEY)
})

/** One login through a proxy, by a person of its own. */
const logIn = (server: TestServer, port: number, person: string): Promise<DeviceLogin> =>
  logInStubbornly(`http://127.0.0.1:${port}`, {
    approve: (userCode) => decide(server.url, userCode, 'approve', person),
    wait: async (seconds) => server.clock.pass(seconds * 1_000),
  })

/** Fails unless the login has ended with the only key of its person, and its first use ends the code. */
const hasOneWorkingKey = async (
  t: ExecutionContext,
  server: TestServer,
  { codes, apiKey }: DeviceLogin,
  person: string,
): Promise<void> => {
  t.is(await use(server, apiKey), 200, person)
  t.is(await pollFor(server, codes), 'invalid_grant', person)
  const { keys } = await keysOf(server).find({ owner: person, limit: 10 })
  t.deepEqual(
    keys.map(({ id, key }) => [id, key.status]),
    [[keyIdOf(grantIdOf(codes.device_code)), 'active']],
    person,
  )
}

test('24 logins behind a buffering proxy that loses the key up to five times', async (t) => {
  const server = await startServer(t)
  const issued: string[] = []
  let toLose = 0
  const proxy = await startBufferingProxy(server.settings.port, (answer) => {
    const [, key] = /"access_token":"([^"]+)"/.exec(answer) ?? []
    if (key === undefined) return false
    issued.push(key)
    toLose -= 1
    return toLose >= 0
  })
  t.teardown(proxy.close)
  for (let i = 0; i < 24; i++) {
    const person = `person ${i}`
    const losses = i % 6
    toLose = losses
    issued.length = 0
    const login = await logIn(server, proxy.port, person)
    t.is(login.lost, losses)
    t.is(issued.length, losses + 1)
    t.deepEqual([...new Set(issued)], [login.apiKey])
    await hasOneWorkingKey(t, server, login, person)
  }
})

test('20 logins behind a forwarder that is cut, each at another byte', async (t) => {
  const server = await startServer(t)
  const through = async (forwarder: ByteForwarder, person: string): Promise<DeviceLogin> => {
    try {
      const login = await logIn(server, forwarder.port, person)
      await hasOneWorkingKey(t, server, login, person)
      return login
    } finally {
      await forwarder.close()
    }
  }
  const whole = await startByteForwarder(server.settings.port)
  t.is((await through(whole, 'uncut')).lost, 0)
  for (const direction of ['request', 'answer'] as const) {
    for (let i = 0; i < 10; i++) {
      const afterBytes = Math.floor((whole.passed[direction] * i) / 10)
      const forwarder = await startByteForwarder(server.settings.port, { direction, afterBytes })
      const login = await through(forwarder, `${direction} ${afterBytes}`)
      t.true(forwarder.hasCut)
      t.is(login.lost, 1, `${direction} ${afterBytes}`)
    }
  }
})
