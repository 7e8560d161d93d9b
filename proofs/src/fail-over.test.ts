import { setTimeout as pause } from 'node:timers/promises'
import { connect as connectMongo } from '@device-grant/adapter-mongo'
import { connect as connectRedis, disconnect } from '@device-grant/adapter-redis'
import { ownMongoServer, replicaSet, withDatabase } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisCluster } from '@device-grant/test-support/redis-cluster'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import { authorize, type Codes, inTurn, type Login, pollUntilDone } from './device.ts'
import { endedLogins } from './ended-logins.ts'
import { keyRecords, recordErrorOf } from './key-records.ts'
import { keyIdAt, worksEverywhere } from './key-use.ts'
import { approve } from './person.ts'
import { startServerProcesses } from './server-process.ts'
import { Tally } from './tally.ts'
import { between, Timeline } from './timeline.ts'

const mongo = hasRedis ? await ownMongoServer('logins through a fail-over of Redis') : undefined
const set = hasRedis ? await replicaSet('logins while a primary steps down') : undefined

const BOUND_MS = 180_000
const ALL_DONE_WITHIN_MS = 100_000
const LOGINS = 100
/** More logins that begin around the fail-over. */
const LATE = 20
/** From here on the victim's replica gets no writes, so the fail-over forgets them. */
const DETACHED_AT_MS = 5_000
const KILL_AT_MS = 6_500
/** A person whose device makes no progress presses again after this time. */
const PATIENCE_MS = 12_000
/** Longer than a poll waits for a primary, in seconds. */
const STEPPED_DOWN_S = 6

interface Plan {
  readonly beginAt: number
  readonly approveAt: number
  /** The device does not poll between the approval and this time. */
  readonly pollNotBefore?: number
}

const plans = (): readonly Plan[] => {
  const all: Plan[] = []
  for (let i = 0; i < LOGINS; i++) {
    const beginAt = between(0, 2_500)
    // A third of the approvals may be forgotten, if their slot is on the victim.
    if (i % 3 === 0) {
      const approveAt = between(DETACHED_AT_MS + 200, KILL_AT_MS - 200)
      all.push({ beginAt, approveAt, pollNotBefore: KILL_AT_MS + 300 })
    } else all.push({ beginAt, approveAt: between(3_500, KILL_AT_MS + 4_000) })
  }
  for (let i = 0; i < LATE; i++) {
    const beginAt = between(DETACHED_AT_MS - 500, KILL_AT_MS + 2_500)
    all.push({ beginAt, approveAt: beginAt + between(500, 3_000) })
  }
  return all
}

/** The person starts the device again. */
class Restarted extends Error {}

const whole = mongo ? test : test.skip

