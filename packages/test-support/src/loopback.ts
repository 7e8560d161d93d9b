import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'

/** The port on which a server listens. */
export const portOf = (server: Server): number => (server.address() as AddressInfo).port

/**
 * Listens on loopback.
 * @param port default: a free one
 * @returns the origin of an HTTP server that listens there
 */
export const listen = async (server: Server, port = 0): Promise<string> => {
  await once(server.listen(port, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${portOf(server)}`
}
