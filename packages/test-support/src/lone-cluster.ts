import { Redis } from 'ioredis'
import { eventually } from './eventually.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'

/**
 * Starts a Redis Cluster of one master with all slots.
 * @param announcedPort the port of loopback to which it leads its clients; default: its own
 */
export const startLoneCluster = async (announcedPort?: number): Promise<RedisServer> => {
  const server = await startRedisServer({
    settings: [
      'cluster-enabled yes',
      // A node that has met no other node does not know its own address.
      'cluster-announce-ip 127.0.0.1',
      ...(announcedPort === undefined ? [] : [`cluster-announce-port ${announcedPort}`]),
    ],
  })
  const admin = new Redis(server.url)
  await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  await eventually('the Cluster is complete', async () =>
    String(await admin.cluster('INFO')).includes('cluster_state:ok'),
  )
  admin.disconnect()
  return { ...server, url: server.url.replace('redis:', 'redis+cluster:') }
}