whole(
  'a master of the Cluster is killed under 100 logins, and they end with one key each',
  async (t) => {
    t.timeout(BOUND_MS)
    if (!mongo) return t.fail()
    const cluster = await startRedisCluster()
    const processes = await startServerProcesses(2, {
      redisUrl: cluster.url,
      mongodbUri: mongo.uri,
    })
    t.teardown(async () => {
      await Promise.all(processes.map((server) => server.stop()))
      await cluster.stop()
      await mongo.stop()
    })
    const [victim, replica] = [cluster.servers[0], cluster.servers[3]]
    if (!victim || !replica) throw new Error('The Cluster is too small')
    const servers = inTurn(processes.map(({ url }) => url))
    const tally = new Tally()
    const timeline = new Timeline()
    const until = timeline.startedAt + ALL_DONE_WITHIN_MS

    const failOver = async (): Promise<void> => {
      const admin = connectRedis(victim.url)
      await timeline.at(DETACHED_AT_MS)
      replica.freeze()
      await admin.call('CLIENT', 'KILL', 'TYPE', 'replica')
      await timeline.at(KILL_AT_MS)
      await victim.kill()
      replica.thaw()
      await disconnect(admin)
    }

    /** Runs a device and its person with one pair of codes. */
    const runCodes = async (
      person: string,
      codes: Codes,
      plan: Plan,
    ): Promise<Login | undefined> => {
      let restarts = false
      let approved = false
      const ended = new AbortController()
      const device = pollUntilDone(servers, tally, codes, {
        until,
        beforePoll: async () => {
          if (approved && plan.pollNotBefore !== undefined) await timeline.at(plan.pollNotBefore)
          if (restarts) throw new Restarted()
        },
      }).finally(() => ended.abort())
      const watch = async (): Promise<void> => {
        await timeline.at(plan.approveAt)
        for (let again = false; !ended.signal.aborted; again = true) {
          approved = true
          const approval = await approve(servers, tally, person, codes.userCode)
          if (approval.outcome === 'refused') {
            // The device still polls, so this code was forgotten.
            if (!ended.signal.aborted) {
              tally.add(`person got ${approval.detail}`)
              restarts = true
            }
            return
          }
          if (again && approval.confirmed) tally.add('approvals that were forgotten, pressed again')
          if (again && !approval.confirmed)
            tally.add('pressed again, and it had not been forgotten')
          await pause(PATIENCE_MS, undefined, { signal: ended.signal }).catch(() => {})
        }
      }
      const [login] = await Promise.all([
        device.catch((error: unknown) => {
          if (!(error instanceof Restarted)) throw error
          return undefined
        }),
        watch(),
      ])
      return login
    }

    const logIn = async (plan: Plan, i: number) => {
      const person = `person ${i}`
      const abandoned: string[] = []
      await timeline.at(plan.beginAt)
      for (;;) {
        const codes = await authorize(servers, tally)
        const login = await runCodes(person, codes, plan)
        if (login?.outcome === 'key') return { person, codes, apiKey: login.apiKey, abandoned }
        const why = login ? `device got ${login.error}` : 'person was refused'
        tally.add(`codes that were forgotten, started again: ${why}`)
        abandoned.push(codes.keyId)
      }
    }
    const failingOver = failOver()
    const logins = await Promise.allSettled(plans().map(logIn))
    await failingOver
    const tookMs = timeline.elapsed

    const records = await keyRecords(mongo.uri)
    const errors: string[] = []
    let working = 0
    for (const [i, { person, codes, apiKey, abandoned }] of endedLogins(logins, errors)) {
      const own = records.filter(({ owner }) => owner === person)
      const record = own.find(({ id }) => id === codes.keyId)
      const error = recordErrorOf(record, apiKey)
      if (error !== undefined) errors.push(`login ${i}: ${error}`)
      // A key that is reserved for a forgotten code opens nothing and is forgotten later.
      const others = own.filter((one) => one !== record)
      for (const { id, status } of others) {
        if (status !== 'reserved' || !abandoned.includes(id))
          errors.push(`login ${i}: ${status} too`)
      }
      if (await worksEverywhere(tally, processes, apiKey, codes.keyId)) working += 1
      else errors.push(`login ${i}: the key does not work everywhere`)
    }
    t.log(
      `${logins.length} logins, ${working} with a working key and only one, ${tookMs} ms\n${tally}`,
    )
    t.deepEqual(errors, [])
    t.is(working, LOGINS + LATE)
    t.is(tally.sum('poll: 5'), 0)
    t.true(tally.of('approvals that were forgotten, pressed again') > 0, 'the fail-over forgot')
  },
)

const steppingDown = set ? test : test.skip

steppingDown('a primary of MongoDB steps down between approvals and pick-ups', async (t) => {
  t.timeout(BOUND_MS)
  if (!set) return t.fail()
  const redis = await startRedisServer()
  const mongodbUri = withDatabase(set.uri, `device_grant_proof_${process.pid}`)
  const admin = connectMongo(mongodbUri)
  const processes = await startServerProcesses(2, { redisUrl: redis.url, mongodbUri })
  t.teardown(async () => {
    await Promise.all(processes.map((server) => server.stop()))
    await admin.dropDatabase()
    await admin.client.close()
    await redis.stop()
    await set.stop()
  })
  const servers = inTurn(processes.map(({ url }) => url))
  const tally = new Tally()
  const until = Date.now() + ALL_DONE_WITHIN_MS
  const approved = await Promise.all(
    Array.from({ length: LOGINS }, async (_, i) => {
      const codes = await authorize(servers, tally)
      t.is((await approve(servers, tally, `person ${i}`, codes.userCode)).outcome, 'approved')
      return codes
    }),
  )
  // The server may close the connection instead of answering. It has stepped down either way.
  await admin.client
    .db('admin')
    .command({ replSetStepDown: STEPPED_DOWN_S, force: true })
    .catch(() => {})
  const logins = await Promise.all(
    approved.map((codes) => pollUntilDone(servers, tally, codes, { until })),
  )
  t.true(tally.of('poll: 400 slow_down') > 0, 'polls met no primary')
  t.is(tally.sum('poll: 5'), 0)
  const records = new Map((await keyRecords(mongodbUri)).map((record) => [record.id, record]))
  for (const [i, codes] of approved.entries()) {
    const login = logins[i]
    if (login?.outcome !== 'key') return t.fail(login?.error)
    t.is(recordErrorOf(records.get(codes.keyId), login.apiKey), undefined)
    t.is(await keyIdAt(tally, servers.next(), login.apiKey), codes.keyId)
  }
  t.is(records.size, LOGINS)
  t.log(`${LOGINS} logins through a primary that steps down:\n${tally}`)
})
