import {
  createPolicy,
  type DeviceGrantEvent,
  grantIdOf,
  keyIdOf,
  keyNameOf,
  type ListedKey,
  secretHashOf,
  type TokenReply,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
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
const KEYS = 2
const policy = createPolicy({
  keyLifetimesMs: [KEY_LIFE],
  wrongCodesOfEveryone: CEILING,
  keysPerPerson: KEYS,
  // A revoked key is then kept only as long as its grant can live.
  keepEndedKeysMs: 0,
})

const CLIENTS = [undefined, 'cli', 'other'] as const
const PEOPLE = ['ann', 'bob', 'cho'] as const
type Client = (typeof CLIENTS)[number]
type Person = (typeof PEOPLE)[number]

type Move =
  | { readonly do: 'authorize'; readonly client: Client }
  | { readonly do: 'poll'; readonly device: number; readonly client: Client | 'own' }
  | { readonly do: 'review' | 'approve' | 'deny'; readonly device: number; readonly person: Person }
  | { readonly do: 'guess' | 'list' | 'revokeAll'; readonly person: Person }
  | { readonly do: 'revoke' | 'release'; readonly device: number; readonly person: Person }
  | { readonly do: 'use'; readonly device: number }
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
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('revoke', 'release'), device, person }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('use'), device }) },
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
  status: 'waiting' | 'issued' | 'used' | 'revoked'
  secret?: string
  firstIssuedAt: number
  issuedAt: number
  /** Whether it was used, even if it was revoked later. */
  used: boolean
  lastUsedAt?: number
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
  openedBy?: Person | undefined
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
  /** When each person revoked all keys the last time. */
  readonly cutOff: Partial<Record<Person, number>> = {}

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
        return { outcome: key.used ? 'invalid_grant' : 'access_denied' }
      case 'used':
        return { outcome: 'invalid_grant' }
      case 'waiting':
        if (late) return { outcome: 'expired_token' }
        key.firstIssuedAt = this.now
        key.expiresAt = this.now + KEY_LIFE
        key.forgottenAt = Math.max(key.forgottenAt, key.expiresAt + 10 * MINUTE)
        break
      case 'issued':
        if (this.now >= Math.min(key.expiresAt, key.firstIssuedAt + 2 * MINUTE)) {
          return { outcome: 'invalid_grant' }
        }
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
    if (d && this.now - d.askedAt < KEPT) {
      if (d.openedBy === person) return undefined
      const heldFor = d.openedBy === undefined ? 0 : d.openedAt + 2 * MINUTE - this.now
      if (heldFor > 0) return { outcome: 'contested', retryAfterMs: heldFor }
      d.openedBy = person
      d.openedAt = this.now
      return undefined
    }
    this.wrong[person].push(this.now)
    if (!full) this.wrongOfAll.push(this.now)
    const attemptsLeft = allowed - own - 1
    return { outcome: 'invalid', attemptsLeft, ...(attemptsLeft > 0 ? {} : WAIT) }
  }

  release(person: Person, d: Device): void {
    if (d.openedBy === person) d.openedBy = undefined
  }

  answer(what: 'review' | 'approve' | 'deny', person: Person, d: Device): object {
    const refusal = this.open(person, d)
    if (refusal) return refusal
    const { userCode, client: clientId } = d
    const named = { userCode, ...(clientId === undefined ? {} : { clientId }) }
    if (d.decision) {
      const { by, what: yours } = d.decision
      const { id: keyId, approvedAt } = d.key ?? {}
      const granted =
        yours === 'approve' ? { granted: { keyId, approvedAt, lifetimeMs: KEY_LIFE } } : {}
      const own = by === person ? { yours, ...granted, ...named } : {}
      return { outcome: 'already_processed', ...own }
    }
    if (this.now - d.askedAt >= LIFE) {
      return { outcome: 'expired', ...(d.openedAt - d.askedAt < LIFE ? named : {}) }
    }
    if (what === 'review') return { outcome: 'pending', userCode, request: { clientId } }
    if (what === 'approve') {
      if (this.now <= (this.cutOff[person] ?? Number.NEGATIVE_INFINITY) + SECOND) {
        return { outcome: 'key_not_created' }
      }
      const live = this.liveKeysOf(person)
      if (live.length >= KEYS) {
        const touchedAt = (key: Key): number => key.lastUsedAt ?? key.approvedAt
        const [oldest] = live.toSorted((a, b) => touchedAt(a) - touchedAt(b))
        return { outcome: 'too_many_keys', limit: KEYS, leastRecentlyUsed: oldest?.id }
      }
      d.key = {
        id: keyIdOf(grantIdOf(d.deviceCode)),
        owner: person,
        approvedAt: this.now,
        status: 'waiting',
        firstIssuedAt: 0,
        issuedAt: 0,
        used: false,
        // The longest interval and the slack.
        expiresAt: d.askedAt + LIFE + 61 * SECOND,
        forgottenAt: d.askedAt + KEPT + 5 * MINUTE,
      }
    }
    d.decision = { by: person, what }
    return what === 'approve'
      ? { outcome: 'approved', keyId: d.key?.id, ...named }
      : { outcome: 'denied', ...named }
  }

  knows(key: Key | undefined): key is Key {
    return key !== undefined && this.now < key.forgottenAt
  }

  revoke(person: Person, key: Key | undefined): string {
    if (!this.knows(key) || key.owner !== person) return 'no_such_key'
    if (key.status === 'revoked') return 'already_revoked'
    if (key.status !== 'waiting') key.forgottenAt = this.now + KEPT + 5 * MINUTE + SECOND
    key.status = 'revoked'
    return 'revoked'
  }

  use(key: Key): string {
    if (!this.knows(key)) return 'no_such_key'
    if (key.status === 'revoked') return 'revoked'
    if (this.now >= key.expiresAt) return 'expired'
    key.status = 'used'
    key.used = true
    if (key.lastUsedAt === undefined || this.now - key.lastUsedAt >= MINUTE) {
      key.lastUsedAt = this.now
    }
    return 'valid'
  }

  /** The newest approval first, and then by id. */
  liveKeysOf(person: Person): Key[] {
    return this.devices
      .flatMap(({ key }) => key ?? [])
      .filter((key) => key.owner === person && key.status !== 'revoked' && this.now < key.expiresAt)
      .sort((a, b) => b.approvedAt - a.approvedAt || (a.id < b.id ? 1 : -1))
  }
}

