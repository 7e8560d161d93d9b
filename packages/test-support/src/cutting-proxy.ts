import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A TCP proxy on the loopback that can lose an answer: for any protocol. */
export interface CuttingProxy {
  readonly port: number
  /** How many connections it has cut so far. */
  readonly cuts: number
  /** How many writes of clients it has passed on so far. */
  readonly writes: number
  /**
   * Counts the clients' writes from now on; passes the n-th on, swallows its answer and cuts that
   * connection. It does so once.
   */
  cutAfterWrite(n: number): void
  /** The connections that are open carry nothing any more, and nobody is told; new ones work. */
  silence(): void
  /** From now on leads new connections to another port. Those that are open stay where they are. */
  redirect(port: number): void
  close(): Promise<void>
}

export const startCuttingProxy = async (targetPort: number): Promise<CuttingProxy> => {
  const sockets = new Set<Socket>()
  let target = targetPort
  let left = 0
  let cuts = 0
  let writes = 0
  let silences = 0
  const track = (socket: Socket): void => {
    sockets.add(socket)
    // A broken connection shows at the client; the pair is closed below.
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    track(client)
    track(upstream)
    let swallow = false
    const begunAfter = silences
    client.on('data', (bytes) => {
      if (silences > begunAfter) return
      writes += 1
      upstream.write(bytes)
      if (left === 0) return
      left -= 1
      if (left > 0) return
      swallow = true
      cuts += 1
      // The server reads all of it before it sees the end; the client hears nothing.
      upstream.end()
      client.destroy()
    })
    upstream.on('data', (bytes) => {
      if (!swallow && silences === begunAfter) client.write(bytes)
    })
    client.once('close', () => {
      if (!swallow) upstream.destroy()
    })
    upstream.once('close', () => client.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port')
  return {
    port: address.port,
    get cuts() {
      return cuts
    },
    get writes() {
      return writes
    },
    cutAfterWrite: (n) => {
      left = n
    },
    silence: () => {
      silences += 1
    },
    redirect: (port) => {
      target = port
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
