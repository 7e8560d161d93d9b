import { connect, disconnect, type RedisClient } from '@device-grant/adapter-redis'
import type { StorePair } from '@device-grant/core/testing'
import { startCuttingProxy } from '@device-grant/test-support/cutting-proxy'
import { startLoneCluster } from '@device-grant/test-support/lone-cluster'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import { startSilentServer } from '@device-grant/test-support/silent-server'
import { connectPatiently, PATIENT_MS } from './patient.ts'

export type Topology = 'single server' | 'Cluster'

/** How long one command may take where the server is cut off, in milliseconds. */
const IMPATIENT_MS = 500

/**
 * A pair for the kits on a server of its own. `store` reaches it through a proxy that cuts it off,
 * `peer` directly.
 */
export const cutPair = async <Store>(
  topology: Topology,
  storeOn: (redis: RedisClient, timeoutMs: number) => Store,
): Promise<StorePair<Store>> => {
  const [proxy, silent] = await Promise.all([startCuttingProxy(1), startSilentServer()])
  const isCluster = topology === 'Cluster'
  const server = await (isCluster ? startLoneCluster(proxy.port) : startRedisServer())
  proxy.redirect(server.port)
  const scheme = isCluster ? 'redis+cluster' : 'redis'
  const redis = connect(`${scheme}://127.0.0.1:${proxy.port}`, { commandTimeoutMs: IMPATIENT_MS })
  // Not a Cluster client, because that would follow the announced port to the proxy.
  const direct = connectPatiently(`redis://127.0.0.1:${server.port}`)
  let isOpen = true
  const closeProxy = async (): Promise<void> => {
    if (isOpen) await proxy.close()
    isOpen = false
  }
  return {
    store: storeOn(redis, IMPATIENT_MS),
    peer: storeOn(direct, PATIENT_MS),
    cutTimeoutMs: PATIENT_MS,
    cut: async (outage) => {
      if (outage === 'down') return closeProxy()
      proxy.silence()
      proxy.redirect(silent.port)
    },
    close: async () => {
      await Promise.all([disconnect(redis), disconnect(direct)])
      await closeProxy()
      silent.close()
      await server.stop()
    },
  }
}
