import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** The byte at which a connection is cut, counted over all connections of the forwarder. */
export interface Cut {
  /** Requests are lost on their way to the server, answers on their way to the client. */
  readonly direction: 'request' | 'answer'
  /** How many bytes still arrive. */
  readonly afterBytes: number
}

/** A TCP forwarder on the loopback that cuts one connection, at any byte. */
export interface ByteForwarder {
  readonly port: number
  /** Bytes of requests and of answers that it has passed on. */
  readonly passed: Readonly<Record<Cut['direction'], number>>
  /** Whether it has cut a connection. */
  readonly hasCut: boolean
  close(): Promise<void>
}

/**
 * Starts a forwarder. When it cuts, the client loses its connection, but the forwarder takes all that the
 * server sends. `ssh -L`, a container's port and a load balancer do the same.
 */
export const startByteForwarder = async (targetPort: number, cut?: Cut): Promise<ByteForwarder> => {
  const sockets = new Set<Socket>()
  const passed = { request: 0, answer: 0 }
  let hasCut = false
  const track = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  }
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1')
    track(client)
    track(upstream)
    let isLost = false
    /** Passes the bytes on, and cuts if the one to cut at is among them. */
    const pass = (direction: Cut['direction'], bytes: Buffer, to: Socket): void => {
      if (isLost) return
      const left = cut?.direction === direction && !hasCut ? cut.afterBytes - passed[direction] : -1
      if (left < 0 || left >= bytes.length) {
        passed[direction] += bytes.length
        to.write(bytes)
        return
      }
      passed[direction] += left
      if (left > 0) to.write(bytes.subarray(0, left))
      hasCut = true
      isLost = true
      upstream.end()
      client.end(() => client.destroy())
    }
    client.on('data', (bytes) => pass('request', bytes, upstream))
    upstream.on('data', (bytes) => pass('answer', bytes, client))
    client.once('close', () => {
      if (!isLost) upstream.destroy()
    })
    upstream.once('close', () => client.destroy())
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The forwarder has no port')
  return {
    port: address.port,
    passed,
    get hasCut() {
      return hasCut
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}
