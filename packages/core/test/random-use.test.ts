import { createPolicy, type TokenReply } from '@device-grant/core'
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import { createMemoryService, type MemoryService, MINUTE, SECOND } from './memory-service.ts'
import { plain } from './plain.ts'

// The numbers are so small that random use reaches all of them.
const LIFE = 10 * MINUTE
const WAIT = { retryAfterMs: 10 * MINUTE }
const KEPT = 20 * MINUTE
const KEY_LIFE = 15 * MINUTE
const CEILING = 8
const policy = createPolicy({ keyLifetimeMs: KEY_LIFE, wrongCodesOfEveryone: CEILING })

const CLIENTS = [undefined, 'cli', 'other'] as const
const PEOPLE = ['ann', 'bob', 'cho'] as const
type Client = (typeof CLIENTS)[number]
type Person = (typeof PEOPLE)[number]

type Move =
  | { readonly do: 'authorize'; readonly client: Client }
  | { readonly do: 'poll'; readonly device: number; readonly client: Client | 'own' }
  | { readonly do: 'review' | 'approve' | 'deny'; readonly device: number; readonly person: Person }
  | { readonly do: 'guess' | 'list' | 'revokeAll'; readonly person: Person }
  | { readonly do: 'revoke'; readonly device: number; readonly person: Person }
  | { readonly do: 'confirm' | 'use'; readonly device: number }
  | { readonly do: 'pass'; readonly ms: number }

const device = fc.nat(3)
const person = fc.constantFrom(...PEOPLE)
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('authorize'), client: fc.constantFrom(...CLIENTS) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('poll'),
      device,
      client: fc.constantFrom(...Array<'own'>(12).fill('own'), ...CLIENTS),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('review', 'approve', 'approve', 'deny'),
      device,
      person,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('guess'), person }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('list'), person }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('revoke'), device, person }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('confirm', 'use', 'use'), device }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('pass'),
      ms: fc.oneof(
        fc.constantFrom(1, 500, 999, 1_000, 2_000, 4_000, 4_800, 5_000, 9_000, 10_000, 15_000),
        fc.constantFrom(60_000, 120_000, 300_000, 594_000, 600_000),
        fc.nat(20_000),
        fc.nat(2 * MINUTE),
        fc.nat(KEPT),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('revokeAll'), person }) },
)

interface Key {
  readonly id: string
  readonly owner: Person
  readonly approvedAt: number
  status: 'waiting' | 'issued' | 'arrived' | 'revoked'
  secret?: string
  issuedAt: number
  /** Whether it reached its device, even if it was revoked later. */
  arrived: boolean
  expiresAt: number
  forgottenAt: number
}

interface Device {
  readonly client: Client
  readonly deviceCode: string
  readonly userCode: string
  readonly askedAt: number
  /** In seconds. */
  interval: number
  acceptedAt?: number
  companion: boolean
  openedBy?: Person
  openedAt: number
  decision?: { readonly by: Person; readonly what: 'approve' | 'deny' }
  key?: Key
}

/** The expected replies, written as plainly as possible and without the rules. */
class Expectation {
  now = 0
  readonly devices: Device[] = []
  /** When each wrong code was typed. */
  readonly wrong: Record<Person, number[]> = { ann: [], bob: [], cho: [] }
  wrongOfAll: number[] = []

  poll(d: Device, client: Client): object {
    const age = this.now - d.askedAt
    if (client !== d.client || age >= KEPT) return { outcome: 'invalid_grant' }
    if (d.decision?.what === 'deny') return { outcome: 'access_denied' }
    if (d.decision) return this.#pickUp(d, age > LIFE + d.interval * SECOND + SECOND)
    if (age >= LIFE) return { outcome: 'expired_token' }
    const since = d.acceptedAt === undefined ? Number.POSITIVE_INFINITY : this.now - d.acceptedAt
    if (since >= d.interval * SECOND - SECOND) {
      d.acceptedAt = this.now
      d.companion = false
      return { outcome: 'authorization_pending' }
    }
    if (since <= SECOND && !d.companion) {
      d.companion = true
      return { outcome: 'authorization_pending' }
    }
    d.interval = Math.min(60, d.interval + 5)
    return { outcome: 'slow_down', interval: d.interval }
  }

