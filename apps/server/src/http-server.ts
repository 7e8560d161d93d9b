import type { RequestListener, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server as NetServer, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Pollers come every interval; a connection that closes in between costs some of them their login. */
const KEEP_ALIVE_MS = 75_000
const REQUEST_MS = 30_000
const STOP_WITHIN_MS = 10_000

/** An HTTP server that answers. */
export interface Listening {
  readonly address: AddressInfo
  /** Takes no more requests, and waits for those under way: 10 s at most. */
  close(): Promise<void>
}

/**
 * Listens with the time-outs that pollers need.
 * @throws an error of `node:net`, such as `EADDRINUSE`
 */
export const listen = async (
  app: RequestListener,
  { port, host }: { readonly port: number; readonly host: string },
): Promise<Listening> => {
  const server = createServer({ requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS })
  const open: Open = new Map()
  server.on('connection', (socket: Socket) => {
    open.set(socket, [])
    socket.once('close', () => open.delete(socket))
  })
  server.on('request', ({ socket }, answer: ServerResponse) => {
    // A list for each connection: of one set of all answers, the collector of young garbage keeps
    // every table that it has outgrown, and so whole requests, until it collects everything.
    const answers = open.get(socket)
    answers?.push(answer)
    answer.once('close', () => answers?.splice(answers.indexOf(answer), 1))
  })
  server.on('request', app)
  server.on('clientError', (fault: NodeJS.ErrnoException, socket: Duplex) => {
    const answers = open.get(socket) ?? []
    const begun = answers.some((answer) => answer.socket === socket && answer.headersSent)
    if (begun || !socket.writable || fault.code === 'ECONNRESET') socket.destroy()
    else socket.end(refusalOf(fault.code))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return { address: server.address() as AddressInfo, close: () => close(server, open) }
}

const REFUSALS: Readonly<Record<string, readonly [status: string, description: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time'],
}

/** The answer to bytes that are no HTTP, so that no request comes of them: the same JSON as everywhere. */
const refusalOf = (code = ''): string => {
  const [status, description] = REFUSALS[code] ?? ['400 Bad Request', 'This is no valid HTTP']
  const body = JSON.stringify({ error: 'invalid_request', error_description: description })
  const headers = [
    'Content-Type: application/json; charset=utf-8',
    'Cache-Control: no-store',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  return `HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${body}`
}

/** The open connections, each with the answers that are under way on it. */
type Open = Map<Duplex, ServerResponse[]>

const close = async (server: Server, open: Open): Promise<void> => {
  // Not by the HTTP server's own `close`: it closes idle connections at once, unread requests and all.
  const closed = new Promise<void>((resolve) => {
    NetServer.prototype.close.call(server, () => resolve())
  })
  // A client that hears so sends no next request into a connection that is about to be closed.
  const goodbye = (answer: ServerResponse): void => {
    if (!answer.headersSent) answer.setHeader('Connection', 'close')
  }
  for (const answers of open.values()) for (const answer of answers) goodbye(answer)
  server.prependListener('request', (_request, answer: ServerResponse) => goodbye(answer))
  // Connections that are kept alive are closed as they fall idle, none in the middle of a request.
  const closeIdle = (): void => {
    server.closeIdleConnections()
    // Browsers open connections in advance, which Node does not count as idle before a first request.
    for (const socket of open.keys()) {
      if (socket instanceof Socket && socket.bytesRead === 0) socket.destroy()
    }
  }
  // Only after the event loop has read what has arrived: after a pause it may be behind.
  const idle = setInterval(() => setImmediate(closeIdle), 50)
  const atLast = setTimeout(() => server.closeAllConnections(), STOP_WITHIN_MS)
  await closed
  clearInterval(idle)
  clearTimeout(atLast)
}
