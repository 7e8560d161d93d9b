import test, { type ExecutionContext, type TestFn } from 'ava'
import { authorize, type Codes, inTurn, poll, pollUntilDone, type Servers } from './device.ts'
import { type KeyRecord, recordErrorOf } from './key-records.ts'
import { worksEverywhere } from './key-use.ts'
import { approve, decide } from './person.ts'
import type { Answer } from './requests.ts'
import type { ServerProcess } from './server-process.ts'
import { Tally } from './tally.ts'

/** How many servers race. */
export const SERVERS = 4
const CODES = 200
const POLLS = 50
const BOUND_MS = 180_000

/** The servers that race, and the records of their keys. */
export interface Racers {
  readonly processes: readonly ServerProcess[]
  /** Reads every API key, not through a server. */
  records(): Promise<readonly KeyRecord[]>
  /** Stops the servers and what they stand on. */
  stop(): Promise<void>
}

let racers: Racers | undefined
let processes: readonly ServerProcess[] = []
let servers: Servers = inTurn([])
const keyRecords = async (): Promise<readonly KeyRecord[]> => (await racers?.records()) ?? []

/** Calls `work` with all numbers below `count`, `atOnce` at a time. */
const forAll = async (
  count: number,
  atOnce: number,
  work: (i: number) => Promise<void>,
): Promise<void> => {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
}

interface Issued {
  readonly apiKey: string
  readonly sentAt: number
  readonly receivedAt: number
}

const DOCUMENTED = ['slow_down', 'authorization_pending', 'invalid_grant']

/** Sends many polls at once. The test fails if an answer is neither a key nor a documented error. */
const pollAtOnce = async (
  t: ExecutionContext,
  tally: Tally,
  codes: Codes,
): Promise<readonly Issued[]> => {
  const issued: Issued[] = []
  const one = async (): Promise<void> => {
    const sentAt = performance.now()
    const { status, body } = await poll(servers, tally, codes)
    if (status === 200) {
      issued.push({ apiKey: String(body['access_token']), sentAt, receivedAt: performance.now() })
    } else {
      t.is(status, 400)
      t.true(DOCUMENTED.includes(String(body['error'])), String(body['error']))
    }
  }
  await Promise.all(Array.from({ length: POLLS }, one))
  return issued
}

/** The test fails if two keys differ, or if a key was issued again within 2 s. */
const checkIssued = (t: ExecutionContext, issued: readonly Issued[]): void => {
  t.is(new Set(issued.map(({ apiKey }) => apiKey)).size, 1)
  for (const [i, { receivedAt }] of issued.entries()) {
    if (i > 0) t.true(receivedAt - Math.min(...issued.map(({ sentAt }) => sentAt)) >= 2_000)
  }
}

const checkKeys = async (
  t: ExecutionContext,
  tally: Tally,
  keys: ReadonlyMap<string, string>,
): Promise<void> => {
  const records = new Map((await keyRecords()).map((record) => [record.id, record]))
  for (const [keyId, apiKey] of keys) {
    t.is(recordErrorOf(records.get(keyId), apiKey), undefined)
    t.true(await worksEverywhere(tally, processes, apiKey, keyId))
  }
}

const checkLoser = (
  t: ExecutionContext,
  { status, body }: Answer,
  approvedByThemselves: boolean | undefined,
): void => {
  t.is(status, 400)
  if (approvedByThemselves !== undefined) {
    t.is(body['detail'], 'This device code has already been processed.')
    t.is(body['your_decision'], approvedByThemselves ? 'approve' : 'deny')
    return
  }
  t.true(
    [
      'Another account has this code open. Try again in two minutes.',
      'This device code has already been processed.',
    ].includes(String(body['detail'])),
  )
  t.false('your_decision' in body)
}