  #pickUp({ key, interval }: Device, late: boolean): object {
    if (!key) return { outcome: 'no key: an error of this model' }
    switch (key.status) {
      case 'revoked':
        if (!key.arrived) return { outcome: 'access_denied' }
        return { outcome: late ? 'expired_token' : 'invalid_grant' }
      case 'arrived':
        return { outcome: late ? 'expired_token' : 'invalid_grant' }
      case 'waiting':
        if (late) return { outcome: 'expired_token' }
        key.expiresAt = this.now + KEY_LIFE
        key.forgottenAt = Math.max(key.forgottenAt, key.expiresAt + 10 * MINUTE)
        break
      case 'issued':
        if (this.now >= key.expiresAt) return { outcome: 'invalid_grant' }
        if (this.now - key.issuedAt < 2 * SECOND) return { outcome: 'slow_down', interval }
    }
    key.status = 'issued'
    key.issuedAt = this.now
    return {
      outcome: 'granted',
      keyId: key.id,
      // Never 0, in the last second of the key.
      expiresIn: Math.max(1, Math.floor((key.expiresAt - this.now) / SECOND)),
    }
  }

  /** The refusal. Undefined if the person has the device open now. */
  open(person: Person, d: Device | undefined): object | undefined {
    const recent = (times: number[]) => times.filter((at) => this.now - at < 10 * MINUTE)
    const own = recent(this.wrong[person]).length
    const full = recent(this.wrongOfAll).length >= CEILING
    const allowed = full ? 1 : 5
    if (own >= allowed) return { outcome: 'too_many_attempts', ...WAIT }
    const known = d !== undefined && this.now - d.askedAt < KEPT
    const held =
      d?.openedBy !== undefined && d.openedBy !== person && this.now - d.openedAt < 2 * MINUTE
    if (known && !held) {
      d.openedBy = person
      d.openedAt = this.now
      return undefined
    }
    this.wrong[person].push(this.now)
    if (!full) this.wrongOfAll.push(this.now)
    const attemptsLeft = allowed - own - 1
    return { outcome: 'invalid', attemptsLeft, ...(attemptsLeft > 0 ? {} : WAIT) }
  }

  answer(what: 'review' | 'approve' | 'deny', person: Person, d: Device): object {
    const refusal = this.open(person, d)
    if (refusal) return refusal
    const { userCode, client: clientId } = d
    const named = { userCode, ...(clientId === undefined ? {} : { clientId }) }
    if (d.decision) {
      const { by, what: yours } = d.decision
      return { outcome: 'already_processed', ...(by === person ? { yours, ...named } : {}) }
    }
    if (this.now - d.askedAt >= LIFE) return { outcome: 'expired', ...named }
    if (what === 'review') return { outcome: 'pending', userCode, request: { clientId } }
    d.decision = { by: person, what }
    return { outcome: what === 'approve' ? 'approved' : 'denied', ...named }
  }

  knows(key: Key | undefined): key is Key {
    return key !== undefined && this.now < key.forgottenAt
  }

  revoke(person: Person, key: Key | undefined): string {
    if (!this.knows(key) || key.owner !== person) return 'no_such_key'
    if (key.status === 'revoked') return 'already_revoked'
    key.status = 'revoked'
    return 'revoked'
  }

  use(key: Key): string {
    if (!this.knows(key)) return 'no_such_key'
    if (key.status === 'revoked') return 'revoked'
    if (this.now >= key.expiresAt) return 'expired'
    key.status = 'arrived'
    key.arrived = true
    return 'valid'
  }

  keysOf(person: Person): Key[] {
    return this.devices.flatMap(({ key }) => (key && key.owner === person ? [key] : []))
  }
}

const seen = new Map<string, number>()
const note = (did: string, outcome: string): void => {
  const name = `${did}: ${outcome}`
  seen.set(name, (seen.get(name) ?? 0) + 1)
}

