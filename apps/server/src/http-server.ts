import type { RequestListener, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server as NetServer, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/**
 * How long an idle connection stays open, in milliseconds. It is longer than a polling interval,
 * because some clients give up when the server closes the connection that they reuse for a poll.
 */
const KEEP_ALIVE_MS = 75_000
/** How long a request may take to arrive, in milliseconds. */
const REQUEST_MS = 30_000
/** How long `close` waits for requests in progress, in milliseconds. */
const CLOSE_WITHIN_MS = 10_000
/** How often `close` looks for idle connections, in milliseconds. */
const CLOSE_IDLE_EVERY_MS = 50

/** An HTTP server that listens. */
export interface HttpServer {
  readonly address: AddressInfo
  /** Takes no more requests, and waits up to 10 s for those in progress. */
  close(): Promise<void>
}

/**
 * Listens with time-outs that suit polling clients.
 * @throws an error of `node:net`, such as `EADDRINUSE`, if it cannot listen
 */
export const startHttpServer = async (
  app: RequestListener,
  { port, host }: { readonly port: number; readonly host: string },
): Promise<HttpServer> => {
  const server = createServer({ requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS })
  const connections: OpenConnections = new Map()
  server.on('connection', (socket: Socket) => {
    connections.set(socket, [])
    socket.once('close', () => connections.delete(socket))
  })
  server.on('request', ({ socket }, response: ServerResponse) => {
    // One list per connection. A single growing Set would keep finished requests alive until a
    // major garbage collection.
    const responses = connections.get(socket)
    responses?.push(response)
    response.once('close', () => responses?.splice(responses.indexOf(response), 1))
  })
  server.on('request', app)
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const responses = connections.get(socket) ?? []
    const hasBegun = responses.some(
      (response) => response.socket === socket && response.headersSent,
    )
    if (hasBegun || !socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else socket.end(errorResponse(error.code))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
  return { address: server.address() as AddressInfo, close: () => close(server, connections) }
}

const ERRORS: Readonly<Record<string, readonly [status: string, description: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are too long'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time'],
}

/** Answers bytes that are not valid HTTP with the JSON of every other error. */
const errorResponse = (code = ''): string => {
  const [status, description] = ERRORS[code] ?? ['400 Bad Request', 'The request is not valid HTTP']
  const body = JSON.stringify({ error: 'invalid_request', error_description: description })
  const headers = [
    'Content-Type: application/json; charset=utf-8',
    'Cache-Control: no-store',
    `Content-Length: ${body.length}`,
    'Connection: close',
  ]
  return `HTTP/1.1 ${status}\r\n${headers.join('\r\n')}\r\n\r\n${body}`
}

/** The open connections, each with its responses in progress. */
type OpenConnections = Map<Duplex, ServerResponse[]>

const close = async (server: Server, connections: OpenConnections): Promise<void> => {
  // The `close` of an HTTP server closes idle connections at once, even with unread requests. The
  // `close` of a net server only stops listening.
  const closed = new Promise<void>((resolve) => {
    NetServer.prototype.close.call(server, () => resolve())
  })
  // The header tells the client to send its next request on another connection.
  const announceClose = (response: ServerResponse): void => {
    if (!response.headersSent) response.setHeader('Connection', 'close')
  }
  for (const responses of connections.values()) responses.forEach(announceClose)
  server.prependListener('request', (_request, response: ServerResponse) => announceClose(response))
  const closeIdle = (): void => {
    server.closeIdleConnections()
    // Browsers open connections in advance. Node counts them as idle only after a first request.
    for (const socket of connections.keys()) {
      if (socket instanceof Socket && socket.bytesRead === 0) socket.destroy()
    }
  }
  // setImmediate lets a busy event loop read requests that have arrived before it closes anything.
  const closingIdle = setInterval(() => setImmediate(closeIdle), CLOSE_IDLE_EVERY_MS)
  const forceClose = setTimeout(() => server.closeAllConnections(), CLOSE_WITHIN_MS)
  await closed
  clearInterval(closingIdle)
  clearTimeout(forceClose)
}
