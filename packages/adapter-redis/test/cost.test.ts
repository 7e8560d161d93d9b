import {
  createRedisStateStore,
  createRedisStores,
  disconnect,
  type RedisClient,
} from '@device-grant/adapter-redis'
import { createMemoryStores, createUseCases, grantIdOf, type UseCases } from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'
import { eventually } from '@device-grant/test-support/eventually'
import { issued } from '@device-grant/test-support/issued'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { type RedisServer, startRedisServer } from '@device-grant/test-support/redis-server'
import test, { type ExecutionContext } from 'ava'
import { Redis } from 'ioredis'
import { connectPatiently, PATIENT_MS } from './patient.ts'

const it = hasRedis ? test : test.skip

const BYTES_PER_PENDING_CODE = 600
/** How long a grant is kept: the lifetime of its code and ten minutes more. */
const KEPT_MS = 20 * 60_000
const clock = { now: Date.now }
const request = {
  clientId: 'cli',
  scope: 'read write',
  device: {
    address: '203.0.113.47',
    userAgent: 'example-cli/2.14.3 (linux; x64) node/20.20.2 fetch/undici-60',
  },
}

interface Process {
  readonly redis: RedisClient
  readonly useCases: UseCases
}

const withServer = async (
  t: ExecutionContext,
  run: (server: RedisServer, start: () => Process) => Promise<void>,
): Promise<void> => {
  const server = await startRedisServer()
  const clients: RedisClient[] = []
  const { apiKeys, cutOffs } = createMemoryStores({ clock })
  t.teardown(async () => {
    await Promise.all(clients.map((redis) => disconnect(redis)))
    await server.stop()
  })
  await run(server, () => {
    const redis = connectPatiently(server.url)
    clients.push(redis)
    const stores = createRedisStores(redis, { timeoutMs: PATIENT_MS })
    return { redis, useCases: createUseCases({ ...stores, apiKeys, cutOffs, clock }) }
  })
}

it('a pending code costs no more than 600 bytes, before and after a poll', async (t) => {
  t.is(request.device.userAgent.length, 60)
  await withServer(t, async (_, start) => {
    const { redis, useCases } = start()
    const { deviceCode, userCode } = issued(await useCases.authorizeDevice(request))
    const keys = [`dg:g:${grantIdOf(deviceCode)}`, `dg:u:${userCode.replace('-', '')}`]
    const measure = async () => {
      const sizes = await Promise.all(keys.map((key) => redis.memory('USAGE', key)))
      return sizes.map(Number)
    }
    const fresh = await measure()
    await useCases.pollForToken({ deviceCode, clientId: 'cli' })
    const polled = await measure()
    for (const [when, [grant = Number.NaN, claim = Number.NaN]] of Object.entries({
      fresh,
      polled,
    })) {
      t.log(
        `bytes per pending code, ${when}: ${grant} (grant) + ${claim} (user code) = ${grant + claim}`,
      )
      t.true(grant + claim <= BYTES_PER_PENDING_CODE)
    }
  })
})

it('every use case sends as few commands as possible', async (t) => {
  await withServer(t, async (server, start) => {
    const here = start()
    const { redis, useCases } = here
    const other = start()
    const third = start()
    const watcher = new Redis(server.url)
    const monitor = await watcher.monitor()
    t.teardown(() => {
      watcher.disconnect()
      monitor.disconnect()
    })
    const sent: string[] = []
    // Commands inside the script have the source "lua".
    monitor.on('monitor', (_time, [name = '', ...args]: string[], source: string) => {
      if (source !== 'lua') sent.push([name.toLowerCase(), ...args].join(' '))
    })
    let marks = 0
    const commandsOf = async (run: () => Promise<unknown>): Promise<readonly string[]> => {
      const mark = async (): Promise<number> => {
        marks += 1
        const text = `echo mark ${marks}`
        await redis.echo(`mark ${marks}`)
        await eventually(text, () => sent.includes(text))
        return sent.indexOf(text)
      }
      const from = await mark()
      await run()
      return sent.slice(from + 1, await mark()).map((line) => line.split(' ')[0] ?? '')
    }
    // The script is loaded, and all processes are connected.
    for (const { useCases } of [here, other, third]) issued(await useCases.authorizeDevice(request))

    let codes = { deviceCode: '', userCode: '' }
    const poll = ({ useCases }: Process) =>
      useCases.pollForToken({ deviceCode: codes.deviceCode, clientId: 'cli' })
    const review = ({ useCases }: Process) =>
      useCases.reviewUserCode({ userCode: codes.userCode, person: 'ann' })
    const approve = ({ useCases }: Process) =>
      useCases.answerUserCode({ userCode: codes.userCode, person: 'ann', decision: 'approve' })
    const counts: Record<string, readonly string[]> = {
      authorize: await commandsOf(async () => {
        codes = issued(await useCases.authorizeDevice(request))
      }),
      'pending poll in the process that cached it': await commandsOf(() => poll(here)),
      'pending poll in another process': await commandsOf(() => poll(other)),
      review: await commandsOf(() => review(here)),
      approve: await commandsOf(() => approve(here)),
      'poll that picks up': await commandsOf(() => poll(other)),
    }
    codes = issued(await useCases.authorizeDevice(request))
    counts['review in another process'] = await commandsOf(() => review(other))
    counts['approve in a third process'] = await commandsOf(() => approve(third))
    for (const [what, names] of Object.entries(counts)) {
      t.log(`Redis commands per ${what}: ${names.length} (${names.join(', ')})`)
    }
    t.deepEqual(counts['authorize'], ['evalsha', 'evalsha'])
    t.deepEqual(counts['pending poll in the process that cached it'], ['evalsha'])
    t.deepEqual(counts['pending poll in another process'], ['get', 'evalsha'])
    // docs/operating.md lists the rest.
    t.is(counts['review']?.length, 4)
    t.is(counts['review in another process']?.length, 5)
    t.is(counts['approve']?.length, 5)
    t.is(counts['approve in a third process']?.length, 5)
    t.is(counts['poll that picks up']?.length, 1)
  })
})

