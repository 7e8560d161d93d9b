import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { buffer } from 'node:stream/consumers'

/** An HTTP proxy on the loopback that takes every answer whole before it passes it on. */
export interface BufferingProxy {
  readonly port: number
  close(): Promise<void>
}

/**
 * Starts a proxy. The server behind it always sees its answers leave whole.
 * @param isLost called with the text of each answer; `true` cuts the client's connection instead
 */
export const startBufferingProxy = async (
  targetPort: number,
  isLost: (answer: string) => boolean,
): Promise<BufferingProxy> => {
  const server = createServer(async (incoming, outgoing) => {
    try {
      const body = await buffer(incoming)
      const { method, url, headers } = incoming
      const sent = request({
        host: '127.0.0.1',
        port: targetPort,
        method,
        path: url,
        headers,
        agent: false,
      })
      sent.end(body)
      const [answer] = await once(sent, 'response')
      const text = await buffer(answer)
      if (isLost(text.toString('utf8'))) incoming.socket.destroy()
      else outgoing.writeHead(answer.statusCode, answer.headers).end(text)
    } catch {
      incoming.socket.destroy()
    }
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port')
  return {
    port: address.port,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