const seen = new Map<string, number>()
const note = (did: string, outcome: string): void => {
  const name = `${did}: ${outcome}`
  seen.set(name, (seen.get(name) ?? 0) + 1)
}

const LISTED = { waiting: 'waiting', issued: 'unused', used: 'active', revoked: 'never' } as const

/** All keys of a person, read in pages of one key. */
const list = async (real: MemoryService, owner: Person): Promise<ListedKey[]> => {
  const keys: ListedKey[] = []
  let after: string | undefined
  do {
    const page = await real.listApiKeys({ owner, after, limit: 1 })
    keys.push(...page.keys)
    after = page.next
  } while (after !== undefined)
  return keys
}

/** Makes a move in the service and in the model, and compares the replies. */
const make = async (
  t: ExecutionContext,
  real: MemoryService,
  model: Expectation,
  move: Move,
): Promise<void> => {
  /** Moves the time of an approval to the clock of the model. */
  const byModelsClock = (reply: object): object => {
    if (!('granted' in reply)) return reply
    const granted = reply.granted as { readonly approvedAt: number }
    const approvedAt = granted.approvedAt - (real.clock.now() - model.now)
    return { ...reply, granted: { ...granted, approvedAt } }
  }
  if (move.do === 'pass') {
    real.clock.pass(move.ms)
    model.now += move.ms
    return
  }
  if (move.do === 'authorize') {
    const { client } = move
    const asked = { ...(client === undefined ? {} : { clientId: client }), device: {} }
    const { deviceCode, userCode } = issued(await real.authorizeDevice(asked))
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
    const expected = model.liveKeysOf(move.person)
    const listed = await list(real, move.person)
    for (const { status } of listed) note('list', status)
    note('list', expected.length > 0 ? 'some' : 'none')
    t.deepEqual(
      plain(listed.map(({ id, status, lastUsedAt }) => [id, status, lastUsedAt !== undefined])),
      plain(
        expected.map((key) => [key.id, LISTED[key.status], key.lastUsedAt !== undefined] as const),
      ),
    )
    return
  }
  if (move.do === 'revokeAll') {
    const live = model.liveKeysOf(move.person)
    const expected = live.filter((key) => model.revoke(move.person, key) === 'revoked').length
    model.cutOff[move.person] = model.now
    note('revokeAll', expected > 0 ? 'some' : 'none')
    t.is(await real.revokeAllApiKeys(move.person), expected)
    return
  }
  if (!('device' in move)) return
  const d = model.devices[move.device % model.devices.length]
  if (!d) return
  const { userCode } = d
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
      const reply = await real.reviewUserCode({ userCode, person: move.person })
      note('review', reply.outcome)
      if (reply.outcome === 'pending') t.like(reply as object, expected)
      else t.deepEqual(plain(byModelsClock(reply)), plain(expected))
      return
    }
    case 'approve':
    case 'deny': {
      const expected = model.answer(move.do, move.person, d)
      const reply = await real.answerUserCode({ userCode, person: move.person, decision: move.do })
      note(move.do, reply.outcome)
      const told =
        reply.outcome === 'too_many_keys'
          ? { ...reply, leastRecentlyUsed: reply.leastRecentlyUsed?.id }
          : reply
      t.deepEqual(plain(byModelsClock(told)), plain(expected))
      return
    }
    case 'release':
      model.release(move.person, d)
      await real.releaseUserCode({ userCode, person: move.person })
      return
    case 'revoke': {
      const reply = await real.revokeApiKey({ owner: move.person, keyId: d.key?.id ?? 'none' })
      note('revoke', reply)
      t.is(reply, model.revoke(move.person, d.key) as typeof reply)
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

const EVENTS: readonly DeviceGrantEvent['type'][] = [
  ...(['authorization_requested', 'authorization_approved', 'authorization_denied'] as const),
  ...(['wrong_user_code', 'too_many_wrong_user_codes', 'user_code_contested'] as const),
  ...(['poll_too_early', 'expired_on_poll', 'wrong_client', 'too_many_keys'] as const),
  ...(['key_claimed', 'key_used_first', 'key_refused', 'key_revoked'] as const),
]

const EVERYTHING = [
  ...['authorization_pending', 'slow_down', 'access_denied', 'expired_token', 'invalid_grant'],
  ...['granted', 'issued again'],
]
  .map((outcome) => `poll: ${outcome}`)
  .concat(
    ['approve: approved', 'approve: too_many_keys', 'deny: denied', 'review: pending'],
    ['approve', 'deny', 'review'].flatMap((did) =>
      ['already_processed', 'expired', 'contested', 'invalid', 'too_many_attempts'].map(
        (outcome) => `${did}: ${outcome}`,
      ),
    ),
    ['guess: invalid', 'guess: too_many_attempts'],
    ['none', 'some', 'waiting', 'unused', 'active'].map((keys) => `list: ${keys}`),
    ['revokeAll: none', 'revokeAll: some'],
    ['revoke: revoked', 'revoke: already_revoked', 'revoke: no_such_key'],
    ['use: valid', 'use: expired', 'use: revoked', 'use: no_such_key'],
    EVENTS.map((type) => `event: ${type}`),
  )

/** The events carry the ids of grants and keys, and nothing that reveals or names a code or a key. */
const checkEvents = (t: ExecutionContext, real: MemoryService, model: Expectation): void => {
  for (const { type } of real.events) note('event', type)
  const dump = JSON.stringify(real.events)
  for (const { deviceCode, userCode, key } of model.devices) {
    const secrets = [deviceCode, userCode, userCode.replace('-', ''), keyNameOf(userCode)]
    if (key?.secret !== undefined) {
      secrets.push(key.secret, key.secret.slice(-49, -6), secretHashOf(key.secret))
    }
    for (const secret of secrets) if (dump.includes(secret)) t.fail(`the events hold ${secret}`)
  }
}

test('every reply is the expected one, whatever devices and people do in any order', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(move, { minLength: 20, maxLength: 120, size: 'max' }),
      async (moves) => {
        const [real, model] = [createMemoryService(policy), new Expectation()]
        await make(t, real, model, { do: 'authorize', client: undefined })
        for (const each of moves) await make(t, real, model, each)
        checkEvents(t, real, model)
      },
    ),
    { numRuns: 1_000 },
  )
  // The test proves nothing about an outcome that never happened.
  t.deepEqual(plain(EVERYTHING.filter((name) => !seen.has(name))), plain([]))
})
