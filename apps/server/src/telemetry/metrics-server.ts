import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Metrics } from './metrics.ts'

/** How long a request to this server may take, in milliseconds. */
const WITHIN_MS = 5_000
const MAX_CONNECTIONS = 16

/** A server that answers `GET /metrics` only. */
export interface MetricsServer {
  close(): Promise<void>
}

/**
 * Listens for Prometheus.
 * @throws an error of `node:net`, such as `EADDRINUSE`, if it cannot listen
 */
export const startMetricsServer = async (
  metrics: Metrics,
  { port, host }: { readonly port: number; readonly host: string },
): Promise<MetricsServer> => {
  const server = createServer({ requestTimeout: WITHIN_MS }, (request, response) => {
    const isGet = request.method === 'GET' || request.method === 'HEAD'
    const isPath = request.url?.split('?', 1)[0] === '/metrics'
    if (!isGet || !isPath) {
      if (isPath) response.setHeader('Allow', 'GET, HEAD')
      response.writeHead(isPath ? 405 : 404).end()
      return
    }
    const send = (text: string): void => {
      response.writeHead(200, { 'Content-Type': metrics.contentType, 'Cache-Control': 'no-store' })
      response.end(text)
    }
    metrics.text().then(send, () => response.writeHead(500).end())
  })
  server.maxConnections = MAX_CONNECTIONS
  server.listen(port, host)
  await once(server, 'listening')
  return {
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