/** Proves what holds in races between servers on the same stores, with `test` or `test.skip`. */
export const proveRaces = (it: TestFn | TestFn['skip'], start: () => Promise<Racers>): void => {
  if (it === test) {
    test.before(async () => {
      racers = await start()
      processes = racers.processes
      servers = inTurn(processes.map(({ url }) => url))
    })
    test.after.always(async () => racers?.stop())
  }

  it('of 50 polls at once on four servers one gets the key, and the others get the right error', async (t) => {
    t.timeout(BOUND_MS)
    const tally = new Tally()
    const keys = new Map<string, string>()
    await forAll(CODES, 5, async (i) => {
      const codes = await authorize(servers, tally)
      const { outcome } = await approve(servers, tally, `racer ${i}`, codes.userCode)
      t.is(outcome, 'approved')
      const issued = await pollAtOnce(t, tally, codes)
      tally.add('key issued', issued.length)
      t.true(issued.length > 0)
      checkIssued(t, issued)
      keys.set(codes.keyId, issued[0]?.apiKey ?? '')
    })
    t.is(new Set(keys.values()).size, CODES)
    t.is(tally.sum('poll: '), CODES * POLLS)
    t.is(tally.of('poll: 200'), tally.of('key issued'))
    await checkKeys(t, tally, keys)
    const records = await keyRecords()
    t.is(records.filter(({ owner }) => owner.startsWith('racer ')).length, CODES)
    t.log(`${CODES} codes, ${POLLS} polls each:\n${tally}`)
  })

  it('none of 50 polls loses an approval that arrives among them', async (t) => {
    t.timeout(BOUND_MS)
    const tally = new Tally()
    const keys = new Map<string, string>()
    await forAll(CODES / 4, 5, async (i) => {
      const codes = await authorize(servers, tally)
      const [issued, approval] = await Promise.all([
        pollAtOnce(t, tally, codes),
        approve(servers, tally, `busy ${i}`, codes.userCode),
      ])
      t.is(approval.outcome, 'approved')
      t.is(approval.presses, 1)
      if (issued.length > 0) checkIssued(t, issued)
      tally.add(issued.length > 0 ? 'picked up at once' : 'picked up later', 1)
      let apiKey = issued[0]?.apiKey
      if (apiKey === undefined) {
        const login = await pollUntilDone(servers, tally, codes, { until: Date.now() + 60_000 })
        if (login.outcome !== 'key') return t.fail(login.error)
        apiKey = login.apiKey
      }
      keys.set(codes.keyId, apiKey)
    })
    t.is(new Set(keys.values()).size, CODES / 4)
    await checkKeys(t, tally, keys)
    t.log(`${CODES / 4} codes approved while they are polled:\n${tally}`)
  })

  it('of an approval and a denial at once one wins, and both people learn which', async (t) => {
    t.timeout(BOUND_MS)
    const tally = new Tally()
    const keys = new Map<string, string>()
    await forAll(CODES, 20, async (i) => {
      const twoPeople = i % 2 === 0
      const [ann, bob] = twoPeople ? [`ann ${i}`, `bob ${i}`] : [`ann ${i}`, `ann ${i}`]
      const codes = await authorize(servers, tally)
      const deny = () => decide(servers, tally, bob, codes.userCode, 'deny')
      const allow = () => decide(servers, tally, ann, codes.userCode, 'approve')
      // Both decisions are sent first in turn, and to each server in turn.
      const denyFirst = Math.floor(i / 2) % 2 === 0
      if (i % 4 > 1) servers.next()
      const [first, second] = await Promise.all(denyFirst ? [deny(), allow()] : [allow(), deny()])
      const [approval, denial] = denyFirst ? [second, first] : [first, second]
      const won = [approval, denial].filter(({ status }) => status === 200)
      t.is(won.length, 1)
      const approved = approval.status === 200
      tally.add(`${twoPeople ? 'two people' : 'one person'}: ${approved ? 'approved' : 'denied'}`)
      checkLoser(t, approved ? denial : approval, twoPeople ? undefined : approved)
      const login = await pollUntilDone(servers, tally, codes, { until: Date.now() + 60_000 })
      if (login.outcome === 'key') keys.set(codes.keyId, login.apiKey)
      else t.is(login.error, 'access_denied')
      t.is(login.outcome === 'key', approved)
    })
    await checkKeys(t, tally, keys)
    // A key that is reserved for a lost approval opens nothing and is forgotten with its grant.
    const open = (await keyRecords()).filter(
      ({ owner, status }) => /^(?:ann|bob) /.test(owner) && status !== 'reserved',
    )
    t.deepEqual(open.map(({ id }) => id).sort(), [...keys.keys()].sort())
    t.log(`${CODES} races of an approve and a deny:\n${tally}`)
  })
}
