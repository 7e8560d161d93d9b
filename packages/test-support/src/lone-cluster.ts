import { Redis } from 'ioredis'
import { eventually } from './eventually.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'

/** Starts a Redis Cluster of one master with all slots. */
export const startLoneCluster = async (): Promise<RedisServer> => {
  const server = await startRedisServer({
    // A node that has met no other node does not know its own address.
    settings: ['cluster-enabled yes', 'cluster-announce-ip 127.0.0.1'],
  })
  const admin = new Redis(server.url)
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await eventually('the Cluster is complete', async () =>
    String(await admin.cluster('INFO')).includes('cluster_state:ok'),
  )
  admin.disconnect()
  return { ...server, url: server.url.replace('redis:', 'redis+cluster:') }
}
