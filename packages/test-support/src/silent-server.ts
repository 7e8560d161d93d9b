import { createServer, type Socket } from 'node:net'
import { listen, portOf } from './loopback.ts'

/** A server on loopback that accepts connections and never answers. */
export interface SilentServer {
  readonly port: number
  close(): void
}

/** Starts one on a free port. */
export const startSilentServer = async (): Promise<SilentServer> => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    // A client may reset the connection.
    socket.on('error', () => {})
    socket.once('close', () => sockets.delete(socket))
  })
  await listen(server)
  return {
    port: portOf(server),
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
