import { setTimeout as pause } from 'node:timers/promises'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import { authorize, type Codes, inTurn, pollUntilDone } from './device.ts'
import { endedLogins } from './ended-logins.ts'
import { keyRecords, recordErrorOf } from './key-records.ts'
import { worksEverywhere } from './key-use.ts'
import { approve } from './person.ts'
import { startServerProcesses } from './server-process.ts'
import { Tally } from './tally.ts'
import { between, Timeline } from './timeline.ts'

const mongo = hasRedis ? await ownMongoServer('logins through kills') : undefined
const it = mongo ? test : test.skip

const SERVERS = 4
/** The least number of logins in flight at each kill. */
const IN_FLIGHT = 200
/** Logins that begin before each kill. Some of them end before it. */
const LOGINS = 280
/** More logins that begin while something is down. */
const LATE = 10
const KILLS_AT_MS = [8_000, 22_000, 36_000]
const DOWN_MS = 3_000
const ALL_DONE_WITHIN_MS = 120_000
/** How long after sending polls the servers work on them. */
const POLLS_IN_FLIGHT_MS = 15

/**
 * When a device begins and when its person approves, in milliseconds from the start. Some approvals are
 * around a kill, and some while something is down. Some devices have only one poll left, at the kill.
 */
interface Plan {
  readonly beginAt: number
  readonly approveAt: number
  /** The device delays a poll to this time, if that is a few seconds away at most. */
  readonly pollAt?: number
}

const plansAround = (killAt: number): readonly Plan[] => {
  const all: Plan[] = []
  for (let i = 0; i < LOGINS; i++) {
    const beginAt = killAt - between(3_000, 6_000)
    if (i % 3 === 0) all.push({ beginAt, approveAt: killAt - 1_000, pollAt: killAt })
    if (i % 3 === 1) all.push({ beginAt, approveAt: killAt + between(-300, DOWN_MS) })
    if (i % 3 === 2) all.push({ beginAt, approveAt: killAt + between(-100, DOWN_MS + 3_000) })
  }
  for (let i = 0; i < LATE; i++) {
    const beginAt = killAt + between(-100, DOWN_MS)
    all.push({ beginAt, approveAt: beginAt + between(500, 3_000) })
  }
  return all
}

// A device may poll later than due, never sooner.
const HOLDS_MS = 2_500

it('a server, Redis and MongoDB are killed under 200 logins each, and every one ends with its one key', async (t) => {
  t.timeout(ALL_DONE_WITHIN_MS + 60_000)
  if (!mongo) return t.fail()
  // With `everysec`, a kill may lose an acknowledged write. This proof is about servers that lose none.
  const redis = await startRedisServer({ settings: ['appendonly yes', 'appendfsync always'] })
  const processes = await startServerProcesses(SERVERS, {
    redisUrl: redis.url,
    mongodbUri: mongo.uri,
  })
  t.teardown(async () => {
    await Promise.all(processes.map((server) => server.stop()))
    await redis.stop()
    await mongo.stop()
  })
  const [victim] = processes
  if (!victim) throw new Error('There are no servers')
  const servers = inTurn(processes.map(({ url }) => url))
  const tally = new Tally()
  const timeline = new Timeline()
  const until = timeline.startedAt + ALL_DONE_WITHIN_MS

  const killed = [
    { what: 'a server', kill: victim.kill, restart: victim.restart },
    { what: 'Redis', kill: redis.kill, restart: redis.restart },
    { what: 'MongoDB', kill: mongo.kill, restart: mongo.start },
  ].map(async ({ what, kill, restart }, i) => {
    const killAt = KILLS_AT_MS[i] ?? 0
    await timeline.at(killAt)
    await timeline.at(killAt + POLLS_IN_FLIGHT_MS)
    const open = inFlight
    t.true(open >= IN_FLIGHT, `${what}: ${open} in flight`)
    await kill()
    await pause(DOWN_MS)
    await restart()
    return `${what} killed with ${open} logins in flight, ${timeline.elapsed} ms: back`
  })
  let inFlight = 0

  const login = async (plan: Plan, i: number) => {
    await timeline.at(plan.beginAt)
    const codes: Codes = await authorize(servers, tally)
    inFlight += 1
    const person = `person ${i}`
    const { pollAt } = plan
    const device = pollUntilDone(servers, tally, codes, {
      until,
      beforePoll: async () => {
        const early = pollAt === undefined ? 0 : pollAt - timeline.elapsed
        if (early > 0 && early < HOLDS_MS) await pause(early)
      },
    })
    const approval = timeline
      .at(plan.approveAt)
      .then(() => approve(servers, tally, person, codes.userCode))
    const [ended, approved] = await Promise.all([device, approval])
    inFlight -= 1
    if (approved.presses > 1) tally.add('people who pressed again')
    if (approved.outcome === 'approved' && !approved.confirmed) {
      tally.add('people who pressed again and learned that it was done')
    }
    return { person, codes, ended, approved }
  }
  const logins = await Promise.allSettled(KILLS_AT_MS.flatMap(plansAround).map(login))
  const kills = await Promise.all(killed)
  const tookMs = timeline.elapsed

  const records = await keyRecords(mongo.uri)
  const errors: string[] = []
  let working = 0
  for (const [i, { person, codes, ended, approved }] of endedLogins(logins, errors)) {
    if (approved.outcome !== 'approved') errors.push(`login ${i}: person got ${approved.detail}`)
    if (ended.outcome !== 'key') {
      errors.push(`login ${i}: device got ${ended.error}`)
      continue
    }
    const own = records.filter(({ owner }) => owner === person)
    if (own.length !== 1) errors.push(`login ${i}: ${own.length} keys`)
    const error = recordErrorOf(own[0], ended.apiKey)
    if (error !== undefined) errors.push(`login ${i}: ${error}`)
    if (own[0]?.id !== codes.keyId) errors.push(`login ${i}: a key of another grant`)
    if (await worksEverywhere(tally, processes, ended.apiKey, codes.keyId)) working += 1
    else errors.push(`login ${i}: the key does not work everywhere`)
  }
  const log = processes.flatMap((server) => server.log)
  const logged = (pattern: RegExp): number => log.filter((line) => pattern.test(line)).length
  tally.add('server log: keys claimed', logged(/"reissued":false.*"key_claimed"/))
  // This number is random. lost-answers.test.ts loses answers on purpose.
  tally.add('server log: keys issued again', logged(/"reissued":true.*"key_claimed"/))
  tally.add('server log: errors', logged(/failed: /))
  t.log(
    [
      ...kills,
      `${logins.length} logins, ${working} with a working key and only one, ${tookMs} ms`,
      tally,
    ].join('\n'),
  )
  t.deepEqual(errors, [])
  t.is(working, (LOGINS + LATE) * KILLS_AT_MS.length)
  t.is(records.length, working)
  t.is(tally.sum('poll: 5'), 0)
})