/** Makes a move in the service and in the model, and compares the replies. */
const make = async (
  t: ExecutionContext,
  real: MemoryService,
  model: Expectation,
  move: Move,
): Promise<void> => {
  if (move.do === 'pass') {
    real.clock.pass(move.ms)
    model.now += move.ms
    return
  }
  if (move.do === 'authorize') {
    const { client } = move
    const asked = { ...(client === undefined ? {} : { clientId: client }), device: {} }
    const { deviceCode, userCode } = await real.authorizeDevice(asked)
    model.devices.push({
      client,
      deviceCode,
      userCode,
      askedAt: model.now,
      interval: 5,
      companion: false,
      openedAt: 0,
    })
    return
  }
  if (move.do === 'guess') {
    const expected = model.open(move.person, undefined)
    const reply = await real.reviewUserCode({ userCode: 'BBBB-BBBB', person: move.person })
    note('guess', reply.outcome)
    t.deepEqual(plain(reply as object), plain(expected ?? {}))
    return
  }
  if (move.do === 'list') {
    const works = (key: Key) => key.status !== 'revoked' && model.now < key.expiresAt
    const expected = model.keysOf(move.person).filter(works)
    const listed = await real.listApiKeys(move.person)
    note('list', expected.length > 0 ? 'some' : 'none')
    t.deepEqual(
      plain(listed.map(({ id, status }) => [id, status]).toSorted()),
      plain(
        expected.map((key) => [key.id, key.status === 'waiting' ? 'waiting' : 'active']).toSorted(),
      ),
    )
    const ages = listed.map(({ approvedAt }) => -approvedAt)
    t.deepEqual(plain(ages), plain(ages.toSorted((a, b) => a - b)))
    return
  }
  if (move.do === 'revokeAll') {
    const keys = model.keysOf(move.person)
    const working = keys.filter((key) => model.now < key.expiresAt)
    const expected = working.filter((key) => model.revoke(move.person, key) === 'revoked').length
    note('revokeAll', expected > 0 ? 'some' : 'none')
    t.is(await real.revokeAllApiKeys(move.person), expected)
    return
  }
  if (!('device' in move)) return
  const d = model.devices[move.device % model.devices.length]
  if (!d) return
  switch (move.do) {
    case 'poll': {
      const client = move.client === 'own' ? d.client : move.client
      const clientId = client === undefined ? {} : { clientId: client }
      const expected = model.poll(d, client)
      const reply: TokenReply = await real.pollForToken({ deviceCode: d.deviceCode, ...clientId })
      note('poll', reply.outcome)
      if (reply.outcome !== 'granted')
        return void t.deepEqual(plain(reply as object), plain(expected))
      const { apiKey, ...rest } = reply
      t.deepEqual(plain(rest as object), plain(expected))
      if (d.key) {
        if (d.key.secret !== undefined) note('poll', 'issued again')
        t.is(apiKey, d.key.secret ?? apiKey)
        d.key.secret = apiKey
      }
      return
    }
    case 'review': {
      const expected = model.answer('review', move.person, d)
      const reply = await real.reviewUserCode({ userCode: d.userCode, person: move.person })
      note('review', reply.outcome)
      t.like(reply as object, expected)
      return
    }
    case 'approve':
    case 'deny': {
      const expected = model.answer(move.do, move.person, d)
      const { userCode } = d
      const reply = await real.answerUserCode({ userCode, person: move.person, decision: move.do })
      note(move.do, reply.outcome)
      t.deepEqual(plain(reply as object), plain(expected))
      if (reply.outcome !== 'approved') return
      const mine = model.keysOf(move.person).map(({ id }) => id)
      const listed = await real.listApiKeys(move.person)
      const [added, ...more] = listed.filter(({ id }) => !mine.includes(id))
      t.deepEqual(plain(more), plain([]))
      d.key = {
        id: added?.id ?? 'none was added',
        owner: move.person,
        approvedAt: model.now,
        status: 'waiting',
        issuedAt: 0,
        arrived: false,
        expiresAt: d.askedAt + LIFE,
        forgottenAt: d.askedAt + KEPT,
      }
      return
    }
    case 'revoke': {
      const reply = await real.revokeApiKey({ owner: move.person, keyId: d.key?.id ?? 'none' })
      note('revoke', reply)
      t.is(reply, model.revoke(move.person, d.key) as typeof reply)
      return
    }
    case 'confirm': {
      if (d.key?.status === 'issued' && model.knows(d.key)) {
        d.key.status = 'arrived'
        d.key.arrived = true
      }
      await real.confirmDelivery(d.key?.id ?? 'none')
      return
    }
    case 'use': {
      if (d.key?.secret === undefined) return
      const expected = model.use(d.key)
      const reply = await real.authenticateApiKey(d.key.secret)
      note('use', reply.outcome)
      t.is(reply.outcome as string, expected)
      if (reply.outcome === 'valid') t.like(reply, { owner: d.key.owner, keyId: d.key.id })
    }
  }
}

const EVERYTHING = [
  ...['authorization_pending', 'slow_down', 'access_denied', 'expired_token', 'invalid_grant'],
  ...['granted', 'issued again'],
]
  .map((outcome) => `poll: ${outcome}`)
  .concat(
    ['approve: approved', 'deny: denied', 'review: pending'],
    ['approve', 'deny', 'review'].flatMap((did) =>
      ['already_processed', 'expired', 'invalid', 'too_many_attempts'].map(
        (outcome) => `${did}: ${outcome}`,
      ),
    ),
    ['guess: invalid', 'guess: too_many_attempts'],
    ['list: none', 'list: some', 'revokeAll: none', 'revokeAll: some'],
    ['revoke: revoked', 'revoke: already_revoked', 'revoke: no_such_key'],
    ['use: valid', 'use: expired', 'use: revoked', 'use: no_such_key'],
  )

test('every reply is the expected one, whatever devices and people do in any order', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(move, { minLength: 20, maxLength: 120, size: 'max' }),
      async (moves) => {
        const [real, model] = [createMemoryService(policy), new Expectation()]
        await make(t, real, model, { do: 'authorize', client: undefined })
        for (const each of moves) await make(t, real, model, each)
      },
    ),
    { numRuns: 1_000 },
  )
  // The test proves nothing about an outcome that never happened.
  t.deepEqual(plain(EVERYTHING.filter((name) => !seen.has(name))), plain([]))
})
