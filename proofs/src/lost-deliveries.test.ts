import { grantIdOf, keyIdOf } from '@device-grant/core'
import { startBufferingProxy } from '@device-grant/test-support/buffering-proxy'
import { type Cut, startByteForwarder } from '@device-grant/test-support/byte-forwarder'
import { outcomeOf, poll } from '@device-grant/test-support/device'
import { send } from '@device-grant/test-support/http-exchange'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { decide } from '@device-grant/test-support/person'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import { type DeviceLogin, logInStubbornly } from '@device-grant/test-support/stubborn-device'
import test, { type ExecutionContext } from 'ava'
import { keyRecords } from './key-records.ts'
import { type ServerProcess, startServerProcess } from './server-process.ts'

const mongo = hasRedis ? await ownMongoServer('keys lost on their way to the device') : undefined
const it = mongo ? test : test.skip

const BOUND_MS = 900_000
const LOGINS_AT_ONCE = 50
const BUFFERED_LOGINS = 500
const mongodbUri = mongo?.uri ?? ''

let redis: Awaited<ReturnType<typeof startRedisServer>> | undefined
let server: ServerProcess | undefined

test.before(async () => {
  if (!mongo) return
  redis = await startRedisServer()
  server = await startServerProcess({ redisUrl: redis.url, mongodbUri })
})

test.after.always(async () => {
  await server?.stop()
  await redis?.stop()
  await mongo?.stop()
})

/** The URL of the server, and its port. */
const target = (): { readonly url: string; readonly port: number } => {
  if (!server) throw new Error('There is no server')
  return { url: server.url, port: Number(new URL(server.url).port) }
}

/** Runs work for all numbers below `count`, so many at once. */
const forAll = async (count: number, work: (i: number) => Promise<void>): Promise<void> => {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: LOGINS_AT_ONCE }, lane))
}

/** One login through a proxy in real time. Its key works, and its first use ends the code. */
const logIn = async (t: ExecutionContext, port: number, person: string): Promise<DeviceLogin> => {
  const { url } = target()
  const login = await logInStubbornly(`http://127.0.0.1:${port}`, {
    approve: (userCode) => decide(url, userCode, 'approve', person),
    wait: (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000)),
  })
  const headers = { authorization: `Bearer ${login.apiKey}` }
  t.is((await send(url, { method: 'GET', path: '/api/whoami', headers })).status, 200, person)
  t.is(outcomeOf(await poll(url, login.codes.device_code)), 'invalid_grant', person)
  return login
}

/** Fails unless MongoDB holds just one key of each person, used, and of the code of that login. */
const haveOneKeyEach = async (
  t: ExecutionContext,
  logins: ReadonlyMap<string, DeviceLogin>,
): Promise<void> => {
  const found = (await keyRecords(mongodbUri))
    .filter(({ owner }) => logins.has(owner))
    .map(({ owner, id, status }) => `${owner} ${id} ${status}`)
  const expected = Array.from(
    logins,
    ([person, { codes }]) => `${person} ${keyIdOf(grantIdOf(codes.device_code))} active`,
  )
  t.deepEqual(found.toSorted(), expected.toSorted())
}

it('hundreds of logins behind a buffering proxy that loses the key up to five times', async (t) => {
  t.timeout(BOUND_MS)
  const issued = new Map<string, number>()
  const proxy = await startBufferingProxy(target().port, (answer) => {
    const [, key] = /"access_token":"([^"]+)"/.exec(answer) ?? []
    if (key === undefined) return false
    const count = (issued.get(key) ?? 0) + 1
    issued.set(key, count)
    // Which logins lose how many answers depends on the key, which is random.
    return count <= key.charCodeAt(10) % 6
  })
  t.teardown(proxy.close)
  const logins = new Map<string, DeviceLogin>()
  await forAll(BUFFERED_LOGINS, async (i) => {
    const person = `buffered ${i}`
    logins.set(person, await logIn(t, proxy.port, person))
  })
  t.deepEqual([...issued.keys()].toSorted(), [...logins.values()].map(keyOf).toSorted())
  for (const login of logins.values()) t.is(issued.get(login.apiKey), login.lost + 1)
  await haveOneKeyEach(t, logins)
  const lost = [...logins.values()].reduce((sum, login) => sum + login.lost, 0)
  t.log(`${logins.size} logins, ${lost} answers with a key lost, one working key each`)
})

const keyOf = ({ apiKey }: DeviceLogin): string => apiKey

it('a login behind a forwarder that is cut at every byte of a login in turn', async (t) => {
  t.timeout(BOUND_MS)
  const whole = await startByteForwarder(target().port)
  const uncut = await logIn(t, whole.port, 'uncut')
  await whole.close()
  t.is(uncut.lost, 0)
  const cuts = (['request', 'answer'] as const).flatMap((direction) =>
    Array.from({ length: whole.passed[direction] }, (_, afterBytes): Cut => {
      return { direction, afterBytes }
    }),
  )
  const logins = new Map<string, DeviceLogin>()
  await forAll(cuts.length, async (i) => {
    const cut = cuts[i]
    if (!cut) return
    const person = `${cut.direction} cut after ${cut.afterBytes}`
    const forwarder = await startByteForwarder(target().port, cut)
    const login = await logIn(t, forwarder.port, person)
    t.true(forwarder.hasCut, person)
    t.is(login.lost, 1, person)
    await forwarder.close()
    logins.set(person, login)
  })
  t.is(logins.size, cuts.length)
  await haveOneKeyEach(t, logins)
  const { request, answer } = whole.passed
  t.log(`${logins.size} logins: ${request} bytes of requests and ${answer} of answers cut`)
})
