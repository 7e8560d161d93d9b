import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'

/** A proxy that cuts connections before the answer to a request arrives, for any protocol. */
export interface CuttingProxy extends TcpProxy {
  /** How many connections it has cut so far. */
  readonly cuts: number
  /** How many writes of clients it has passed on so far. */
  readonly writes: number
  /** Counts clients' writes from now on. Passes the n-th on and cuts its connection, once. */
  cutAfterWrite(n: number): void
}

/** Starts a proxy to a port of loopback that cuts nothing until it is asked to. */
export const startCuttingProxy = async (targetPort: number): Promise<CuttingProxy> => {
  let left = 0
  let cuts = 0
  let writes = 0
  const proxy = await startTcpProxy(
    { host: '127.0.0.1', port: targetPort },
    ({ client, upstream }) => ({
      fromClient: (chunk) => {
        writes += 1
        upstream.write(chunk)
        if (left === 0) return
        left -= 1
        if (left > 0) return
        cuts += 1
        client.destroy()
      },
      fromUpstream: (chunk) => {
        if (!client.destroyed) client.write(chunk)
      },
    }),
  )
  return {
    ...proxy,
    get cuts() {
      return cuts
    },
    get writes() {
      return writes
    },
    cutAfterWrite: (n) => {
      left = n
    },
  }
}
