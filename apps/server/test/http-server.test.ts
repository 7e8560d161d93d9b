import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { EventEmitter, once } from 'node:events'
import type { RequestListener } from 'node:http'
import { connect, type Socket } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { type HttpServer, startHttpServer, type Timeouts } from '#src/http-server.js'
import { startTestServer } from './test-server.ts'

/** Time-outs that a test can wait for. */
const SHORT: Timeouts = {
  headersMs: 50,
  requestMs: 100,
  checkEveryMs: 20,
  keepAliveMs: 60_000,
  unreadMs: 60_000,
  refusedMs: 20,
}

interface TestHttpServer {
  readonly server: HttpServer
  /** Resolves with the sockets of the server once it has accepted so many. */
  accepted(count: number): Promise<readonly Socket[]>
  /** How many connections were closed for being too many. */
  readonly tooMany: () => number
}

const start = async (
  t: ExecutionContext,
  app: RequestListener,
  { timeouts = SHORT, maxConnections = 1_000 } = {},
): Promise<TestHttpServer> => {
  let tooMany = 0
  const server = await startHttpServer(app, {
    port: 0,
    host: '127.0.0.1',
    maxConnections,
    onTooMany: () => {
      tooMany += 1
    },
    timeouts,
  })
  const sockets: Socket[] = []
  const news = new EventEmitter()
  const note = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket }
    if (socket.localPort !== server.address.port) return
    sockets.push(socket)
    news.emit('accepted')
  }
  subscribe('net.server.socket', note)
  t.teardown(async () => {
    unsubscribe('net.server.socket', note)
    for (const socket of sockets) socket.destroy()
    await server.close()
  })
  const accepted = async (count: number): Promise<readonly Socket[]> => {
    while (sockets.length < count) await once(news, 'accepted')
    return sockets
  }
  return { server, accepted, tooMany: () => tooMany }
}

/** A client that never closes its side and reads nothing. */
const stubbornClient = async (
  t: ExecutionContext,
  { server }: TestHttpServer,
  bytes = '',
): Promise<Socket> => {
  const socket = connect({ port: server.address.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  socket.write(bytes)
  return socket
}

const closed = (socket: Socket): Promise<unknown> =>
  socket.closed ? Promise.resolve() : once(socket, 'close')

for (const [what, bytes] of [
  ['silent', ''],
  ['in the middle of its headers', 'GET / HTTP/1.1\r\nHost: x\r\nA: '],
  ['in the middle of its body', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc'],
  ['of no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n\r\n'],
] as const) {
  test(`a connection that is ${what} is closed, even if its client never closes it`, async (t) => {
    t.timeout(10_000)
    const running = await start(t, () => {})
    const clients = await Promise.all(
      Array.from({ length: 20 }, () => stubbornClient(t, running, bytes)),
    )
    const sockets = await running.accepted(clients.length)
    await Promise.all(sockets.map(closed))
    t.is(sockets.length, clients.length)
  })
}

test('a client reads why its request was refused', async (t) => {
  const running = await start(t, () => {})
  const client = await stubbornClient(t, running)
  const [text] = await once(client.setEncoding('utf8'), 'data')
  t.regex(text, /^HTTP\/1\.1 408 Request Timeout\r\n/)
  t.regex(text, /"error":"invalid_request"/)
})

test('a client that does not read its response is disconnected', async (t) => {
  t.timeout(10_000)
  const running = await start(t, (_request, response) => response.end(Buffer.alloc(50_000_000)), {
    timeouts: { ...SHORT, unreadMs: 100 },
  })
  const client = await stubbornClient(t, running, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  client.pause()
  const sockets = await running.accepted(1)
  await Promise.all(sockets.map(closed))
  t.is(sockets.length, 1)
})

test('an idle connection is kept for the next poll', async (t) => {
  // A busy machine sends the headers of the first poll late.
  const timeouts = { ...SHORT, headersMs: 1_000, requestMs: 2_000 }
  const running = await start(t, (_request, response) => response.end('ok'), { timeouts })
  const client = await stubbornClient(t, running)
  client.setEncoding('utf8')
  for (let poll = 0; poll < 2; poll++) {
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const [text] = await once(client, 'data')
    t.regex(text, /^HTTP\/1\.1 200 OK/)
    // Longer than the headers of a request may take.
    const silent = await stubbornClient(t, running)
    await once(silent.resume(), 'end')
  }
})

test('connections beyond the limit are closed at once and counted', async (t) => {
  const running = await start(t, () => {}, {
    timeouts: { ...SHORT, headersMs: 60_000, requestMs: 60_000 },
    maxConnections: 2,
  })
  const kept = [await stubbornClient(t, running), await stubbornClient(t, running)]
  const refused = await stubbornClient(t, running)
  await once(refused.resume(), 'end')
  t.is(running.tooMany(), 1)
  for (const client of kept) t.false(client.readableEnded)
})

test('MAX_CONNECTIONS limits the connections of the server, and the log says so', async (t) => {
  const server = await startTestServer({ MAX_CONNECTIONS: '1' })
  t.teardown(server.stop)
  const running = { server: server.server } as unknown as TestHttpServer
  const kept = await stubbornClient(t, running)
  for (let i = 0; i < 3; i++) await once((await stubbornClient(t, running)).resume(), 'end')
  const lines = server.log.filter((line) => line.includes('too many are open'))
  t.is(lines.length, 1)
  t.is(JSON.parse(lines[0] ?? '').maxConnections, 1)
  t.false(kept.readableEnded)
})