it('Redis keeps keys until keepUntil, and then removes all of them', async (t) => {
  await withServer(t, async (_, start) => {
    const { redis, useCases } = start()
    const startedAt = Date.now()
    const { deviceCode } = issued(await useCases.authorizeDevice(request))
    await useCases.reviewUserCode({ userCode: 'BBBB-BBBB', person: 'ann' })
    const lifetimeMs = await redis.pttl(`dg:g:${grantIdOf(deviceCode)}`)
    t.true(Date.now() + lifetimeMs >= startedAt + KEPT_MS, `${lifetimeMs}`)
    t.true(lifetimeMs <= KEPT_MS, `${lifetimeMs}`)
    const keys = await redis.keys('*')
    t.is(keys.filter((key) => key.startsWith('dg:u:')).length, 1)
    t.true(keys.some((key) => key.startsWith('dg:w:')))
    for (const key of keys) t.true((await redis.pttl(key)) > 0, key)

    await redis.flushall()
    const store = createRedisStateStore<Sample>(redis, { kind: 'soon:', timeoutMs: PATIENT_MS })
    const soon = Date.now() + 300
    for (let i = 0; i < 50; i++) {
      await store.update(`${i}`, () => ({ next: { value: i, keepUntil: soon }, reply: undefined }))
    }
    await eventually('every key is gone', async () => (await redis.dbsize()) === 0)
    t.true(Date.now() >= soon)
  })
})

it('a state whose keepUntil has passed is forgotten at once, without an error', async (t) => {
  await withServer(t, async (_, start) => {
    const { redis } = start()
    const store = createRedisStateStore<Sample>(redis, { kind: 'late:', timeoutMs: PATIENT_MS })
    for (const keepUntil of [Date.now() - 1, 1, 0, -1, 0.5, Date.now() - 0.5]) {
      const next = { value: 1, keepUntil }
      t.is(await store.update('x', () => ({ next, reply: 'written' })), 'written')
    }
    t.is(await store.update('x', (state) => ({ next: state, reply: state })), undefined)
    await eventually('the key is gone', async () => (await redis.dbsize()) === 0)
  })
})

it('kinds and prefixes keep the same id apart', async (t) => {
  await withServer(t, async (_, start) => {
    const { redis } = start()
    const stores = [
      createRedisStateStore<Sample>(redis, { kind: 'a:', timeoutMs: PATIENT_MS }),
      createRedisStateStore<Sample>(redis, { kind: 'b:', timeoutMs: PATIENT_MS }),
      createRedisStateStore<Sample>(redis, { prefix: 'other:', kind: 'a:', timeoutMs: PATIENT_MS }),
    ]
    const keepUntil = Date.now() + 60_000
    for (const [value, store] of stores.entries()) {
      await store.update('id', () => ({ next: { value, keepUntil }, reply: undefined }))
    }
    const values = await Promise.all(
      stores.map((store) => store.update('id', (state) => ({ next: state, reply: state?.value }))),
    )
    t.deepEqual(values, [0, 1, 2])
    t.deepEqual((await redis.keys('*')).sort(), ['dg:a:id', 'dg:b:id', 'other:a:id'])
  })
})
