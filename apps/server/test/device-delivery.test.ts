import { createHash } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { connect, type Socket } from 'node:net'
import { type ApiKey, type ApiKeyStore, grantIdOf, keyIdOf, TOKENS } from '@device-grant/core'
import {
  authorize,
  type Codes,
  outcomeOf,
  poll,
  pollOutcome,
} from '@device-grant/test-support/device'
import { GRANT_TYPE, TOKEN } from '@device-grant/test-support/endpoints'
import { turns } from '@device-grant/test-support/event-loop'
import { FORM, membersOf } from '@device-grant/test-support/http-exchange'
import { decide } from '@device-grant/test-support/person'
import { whoami } from '@device-grant/test-support/whoami'
import test from 'ava'
import { startTestServer, type TestServer } from './test-server.ts'

const keysOf = ({ server }: TestServer): ApiKeyStore =>
  server.container.get<ApiKeyStore>(TOKENS.ApiKeys)

const keyOf = (server: TestServer, { device_code }: Codes): Promise<ApiKey | undefined> =>
  keysOf(server).update(keyIdOf(grantIdOf(device_code)), (key) => ({ next: key, reply: key }))

const bodyOf = ({ device_code }: Codes): string =>
  new URLSearchParams({ grant_type: GRANT_TYPE, client_id: 'cli', device_code }).toString()

const requestOf = (codes: Codes): string => {
  const body = bodyOf(codes)
  return `POST ${TOKEN} HTTP/1.1\r\nHost: device\r\nContent-Type: ${FORM}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

/** Resolves with the server's socket of the next connection. */
const nextConnection = (server: TestServer): Promise<Socket> =>
  new Promise((resolve) => {
    const listen = (message: unknown): void => {
      const { socket } = message as { readonly socket: Socket }
      if (socket.localPort !== server.server.address.port) return
      unsubscribe('net.server.socket', listen)
      resolve(socket)
    }
    subscribe('net.server.socket', listen)
  })

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })

const CUTS: Readonly<Record<string, (socket: Socket, bytes: string) => void>> = {
  destroyed: (socket, bytes) => socket.write(bytes, () => socket.destroy()),
  reset: (socket, bytes) => socket.write(bytes, () => socket.resetAndDestroy()),
  'half-closed': (socket, bytes) => socket.end(bytes),
}

/** How long the key store delays its answer. */
const DELAYS: Readonly<Record<string, (cut: Promise<void>) => Promise<void>>> = {
  'at once': async () => {},
  'one turn later': () => turns(1),
  'two turns later': () => turns(2),
  'five turns later': () => turns(5),
  'after the cut': (cut) => cut,
}

for (const [how, cut] of Object.entries(CUTS)) {
  for (const [when, delay] of Object.entries(DELAYS)) {
    for (const written of ['before', 'after'] as const) {
      test(`a login survives a connection ${how} after the request: the store answers ${when}, with its write ${written} the delay`, async (t) => {
        const server = await startTestServer()
        t.teardown(server.stop)
        const codes = await authorize(server.url)
        await decide(server.url, codes.user_code, 'approve')

        const serverSide = nextConnection(server)
        const cutDone = serverSide.then(closed)
        const keys = keysOf(server)
        const update = keys.update.bind(keys)
        let answered = (): void => {}
        const answer = new Promise<void>((resolve) => {
          answered = resolve
        })
        keys.update = async (id, transition) => {
          if (written === 'after') await delay(cutDone)
          const reply = await update(id, transition)
          if (written === 'before') await delay(cutDone)
          answered()
          return reply
        }
        const device = connect(server.server.address.port, '127.0.0.1')
        device.on('error', () => {})
        let received = ''
        device.on('data', (data) => {
          received += data
        })
        cut(device, requestOf(codes))
        await Promise.all([cutDone, answer])
        await turns(5)
        keys.update = update
        t.is(received, '')
        const claimed = await keyOf(server, codes)
        t.is(claimed?.status, 'claimed')

        t.is(await pollOutcome(server.url, codes.device_code), 'slow_down')
        server.clock.pass(2_000)
        const again = await poll(server.url, codes.device_code)
        t.is(again.status, 200)
        const issued = createHash('sha256').update(String(membersOf(again)['access_token']))
        t.is(claimed?.status === 'claimed' && claimed.secretHash, issued.digest('base64url'))

        server.clock.pass(2_000)
        t.is(await pollOutcome(server.url, codes.device_code), 'invalid_grant')
      })
    }
  }
}

test('a request that is cut in the middle is not a poll', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const codes = await authorize(server.url)
  await decide(server.url, codes.user_code, 'approve')
  const request = requestOf(codes)
  for (const length of [40, request.length - 60, request.length - 1]) {
    const serverSide = nextConnection(server)
    const device = connect(server.server.address.port, '127.0.0.1')
    device.write(request.slice(0, length), () => device.destroy())
    await closed(await serverSide)
  }
  await turns(5)
  t.is((await keyOf(server, codes))?.status, 'reserved')
  t.is(await pollOutcome(server.url, codes.device_code), 'token')
})

test('a key whose answer was lost is confirmed by its first use', async (t) => {
  const server = await startTestServer()
  t.teardown(server.stop)
  const codes = await authorize(server.url)
  await decide(server.url, codes.user_code, 'approve')
  const reply = await server.useCases.pollForToken({
    deviceCode: codes.device_code,
    clientId: 'cli',
  })
  t.is(reply.outcome, 'granted')
  const apiKey = reply.outcome === 'granted' ? reply.apiKey : ''
  t.is((await whoami(server.url, apiKey)).status, 200)
  server.clock.pass(2_000)
  t.is(await pollOutcome(server.url, codes.device_code), 'invalid_grant')
})

test('of 1 000 parallel polls after the approval one gets the key', async (t) => {
  const server = await startTestServer({ LOG_LEVEL: 'silent' })
  t.teardown(server.stop)
  const codes = await authorize(server.url)
  await decide(server.url, codes.user_code, 'approve')
  const answers = await Promise.all(
    Array.from({ length: 1_000 }, () => poll(server.url, codes.device_code)),
  )
  const granted = answers.filter((answer) => answer.status === 200)
  t.is(granted.length, 1)
  for (const answer of answers) {
    if (answer.status === 200) continue
    t.is(answer.status, 400)
    t.true(['slow_down', 'invalid_grant'].includes(outcomeOf(answer)), answer.text)
  }
  const keys = await keysOf(server).findByOwner('alice')
  t.is(keys.length, 1)
  const [{ access_token }] = granted.map(membersOf) as [Record<string, unknown>]
  t.is((await whoami(server.url, String(access_token))).status, 200)
  server.clock.pass(2_000)
  t.is(await pollOutcome(server.url, codes.device_code), 'invalid_grant')
})
