import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import test from 'ava'
import { authorize, inTurn, pollUntilDone } from './device.ts'
import { endedLogins } from './ended-logins.ts'
import { recordErrorOf } from './key-records.ts'
import { worksEverywhere } from './key-use.ts'
import { keyRecordsIn } from './lmdb-key-records.ts'
import { approve } from './person.ts'
import { startServerProcess } from './server-process.ts'
import { Tally } from './tally.ts'
import { between, Timeline } from './timeline.ts'

/** The least number of logins in flight at each kill. */
const IN_FLIGHT = 200
/** Devices that log in at once, one login after another. */
const DEVICES = 280
const KILLS = 8
const KILL_EVERY_MS = 3_000
const ALL_DONE_WITHIN_MS = 180_000

test('a server on a folder is killed every 3 s under 200 logins, and no approved one is lost', async (t) => {
  t.timeout(ALL_DONE_WITHIN_MS + 60_000)
  const path = await mkdtemp(join(tmpdir(), 'folder-kills-'))
  const server = await startServerProcess({}, { STORES: '', DATA_DIR: path })
  t.teardown(async () => {
    await server.stop()
    await rm(path, { recursive: true })
  })
  const servers = inTurn([server.url])
  const tally = new Tally()
  const timeline = new Timeline()
  const until = timeline.startedAt + ALL_DONE_WITHIN_MS
  let [inFlight, people] = [0, 0]
  let isOver = false

  const login = async () => {
    const person = `person ${people++}`
    const codes = await authorize(servers, tally)
    inFlight += 1
    const device = pollUntilDone(servers, tally, codes, { until })
    const approval = pause(between(0, 4_000)).then(() =>
      approve(servers, tally, person, codes.userCode),
    )
    const [ended, approved] = await Promise.all([device, approval])
    inFlight -= 1
    return { person, codes, ended, approved }
  }
  const logins: ReturnType<typeof login>[] = []
  const devices = Array.from({ length: DEVICES }, async () => {
    // A device whose login failed stops, because the proof has failed.
    for (let goesOn = true; goesOn && !isOver; ) {
      const next = login()
      logins.push(next)
      goesOn = await next.then(
        () => true,
        () => false,
      )
    }
  })
  const kills: string[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    await pause(KILL_EVERY_MS)
    // After a restart on a slow machine, not all devices have a code yet.
    while (inFlight < IN_FLIGHT && Date.now() < until) await pause(20)
    const open = inFlight
    t.true(open >= IN_FLIGHT, `${open} in flight`)
    await server.restart()
    kills.push(`killed with ${open} logins in flight, ${timeline.elapsed} ms: back`)
  }
  isOver = true
  await Promise.all(devices)

  const errors: string[] = []
  const ended = endedLogins(await Promise.allSettled(logins), errors)
  const records = await keyRecordsIn(path)
  let working = 0
  for (const [i, { person, codes, ended: end, approved }] of ended) {
    if (approved.outcome !== 'approved') errors.push(`login ${i}: person got ${approved.detail}`)
    if (end.outcome !== 'key') {
      errors.push(`login ${i}: device got ${end.error}`)
      continue
    }
    const own = records.filter(({ owner }) => owner === person)
    if (own.length !== 1) errors.push(`login ${i}: ${own.length} keys`)
    const error = recordErrorOf(own[0], end.apiKey)
    if (error !== undefined) errors.push(`login ${i}: ${error}`)
    if (await worksEverywhere(tally, [server], end.apiKey, codes.keyId)) working += 1
    else errors.push(`login ${i}: the key does not work`)
  }
  t.log([...kills, `${logins.length} logins, ${working} with a working key`, tally].join('\n'))
  t.deepEqual(errors, [])
  t.is(working, logins.length)
  t.is(records.length, working)
  t.is(tally.sum('poll: 5'), 0)
})
