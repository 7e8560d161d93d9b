import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import {
  checkServer,
  clockOffset,
  createRedisStateStore,
  disconnect,
  ping,
} from '@device-grant/adapter-redis'
import { StoreUnavailableError } from '@device-grant/core'
import type { Sample } from '@device-grant/core/testing'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test, { type ExecutionContext } from 'ava'
import { Redis } from 'ioredis'
import { connectPatiently, PATIENT_MS } from './patient.ts'

const it = hasRedis ? test : test.skip

const start = async (t: ExecutionContext, settings: readonly string[] = []) => {
  const server = await startRedisServer({ settings })
  const redis = connectPatiently(server.url)
  t.teardown(async () => {
    await disconnect(redis)
    await server.stop()
  })
  return { server, redis }
}

it('a suitable server gives no findings', async (t) => {
  const { redis } = await start(t)
  const { version, findings } = await checkServer(redis, PATIENT_MS)
  t.regex(version ?? '', /^\d+\.\d+/)
  t.deepEqual(findings, [])
})

it('a server that may evict gives a warning that says why', async (t) => {
  const { redis } = await start(t, ['maxmemory 100mb', 'maxmemory-policy volatile-lru'])
  const { findings } = await checkServer(redis, PATIENT_MS)
  t.is(findings.length, 1)
  t.is(findings[0]?.level, 'warning')
  t.regex(findings[0]?.text ?? '', /volatile-lru.*evicts pending logins.*noeviction/)
})

it('a replica and a lone Cluster node are errors', async (t) => {
  const { redis } = await start(t, ['replicaof 127.0.0.1 1'])
  t.deepEqual(
    (await checkServer(redis, PATIENT_MS)).findings.map(({ level }) => level),
    ['error'],
  )
  const { redis: node } = await start(t, ['cluster-enabled yes'])
  const { findings } = await checkServer(node, PATIENT_MS)
  t.deepEqual(
    findings.map(({ level }) => level),
    ['error'],
  )
  t.regex(findings[0]?.text ?? '', /redis\+cluster:/)
})

it('a server that forbids INFO gives a note, and CONFIG is not needed', async (t) => {
  const { server } = await start(t, [
    'rename-command CONFIG ""',
    'user app on >pw ~* &* +@all -info',
  ])
  const redis = new Redis(server.url.replace('//', '//app:pw@'), { enableReadyCheck: false })
  t.teardown(() => redis.disconnect())
  const { version, findings } = await checkServer(redis, PATIENT_MS)
  t.is(version, undefined)
  t.deepEqual(
    findings.map(({ level }) => level),
    ['note'],
  )
})

/** The commands that docs/operating.md lists. */
const COMMANDS = 'get set del eval evalsha ping time info select hello client'.split(' ')

const startAcl = async (t: ExecutionContext, commands: readonly string[], db: number) => {
  const rules = commands.map((name) => `+${name}`).join(' ')
  const { server } = await start(t, [`user app on >pw ~dg:* ${rules}`])
  const redis = connectPatiently(`${server.url.replace('//', '//app:pw@')}/${db}`)
  t.teardown(() => disconnect(redis))
  return redis
}

it('the permissions in the documentation are enough', async (t) => {
  const redis = await startAcl(t, COMMANDS, 2)
  t.deepEqual((await checkServer(redis, PATIENT_MS)).findings, [])
  await clockOffset(redis, { now: Date.now }, PATIENT_MS)
  const store = createRedisStateStore<Sample>(redis, { kind: 't:', timeoutMs: PATIENT_MS })
  const keepUntil = Date.now() + 60_000
  await store.update('x', () => ({ next: { value: 1, keepUntil }, reply: undefined }))
  t.is(await store.update('x', (state) => ({ next: state, reply: state?.value })), 1)
  t.is(await store.update('x', () => ({ next: undefined, reply: 'removed' })), 'removed')
})

it('a client that is not in its database is an error', async (t) => {
  const without = (name: string) => COMMANDS.filter((command) => command !== name)
  const { findings } = await checkServer(await startAcl(t, without('select'), 2), PATIENT_MS)
  t.deepEqual(
    findings.map(({ level }) => level),
    ['error'],
  )
  t.regex(findings[0]?.text ?? '', /database 0 and not to 2: SELECT is forbidden/)
  t.deepEqual((await checkServer(await startAcl(t, without('select'), 0), PATIENT_MS)).findings, [])
  t.deepEqual(
    (await checkServer(await startAcl(t, without('client'), 2), PATIENT_MS)).findings.map(
      ({ level }) => level,
    ),
    ['note'],
  )
})

/** A server that answers as an old Redis, because old ones are not installed here. */
const startOldRedis = async (t: ExecutionContext): Promise<number> => {
  const info = 'redis_version:6.0.16\r\nmaxmemory_policy:noeviction\r\nrole:master\r\n'
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('data', (bytes) => {
      for (const name of bytes.toString().match(/(?<=\r\n)(?:hello|client|info|ping)\r\n/gi) ??
        []) {
        if (/info/i.test(name)) socket.write(`$${info.length}\r\n${info}\r\n`)
        else if (/hello/i.test(name)) socket.write("-ERR unknown command 'HELLO'\r\n")
        else socket.write(/ping/i.test(name) ? '+PONG\r\n' : '+OK\r\n')
      }
    })
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port')
  return address.port
}

test('a server without PXAT is an error', async (t) => {
  const redis = new Redis({ port: await startOldRedis(t), disableClientInfo: true })
  t.teardown(() => redis.disconnect())
  const { version, findings } = await checkServer(redis, PATIENT_MS)
  t.is(version, '6.0.16')
  t.deepEqual(
    findings.map(({ level }) => level),
    ['error'],
  )
  t.regex(findings[0]?.text ?? '', /PXAT needs 6\.2/)
})

it('the offset of a clock is measured', async (t) => {
  const { redis } = await start(t)
  for (const offset of [0, 700, -90_000]) {
    const started = performance.now()
    const measured = await clockOffset(redis, { now: () => Date.now() + offset }, PATIENT_MS)
    // It is off by half of the fastest round trip, and clocks tell whole milliseconds.
    const boundMs = (performance.now() - started) / 2 + 5
    t.true(Math.abs(measured - offset) <= boundMs, `${measured} for ${offset}`)
  }
})

it('every check ends in time while the server hangs', async (t) => {
  const { server, redis } = await start(t)
  await ping(redis, PATIENT_MS)
  server.freeze()
  const started = performance.now()
  const expected = { instanceOf: StoreUnavailableError, message: /in time/ }
  await t.throwsAsync(() => ping(redis, 100), expected)
  await t.throwsAsync(() => checkServer(redis, 100), expected)
  await t.throwsAsync(() => clockOffset(redis, { now: Date.now }, 100), expected)
  t.true(performance.now() - started < PATIENT_MS)
  server.thaw()
  await ping(redis, PATIENT_MS)
})
