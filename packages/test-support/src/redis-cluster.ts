import { Redis } from 'ioredis'
import { eventually } from './eventually.ts'
import { type RedisServer, startRedisServer } from './redis-server.ts'

/** A Redis Cluster: three masters with one replica each. */
export interface RedisCluster {
  readonly url: string
  /** The first three start as masters. The replica of the n-th is the (n + 3)-th. */
  readonly servers: readonly RedisServer[]
  stop(): Promise<void>
}

const MASTERS = 3
const SLOTS = 16_384

/**
 * Starts a Cluster and waits until it is complete.
 * @param settings lines of redis.conf for every node
 */
export const startRedisCluster = async (
  settings: readonly string[] = [],
): Promise<RedisCluster> => {
  const servers: RedisServer[] = []
  const admins: Redis[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(servers.map((server) => server.stop()))
  }
  try {
    for (let i = 0; i < 2 * MASTERS; i++) {
      servers.push(
        await startRedisServer({
          settings: [
            'cluster-enabled yes',
            'cluster-node-timeout 1000',
            'cluster-replica-validity-factor 0',
            'repl-diskless-sync-delay 0',
            // A replica is listed only after its master has pinged it.
            'repl-ping-replica-period 1',
            ...settings,
          ],
        }),
      )
    }
    for (const { port } of servers) admins.push(new Redis({ host: '127.0.0.1', port }))
    await join(admins, servers)
    const nodes = servers.map(({ port }) => `127.0.0.1:${port}`)
    return { url: `redis+cluster://${nodes.join(',')}`, servers, stop }
  } catch (error) {
    await stop()
    throw error
  } finally {
    for (const admin of admins) admin.disconnect()
  }
}

const join = async (admins: readonly Redis[], servers: readonly RedisServer[]): Promise<void> => {
  for (const [i, admin] of admins.entries()) {
    await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1)
    if (i >= MASTERS) continue
    const [from, to] = [i, i + 1].map((n) => Math.floor((n * SLOTS) / MASTERS))
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', `${from}`, `${Number(to) - 1}`)
  }
  // Every node meets every other node, because gossip takes longer.
  await Promise.all(
    admins.flatMap((admin, i) =>
      servers.slice(i + 1).map(({ port }) => admin.call('CLUSTER', 'MEET', '127.0.0.1', port)),
    ),
  )
  await eventually('every node knows all the others', async () => {
    const infos = await Promise.all(admins.map((admin) => admin.cluster('INFO')))
    return infos.every((info) => String(info).includes(`cluster_known_nodes:${admins.length}`))
  })
  const ids = await Promise.all(
    admins.slice(0, MASTERS).map((admin) => admin.call('CLUSTER', 'MYID')),
  )
  await eventually('every replica has its master', async () => {
    for (const [i, id] of ids.entries()) {
      await admins[i + MASTERS]?.call('CLUSTER', 'REPLICATE', String(id))
    }
    return true
  })
  await eventually('the Cluster is complete', async () => {
    const states = await Promise.all(admins.map((admin) => admin.cluster('INFO')))
    const links = await Promise.all(admins.slice(MASTERS).map((admin) => admin.info('replication')))
    return (
      states.every((info) => String(info).includes('cluster_state:ok')) &&
      links.every((info) => info.includes('master_link_status:up'))
    )
  })
  await eventually('every node lists every replica', async () => {
    const topologies = await Promise.all(admins.map((admin) => admin.call('CLUSTER', 'SLOTS')))
    return topologies.every(
      (slots) => Array.isArray(slots) && slots.every((slot) => slot.length === 4),
    )
  })
}
