import { type CuttingProxy, startCuttingProxy } from '@device-grant/test-support/cutting-proxy'
import { eventually } from '@device-grant/test-support/eventually'
import {
  type MongoCuttingProxy,
  startMongoCuttingProxy,
} from '@device-grant/test-support/mongo-cutting-proxy'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test, { type ExecutionContext } from 'ava'
import { authorize, poll, pollUntilDone } from './device.ts'
import { keyRecords, recordErrorOf } from './key-records.ts'
import { keyIdAt } from './key-use.ts'
import { approve } from './person.ts'
import { startServerProcess } from './server-process.ts'
import { Tally } from './tally.ts'

const mongo = hasRedis ? await ownMongoServer('answers lost between server and stores') : undefined
const it = mongo ? test : test.skip

const BOUND_MS = 240_000
/** More writes than a login has. A loop that reaches this number never ends. */
const MOST_WRITES = 60

let redis: Awaited<ReturnType<typeof startRedisServer>> | undefined
let redisProxy: CuttingProxy | undefined
let mongoProxy: MongoCuttingProxy | undefined
/** Called for every write to MongoDB. `true` drops its answer with the connection. */
let onMongoWrite: () => boolean = () => false

test.before(async () => {
  if (!mongo) return
  redis = await startRedisServer()
  redisProxy = await startCuttingProxy(redis.port)
  mongoProxy = await startMongoCuttingProxy({ host: '127.0.0.1', port: mongo.port }, () =>
    onMongoWrite(),
  )
})

test.after.always(async () => {
  await redisProxy?.close()
  await mongoProxy?.close()
  await redis?.stop()
  await mongo?.stop()
})

const stores = () => ({
  redisUrl: `redis://127.0.0.1:${redisProxy?.port}`,
  mongodbUri: `mongodb://127.0.0.1:${mongoProxy?.port}`,
})

/** Runs a login with polls before and after the approval, and checks its key. */
const logIn = async (
  t: ExecutionContext,
  tally: Tally,
  person: string,
  next: () => string,
): Promise<void> => {
  const servers = { next }
  const codes = await authorize(servers, tally)
  const early = await poll(servers, tally, codes)
  t.true(['authorization_pending', 'slow_down', undefined].includes(errorOf(early.body)), person)
  const approval = await approve(servers, tally, person, codes.userCode)
  t.is(approval.outcome, 'approved', person)
  if (approval.presses > 1) tally.add('people who pressed again')
  const login = await pollUntilDone(servers, tally, codes, { until: Date.now() + 60_000 })
  if (login.outcome !== 'key') return t.fail(`${person}: ${login.error}`)
  // Repeated if the server was killed by it. A server that runs must accept the key at once.
  const keyId = await keyIdAt(tally, next(), login.apiKey)
  t.is(keyId ?? (await keyIdAt(tally, next(), login.apiKey)), codes.keyId, person)
  t.is(tally.sum('whoami: 5'), 0, person)
  const own = (await keyRecords(mongo?.uri ?? '')).filter(({ owner }) => owner === person)
  t.is(own.length, 1, person)
  t.is(recordErrorOf(own[0], login.apiKey), undefined, person)
  tally.add('logins with one working key')
}

/**
 * Runs logins: the first is cut after its first write to MongoDB, the next after its second, until one
 * ends without a cut. Returns how many writes were cut.
 */
const withEachWrite = async (
  login: (n: number) => Promise<void>,
  onCut: () => void = () => {},
): Promise<number> => {
  for (let n = 1; n <= MOST_WRITES; n++) {
    let writes = 0
    onMongoWrite = () => {
      writes += 1
      if (writes === n) onCut()
      return writes === n
    }
    await login(n)
    if (writes < n) return n - 1
  }
  throw new Error('A login has too many writes')
}

const errorOf = (body: Readonly<Record<string, unknown>>): string | undefined =>
  typeof body['error'] === 'string' ? body['error'] : undefined

it('the answer to each write to Redis in turn is lost with its connection', async (t) => {
  t.timeout(BOUND_MS)
  if (!redisProxy) return t.fail()
  const server = await startServerProcess(stores())
  t.teardown(() => server.stop())
  const tally = new Tally()
  let cut = 0
  for (let n = 1; n <= MOST_WRITES; n++) {
    const before = redisProxy.cuts
    redisProxy.cutAfterWrite(n)
    await logIn(t, tally, `redis ${n}`, () => server.url)
    if (redisProxy.cuts === before) break
    cut = n
  }
  t.true(cut >= 8, 'authorize, polls and approval are all cut')
  t.true(cut < MOST_WRITES)
  t.log(`${cut} writes to Redis cut, one in each login:\n${tally}`)
})

it('the answer to each write to MongoDB in turn is lost with its connection', async (t) => {
  t.timeout(BOUND_MS)
  const server = await startServerProcess(stores())
  t.teardown(() => server.stop())
  const tally = new Tally()
  const cut = await withEachWrite(async (n) => {
    await logIn(t, tally, `mongodb ${n}`, () => server.url)
  })
  t.true(cut >= 3, 'reservation, claim and first use are all cut')
  t.log(`${cut} writes to MongoDB cut, one in each login:\n${tally}`)
})

it('a server is killed at each of its writes to MongoDB in turn, before their answer', async (t) => {
  t.timeout(BOUND_MS)
  if (!redis || !mongo) return t.fail()
  const [victim, other] = await Promise.all([
    startServerProcess(stores()),
    startServerProcess({ redisUrl: redis.url, mongodbUri: mongo.uri }),
  ])
  t.teardown(() => Promise.all([victim.stop(), other.stop()]))
  const tally = new Tally()
  let url = victim.url
  let death = Promise.resolve()
  const killed = await withEachWrite(
    async (n) => {
      await logIn(t, tally, `killed ${n}`, () => url)
      await death
      await victim.restart()
      url = victim.url
    },
    () => {
      death = victim.kill()
      url = other.url
    },
  )
  t.true(killed >= 3, 'reservation, claim and first use are all cut')
  t.log(`A server killed at ${killed} writes, one in each login:\n${tally}`)
})

it('the answer with the key is lost on its way to the device, and is issued again', async (t) => {
  t.timeout(BOUND_MS)
  if (!redis || !mongo) return t.fail()
  const mongodbUri = mongo.uri
  const server = await startServerProcess({ redisUrl: redis.url, mongodbUri })
  const proxy = await startCuttingProxy(Number(new URL(server.url).port))
  t.teardown(async () => {
    await server.stop()
    await proxy.close()
  })
  const tally = new Tally()
  const direct = { next: () => server.url }
  const broken = { next: () => `http://127.0.0.1:${proxy.port}` }
  const logins = 10
  for (let n = 1; n <= logins; n++) {
    const person = `lost ${n}`
    const codes = await authorize(direct, tally)
    t.is((await approve(direct, tally, person, codes.userCode)).outcome, 'approved')
    proxy.cutAfterWrite(1)
    t.is((await poll(broken, tally, codes)).status, 0)
    await eventually('the key is claimed', async () =>
      (await keyRecords(mongodbUri)).some(
        ({ owner, status }) => owner === person && status === 'claimed',
      ),
    )
    const login = await pollUntilDone(direct, tally, codes, { until: Date.now() + 30_000 })
    if (login.outcome !== 'key') return t.fail(login.error)
    t.is(await keyIdAt(tally, server.url, login.apiKey), codes.keyId)
  }
  t.is(proxy.cuts, logins)
  t.log(`${logins} answers with a key lost on their way to the device:\n${tally}`)
})
