import { connect, createServer, type Socket } from 'node:net'
import { listen, portOf } from './loopback.ts'

/** One connection of a client through the proxy. */
export interface Connection {
  readonly client: Socket
  readonly upstream: Socket
}

/** What happens to the bytes of one connection. A chunk may be half a message or several. */
export interface Relay {
  fromClient(chunk: Buffer): void
  fromUpstream(chunk: Buffer): void
}

/** Where a proxy leads connections. */
export interface Target {
  readonly host: string
  readonly port: number
}

/** A TCP proxy on loopback. */
export interface TcpProxy {
  readonly port: number
  /** Open connections carry nothing any more but stay open. New connections work. */
  silence(): void
  /** Leads new connections to another port of the same host. Open connections stay where they are. */
  redirect(port: number): void
  close(): Promise<void>
}

/** Starts a proxy that treats each connection by a relay of its own. */
export const startTcpProxy = async (
  { host, port }: Target,
  relay: (connection: Connection) => Relay,
): Promise<TcpProxy> => {
  const sockets = new Set<Socket>()
  let targetPort = port
  let silences = 0
  const server = createServer((client) => {
    const upstream = connect(targetPort, host)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.setNoDelay(true)
      // A broken connection closes, which is handled by the relay and below.
      socket.on('error', () => {})
      socket.once('close', () => sockets.delete(socket))
    }
    const { fromClient, fromUpstream } = relay({ client, upstream })
    const silencesBefore = silences
    const isSilent = (): boolean => silences > silencesBefore
    client.on('data', (chunk) => {
      if (!isSilent()) fromClient(chunk)
    })
    upstream.on('data', (chunk) => {
      if (!isSilent()) fromUpstream(chunk)
    })
    // Ends without loss: what was passed on before is still read by the server.
    client.once('close', () => upstream.end())
    upstream.once('close', () => client.destroy())
  })
  await listen(server)
  return {
    port: portOf(server),
    silence: () => {
      silences += 1
    },
    redirect: (to) => {
      targetPort = to
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
