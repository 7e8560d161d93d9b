import { connect, disconnect, type RedisClient } from '@device-grant/adapter-redis'
import type { StorePair } from '@device-grant/core/testing'
import { startCuttingProxy } from '@device-grant/test-support/cutting-proxy'
import { eventually } from '@device-grant/test-support/eventually'
import { type RedisServer, startRedisServer } from '@device-grant/test-support/redis-server'
import { startSilentServer } from '@device-grant/test-support/silent-server'
import { Redis } from 'ioredis'
import { connectPatiently, PATIENT_MS } from './patient.ts'

export type Topology = 'single server' | 'Cluster'

/** How long one command may take where the server is cut off, in milliseconds. */
const IMPATIENT_MS = 500

/** A Cluster of one master that leads its clients to another port. */
const startCluster = async (announcedPort: number): Promise<RedisServer> => {
  const server = await startRedisServer({
    settings: [
      'cluster-enabled yes',
      'cluster-announce-ip 127.0.0.1',
      `cluster-announce-port ${announcedPort}`,
    ],
  })
  const admin = new Redis(server.url)
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await eventually('the Cluster is whole', async () =>
    String(await admin.cluster('INFO')).includes('cluster_state:ok'),
  )
  admin.disconnect()
  return server
}

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
  const server = await (isCluster ? startCluster(proxy.port) : startRedisServer())
  proxy.redirect(server.port)
  const scheme = isCluster ? 'redis+cluster' : 'redis'
  const redis = connect(`${scheme}://127.0.0.1:${proxy.port}`, { commandTimeoutMs: IMPATIENT_MS })
  const direct = connectPatiently(server.url)
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
