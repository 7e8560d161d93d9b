import {
  createRedisStateStore,
  disconnect,
  type RedisClient,
  RedisDriver,
} from '@device-grant/adapter-redis'
import {
  type CreatePair,
  type Sample,
  testDriver,
  testStateStore,
} from '@device-grant/core/testing'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import test from 'ava'
import { cutPair, type Topology } from './cut-pair.ts'
import { connectPatiently, PATIENT_MS } from './patient.ts'

interface Server {
  readonly url: string
  stop(): Promise<void>
}

/** Runs the kits on a server that all their tests share, except for those that cut it off. */
export const runKits = (topology: Topology, start: () => Promise<Server>): void => {
  const it = hasRedis ? test : test.skip
  let server: Server
  let clients: readonly [RedisClient, RedisClient]
  if (hasRedis) {
    test.before(async () => {
      server = await start()
      clients = [connectPatiently(server.url), connectPatiently(server.url)]
    })
    test.after.always(async () => {
      await Promise.all((clients ?? []).map((redis) => disconnect(redis)))
      await server?.stop()
    })
  }

  const pairs =
    <Store>(
      prefix: string,
      make: (redis: RedisClient, timeoutMs: number) => Store,
    ): CreatePair<Store> =>
    async ({ cut }) => {
      if (cut) return cutPair(topology, make)
      const [one, two] = clients
      const forgetsAt = async (id: string): Promise<number> => {
        const leftMs = await one.pttl(prefix + id)
        return Date.now() + leftMs
      }
      return { store: make(one, PATIENT_MS), peer: make(two, PATIENT_MS), forgetsAt }
    }

  testStateStore(
    (title, run) => it(`${topology}: ${title}`, run),
    pairs('dg:kit:', (redis, timeoutMs) =>
      createRedisStateStore<Sample>(redis, { kind: 'kit:', timeoutMs }),
    ),
  )
  testDriver(
    (title, run) => it(`driver, ${topology}: ${title}`, run),
    pairs(
      'driver:',
      (redis, timeoutMs) => new RedisDriver<Sample>(redis, { prefix: 'driver:', timeoutMs }),
    ),
  )
}
