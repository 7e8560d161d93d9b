import type { RequestListener, Server, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Server as NetServer, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { errorResponse } from './error-response.ts'

/** When a connection is closed, in milliseconds. */
export interface Timeouts {
  /** How long the headers of a request may take. A connection without a request counts as well. */
  readonly headersMs: number
  /** How long a whole request may take to arrive. */
  readonly requestMs: number
  /** How often these two are checked. */
  readonly checkEveryMs: number
  /**
   * How long an idle connection stays open. It is longer than a polling interval, because some
   * clients give up when the server closes the connection that they reuse for a poll.
   */
  readonly keepAliveMs: number
  /** How long a client may read nothing of its response. */
  readonly unreadMs: number
  /** How long a client may take to read that its request was refused. */
  readonly refusedMs: number
}

const TIMEOUTS: Timeouts = {
  headersMs: 10_000,
  requestMs: 30_000,
  checkEveryMs: 2_000,
  keepAliveMs: 75_000,
  unreadMs: 60_000,
  refusedMs: 1_000,
}

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

export interface HttpServerOptions {
  readonly port: number
  readonly host: string
  /** Further connections are closed at once. */
  readonly maxConnections: number
  /** Called with each connection beyond `maxConnections`. */
  readonly onTooMany: () => void
  /** @default time-outs that suit polling clients */
  readonly timeouts?: Partial<Timeouts> | undefined
}

/**
 * Listens, and closes connections that are silent, slow or too many.
 * @throws an error of `node:net`, such as `EADDRINUSE`, if it cannot listen
 */
export const startHttpServer = async (
  app: RequestListener,
  { port, host, maxConnections, onTooMany, timeouts: given }: HttpServerOptions,
): Promise<HttpServer> => {
  const timeouts = { ...TIMEOUTS, ...given }
  const server = createServer({
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    connectionsCheckingInterval: timeouts.checkEveryMs,
    keepAliveTimeout: timeouts.keepAliveMs,
  })
  server.timeout = timeouts.unreadMs
  server.maxConnections = maxConnections
  server.on('drop', onTooMany)
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
  server.on('clientError', (error: ClientError, socket: Duplex) => {
    const responses = connections.get(socket) ?? []
    const hasBegun = responses.some(
      (response) => response.socket === socket && response.headersSent,
    )
    if (hasBegun || !socket.writable || error.code === 'ECONNRESET') socket.destroy()
    else {
      socket.end(errorResponse(error.code, error.rawPacket))
      // `end` waits until the client closes its side too, and a silent client never does.
      const tooLate = setTimeout(() => socket.destroy(), timeouts.refusedMs)
      socket.once('close', () => clearTimeout(tooLate))
    }
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

/** An error of a connection. A parser adds the bytes that it failed at. */
interface ClientError extends NodeJS.ErrnoException {
  readonly rawPacket?: Buffer
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
