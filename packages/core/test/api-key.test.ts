import {
  type ActiveKey,
  type ApiKey,
  type ApprovedGrant,
  type ClaimedKey,
  createPolicy,
  DEFAULT_POLICY,
  type ErasedKey,
  grantIdOf,
  type KeyTerms,
  keyIdOf,
  type PendingGrant,
  parseApiKey,
  type ReservedKey,
  type RevokedKey,
  secretHashOf,
} from '@device-grant/core'
import test, { type ExecutionContext } from 'ava'
import {
  checkKey,
  claimKey,
  isLive,
  isUseWorthWriting,
  reserveKey,
  revokeKey,
  settleReservation,
  useKey,
} from '#src/rules/api-key.js'
import { decideGrant, openGrant } from '#src/rules/device-grant.js'
import { plain } from './plain.ts'

const NOW = Date.UTC(2030, 0, 1)
const SECOND = 1_000
const MINUTE = 60_000
const DAY = 86_400_000
const CODE = 'a-device-code'
const KEY_ID = keyIdOf(grantIdOf(CODE))
const NAME = 'Device Link Access Key (WDJB-MJHT)'
const request = { clientId: 'cli', scope: 'read', device: { address: '192.0.2.1' } }

const pendingGrant = (): PendingGrant => {
  const opened = openGrant({ request, userCode: 'WDJBMJHT', now: NOW, policy: DEFAULT_POLICY })
  return opened(undefined).next as PendingGrant
}

const termsAt = (approvedAt: number, lifetimeMs = DAY): KeyTerms => {
  return { name: NAME, prefix: 'dg_', scope: 'read', lifetimeMs, approvedAt }
}

const approvedGrant = ({
  person = 'ann',
  lifetimeMs = DAY,
  approvedAt = NOW,
}: {
  person?: string
  lifetimeMs?: number
  approvedAt?: number
} = {}): ApprovedGrant => {
  const decide = decideGrant({
    decision: 'approve',
    person,
    now: approvedAt,
    terms: termsAt(approvedAt, lifetimeMs),
  })
  return decide(pendingGrant()).next as ApprovedGrant
}

const reserve = (key: ApiKey | undefined, person = 'ann', now = NOW) =>
  reserveKey({ person, terms: termsAt(now), grant: pendingGrant(), policy: DEFAULT_POLICY })(key)

const claim = (
  key: ApiKey | undefined,
  {
    now = NOW,
    redeemable = true,
    grant = approvedGrant(),
    policy = DEFAULT_POLICY,
    deviceCode = CODE,
    salt = 'salt',
  } = {},
) => {
  const allowed = { outcome: 'ok', scope: grant.terms.scope } as const
  return claimKey({ keyId: KEY_ID, deviceCode, grant, redeemable, allowed, salt, now, policy })(key)
}

const revoke = (key: ApiKey | undefined, owner = 'ann', now = NOW + 2) =>
  revokeKey({ owner, now, ending: { by: 'owner' }, keepMs: 30 * DAY })(key)

/** The key of an outcome that brings one. */
const keyOf = ({ reply }: ReturnType<typeof claim>): string => {
  if (!('apiKey' in reply)) throw new Error(reply.outcome)
  return reply.apiKey
}

const life = () => {
  const reserved = reserve(undefined).next as ReservedKey
  const issued = claim(reserved)
  const apiKey = keyOf(issued)
  const claimed = issued.next as ClaimedKey
  const check = { secretHash: secretHashOf(apiKey), now: NOW + 1, policy: DEFAULT_POLICY }
  const active = useKey(check)(claimed).next as ActiveKey
  const erased: ErasedKey = { status: 'erased', keepUntil: NOW + DAY }
  return {
    apiKey,
    secretHash: check.secretHash,
    reserved,
    claimed,
    active,
    revokedReserved: revoke(reserved).next as ReservedKey,
    revokedClaimed: revoke(claimed).next as RevokedKey,
    revokedActive: revoke(active).next as RevokedKey,
    erased,
    /** A status and members of a newer version of this software. */
    unknown: { ...active, status: 'suspended', risk: 'high', uses: 5 } as unknown as ApiKey,
  }
}

/** Asserts that a rule wrote nothing. */
const wroteNothing = (t: ExecutionContext, key: ApiKey | undefined, next: ApiKey | undefined) =>
  t.is(next, key, 'nothing is written')

test('a reservation has no secret and opens nothing', (t) => {
  const { next, reply } = reserve(undefined)
  t.deepEqual(reply, { outcome: 'reserved' })
  t.deepEqual(
    plain(next),
    plain({
      status: 'reserved',
      name: NAME,
      owner: 'ann',
      request,
      scope: 'read',
      approvedAt: NOW,
      // The code's expiry, the longest interval and the slack.
      expiresAt: NOW + 10 * MINUTE + 61 * SECOND,
      // Five minutes longer than its grant.
      keepUntil: NOW + 25 * MINUTE,
    }),
  )
  for (const secretHash of ['', 'undefined', secretHashOf('')]) {
    t.deepEqual(checkKey(next, { secretHash, now: NOW, policy: DEFAULT_POLICY }), {
      outcome: 'no_such_key',
    })
  }
})

test('a reservation replaces any other one, and is written each time', (t) => {
  const first = reserve(undefined, 'ann').next
  for (const person of ['ann', 'bob']) {
    const { next, reply } = reserve(first, person, NOW + 5)
    t.deepEqual(reply, { outcome: 'reserved' })
    t.like(next, { status: 'reserved', owner: person, approvedAt: NOW + 5 })
    t.not(next, first)
  }
  const same = reserve(first)
  t.deepEqual(same.next, first)
  t.not(same.next, first, 'written again, because it may be forgotten in a fail-over')
})

test('a person who revoked their reservation cannot reserve again, and other people can', (t) => {
  const { revokedReserved } = life()
  const again = reserve(revokedReserved, 'ann')
  t.deepEqual(again.reply, { outcome: 'already_processed' })
  wroteNothing(t, revokedReserved, again.next)
  const other = reserve(revokedReserved, 'bob')
  t.deepEqual(other.reply, { outcome: 'reserved' })
  t.like(other.next, { owner: 'bob', revokedBy: revokedReserved.revokedBy })
  t.deepEqual(reserve(other.next, 'ann').reply, { outcome: 'already_processed' })
})

test('a key that was picked up, revoked or erased is never reserved again', (t) => {
  const { claimed, active, revokedClaimed, revokedActive, erased, unknown } = life()
  for (const key of [claimed, active]) {
    const own = reserve(key, 'ann')
    t.deepEqual(own.reply, { outcome: 'picked_up', key })
    wroteNothing(t, key, own.next)
  }
  for (const key of [claimed, active, revokedClaimed, revokedActive, erased, unknown]) {
    const other = reserve(key, 'bob')
    t.deepEqual(other.reply, { outcome: 'already_processed' }, key.status)
    wroteNothing(t, key, other.next)
  }
  for (const key of [revokedClaimed, revokedActive, erased, unknown]) {
    const own = reserve(key, 'ann')
    t.deepEqual(own.reply, { outcome: 'already_processed' }, key.status)
    wroteNothing(t, key, own.next)
  }
})

test('a reservation is handed over to the person who approved', (t) => {
  const { reserved } = life()
  const approved = approvedGrant({ person: 'bob', approvedAt: NOW + 7 })
  const handedOver = settleReservation({ person: 'ann', approved, now: NOW + 9 })(reserved).next
  t.deepEqual(plain(handedOver), plain({ ...reserved, owner: 'bob', approvedAt: NOW + 7 }))
  const { revokedReserved } = life()
  t.like(settleReservation({ person: 'ann', approved, now: NOW })(revokedReserved).next, {
    owner: 'bob',
    revokedBy: revokedReserved.revokedBy,
  })
})

test('a reservation is removed if no person approved, unless it was revoked', (t) => {
  const { reserved, revokedReserved } = life()
  const settle = settleReservation({ person: 'ann', now: NOW + 9 })
  t.is(settle(reserved).next, undefined)
  t.deepEqual(settle(revokedReserved).next, { ...revokedReserved, expiresAt: NOW + 9 })
})

test('only the person’s own reservation is settled', (t) => {
  const { reserved, claimed, active, revokedActive, erased, unknown } = life()
  const approved = approvedGrant({ person: 'cho' })
  for (const [key, person] of [
    [reserved, 'bob'],
    [undefined, 'ann'],
    ...[claimed, active, revokedActive, erased, unknown].map((key) => [key, 'ann'] as const),
  ] as const) {
    for (const each of [
      { person, now: NOW },
      { person, approved, now: NOW },
    ]) {
      wroteNothing(t, key, settleReservation(each)(key).next)
    }
  }
})

test('a pick-up issues the key and keeps only its hash', (t) => {
  const { reserved } = life()
  const { next, reply } = claim(reserved, { now: NOW + MINUTE })
  if (reply.outcome !== 'issued') return t.fail(reply.outcome)
  const { apiKey } = reply
  t.is(parseApiKey(apiKey), KEY_ID)
  t.true(apiKey.startsWith('dg_'))
  t.is(reply.key, next as ClaimedKey)
  t.deepEqual(
    plain(next),
    plain({
      status: 'claimed',
      name: NAME,
      owner: 'ann',
      request,
      scope: 'read',
      approvedAt: NOW,
      salt: 'salt',
      prefix: 'dg_',
      secretHash: secretHashOf(apiKey),
      firstIssuedAt: NOW + MINUTE,
      issuedAt: NOW + MINUTE,
      expiresAt: NOW + MINUTE + DAY,
      keepUntil: NOW + MINUTE + DAY + 30 * DAY,
    }),
  )
  t.false(JSON.stringify(next).includes(apiKey.slice(-49, -6)))
})

test('the grant alone says what a key is, with a reservation of any person or none', (t) => {
  const grant = approvedGrant({ person: 'bob', lifetimeMs: 5 * MINUTE, approvedAt: NOW + 3 })
  const mine = reserve(undefined, 'ann').next
  const bobs = reserve(undefined, 'bob').next
  for (const key of [bobs, mine, undefined]) {
    const { next, reply } = claim(key, { grant, now: NOW + 9 })
    t.is(reply.outcome, 'issued')
    t.like(next, {
      owner: 'bob',
      name: NAME,
      request,
      prefix: 'dg_',
      approvedAt: NOW + 3,
      expiresAt: NOW + 9 + 5 * MINUTE,
    })
    t.deepEqual(next, claim(undefined, { grant, now: NOW + 9 }).next)
  }
})

test('a person who revoked the reservation gets no key from it, and another one does', (t) => {
  const { revokedReserved } = life()
  for (const redeemable of [true, false]) {
    const own = claim(revokedReserved, { redeemable })
    t.deepEqual(own.reply, { outcome: 'revoked' })
    wroteNothing(t, revokedReserved, own.next)
  }
  const grant = approvedGrant({ person: 'bob' })
  t.is(claim(revokedReserved, { grant }).reply.outcome, 'issued')
})

test('a key that lives shorter than its code is kept five minutes longer than its grant', (t) => {
  const policy = createPolicy({ keepAfterExpiryMs: 181_000, keepEndedKeysMs: 0 })
  const grant = approvedGrant({ lifetimeMs: SECOND })
  const { next } = claim(undefined, { grant, policy })
  t.is(next?.keepUntil, grant.keepUntil + 5 * MINUTE)
})

test('the secret needs the device code and the salt', (t) => {
  const { apiKey, reserved } = life()
  t.is(keyOf(claim(reserved)), apiKey)
  const others = [
    claim(reserved, { deviceCode: 'another code' }),
    claim(reserved, { salt: 'other' }),
  ]
  t.is(new Set([apiKey, ...others.map(keyOf)]).size, 3)
})

test('a key is in flight for two seconds, and then it is issued again', (t) => {
  const { claimed, apiKey } = life()
  const soon = claim(claimed, { now: NOW + 1_999 })
  t.deepEqual(soon.reply, { outcome: 'in_flight' })
  wroteNothing(t, claimed, soon.next)
  // The salt that a second claim brings is not used.
  const again = claim(claimed, { now: NOW + 2_000, salt: 'a new one' })
  t.like(again.reply, { outcome: 'reissued', apiKey, key: again.next as ClaimedKey })
  t.deepEqual(again.next, { ...claimed, issuedAt: NOW + 2_000 })
  t.is(claim(again.next, { now: NOW + 3_999 }).reply.outcome, 'in_flight')
  t.like(claim(again.next, { now: NOW + 4_000 }).reply, { outcome: 'reissued', apiKey })
})

test('a key is issued again for two minutes after it was first issued, also past the code’s expiry', (t) => {
  const { claimed, apiKey } = life()
  const last = claim(claimed, { now: NOW + 2 * MINUTE - 1, redeemable: false })
  t.like(last.reply, { outcome: 'reissued', apiKey })
  for (const key of [claimed, last.next]) {
    const ended = claim(key, { now: NOW + 2 * MINUTE, redeemable: false })
    t.deepEqual(ended.reply, { outcome: 'consumed' })
    t.false('salt' in (ended.next ?? {}), 'the salt goes with the end of redelivery')
    t.like(ended.next, { status: 'claimed', secretHash: secretHashOf(apiKey) })
    const after = claim(ended.next, { now: NOW + 2 * MINUTE + 1 })
    t.deepEqual(after.reply, { outcome: 'consumed' })
    wroteNothing(t, ended.next, after.next)
    const setBack = claim(ended.next, { now: NOW + 5_000 })
    t.deepEqual(setBack.reply, { outcome: 'consumed' }, 'without a salt there is no way back')
  }
})

test('a policy may issue a key once only', (t) => {
  const policy = createPolicy({ redeliverForMs: 0 })
  const { claimed } = life()
  for (const now of [NOW, NOW + 1, NOW + 2_000]) {
    const step = claim(claimed, { now, policy })
    t.deepEqual(step.reply, { outcome: 'consumed' })
    t.false('salt' in (step.next ?? {}))
  }
})

test('a key is not issued again once it has expired', (t) => {
  const { next } = claim(undefined, { grant: approvedGrant({ lifetimeMs: 5_000 }) })
  t.is(claim(next, { now: NOW + 4_999 }).reply.outcome, 'reissued')
  const ended = claim(next, { now: NOW + 5_000 })
  t.deepEqual(ended.reply, { outcome: 'consumed' })
  t.false('salt' in (ended.next ?? {}))
})

test('a key is not issued again if it does not belong to the person of the grant', (t) => {
  const { claimed } = life()
  const step = claim(claimed, { now: NOW + 5_000, grant: approvedGrant({ person: 'bob' }) })
  t.deepEqual(step.reply, { outcome: 'consumed' })
  wroteNothing(t, claimed, step.next)
})

test('a key that is issued again is the same, even if the prefix of keys has changed', (t) => {
  const { claimed, apiKey } = life()
  const grant = approvedGrant()
  const changed = { ...grant, terms: { ...grant.terms, prefix: 'acme_' } }
  t.like(claim(claimed, { now: NOW + 2_000, grant: changed }).reply, {
    outcome: 'reissued',
    apiKey,
  })
})

test('every status has its outcome of a pick-up', (t) => {
  const keys = life()
  for (const [name, redeemable, outcome] of [
    ['missing', true, 'issued'],
    ['missing', false, 'expired'],
    ['reserved', true, 'issued'],
    ['reserved', false, 'expired'],
    ['claimed', true, 'reissued'],
    ['claimed', false, 'reissued'],
    ['active', true, 'consumed'],
    ['active', false, 'consumed'],
    ['revokedReserved', true, 'revoked'],
    ['revokedReserved', false, 'revoked'],
    ['revokedClaimed', true, 'revoked'],
    ['revokedClaimed', false, 'revoked'],
    ['revokedActive', true, 'consumed'],
    ['revokedActive', false, 'consumed'],
    ['erased', true, 'revoked'],
    ['erased', false, 'revoked'],
    ['unknown', true, 'consumed'],
    ['unknown', false, 'consumed'],
  ] as const) {
    const key = name === 'missing' ? undefined : keys[name]
    const step = claim(key, { now: NOW + MINUTE, redeemable })
    t.is(step.reply.outcome, outcome, `${name}, redeemable: ${redeemable}`)
    if (!outcome.endsWith('issued')) wroteNothing(t, key, step.next)
  }
})

test('a key works from its pick-up to its expiry', (t) => {
  const keys = life()
  const { secretHash } = keys
  for (const [name, at, outcome] of [
    ['missing', 0, 'no_such_key'],
    ['reserved', 0, 'no_such_key'],
    ['revokedReserved', 0, 'no_such_key'],
    ['claimed', DAY - 1, 'valid'],
    ['claimed', DAY, 'expired'],
    ['active', DAY - 1, 'valid'],
    ['active', DAY, 'expired'],
    ['revokedClaimed', 0, 'revoked'],
    ['revokedActive', 0, 'revoked'],
    ['revokedActive', DAY, 'revoked'],
    ['erased', 0, 'no_such_key'],
    ['unknown', 0, 'no_such_key'],
  ] as const) {
    const key = name === 'missing' ? undefined : keys[name]
    const check = { secretHash, now: NOW + at, policy: DEFAULT_POLICY }
    t.is(checkKey(key, check).outcome, outcome, `${name} at ${at}`)
    const use = useKey(check)(key)
    t.is(use.reply.outcome, outcome)
    if (outcome !== 'valid') wroteNothing(t, key, use.next)
  }
})

test('a key with another secret is not found, whatever its status', (t) => {
  const { apiKey: _, secretHash, ...keys } = life()
  const wrong = secretHash.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))
  for (const key of Object.values(keys)) {
    for (const now of [NOW, NOW + DAY]) {
      const check = { secretHash: wrong, now, policy: DEFAULT_POLICY }
      t.deepEqual(checkKey(key, check), { outcome: 'no_such_key' }, key.status)
      const use = useKey(check)(key)
      t.deepEqual(use.reply, { outcome: 'no_such_key' })
      wroteNothing(t, key, use.next)
    }
  }
})

test('the first use proves that the key has arrived, and drops the salt', (t) => {
  const { claimed, secretHash } = life()
  const { next, reply } = useKey({ secretHash, now: NOW + 500, policy: DEFAULT_POLICY })(claimed)
  t.like(reply, { outcome: 'valid', first: true })
  t.deepEqual(
    plain(next),
    plain({
      status: 'active',
      name: NAME,
      owner: 'ann',
      request,
      scope: 'read',
      approvedAt: NOW,
      secretHash,
      firstIssuedAt: NOW,
      expiresAt: NOW + DAY,
      lastUsedAt: NOW + 500,
      keepUntil: NOW + DAY + 30 * DAY,
    }),
  )
})

test('a use is written at most once a minute', (t) => {
  const { claimed, secretHash } = life()
  const use = (key: ApiKey | undefined, now: number) =>
    useKey({ secretHash, now, policy: DEFAULT_POLICY })(key)
  const first = use(claimed, NOW)
  t.like(first.reply, { first: true })
  t.like(first.next, { lastUsedAt: NOW })
  const soon = use(first.next, NOW + MINUTE - 1)
  t.like(soon.reply, { outcome: 'valid' })
  t.falsy('first' in soon.reply && soon.reply.first)
  t.is(soon.next, first.next)
  const later = use(soon.next, NOW + MINUTE)
  t.like(later.reply, { outcome: 'valid', first: false })
  t.like(later.next, { lastUsedAt: NOW + MINUTE })
})

test('a first use is written at any time of the clock', (t) => {
  const { claimed } = life()
  for (const now of [0, NOW]) t.true(isUseWorthWriting(claimed, now))
})

test('its owner revokes a key that was picked up', (t) => {
  const { claimed, active, secretHash } = life()
  for (const key of [claimed, active]) {
    const step = revoke(key, 'ann', NOW + 5)
    t.is(step.reply, 'revoked', key.status)
    t.deepEqual(
      plain(step.next),
      plain({
        status: 'revoked',
        name: NAME,
        owner: 'ann',
        request,
        scope: 'read',
        approvedAt: NOW,
        secretHash,
        revokedAt: NOW + 5,
        ending: { by: 'owner' },
        ...(key === active ? { used: true, lastUsedAt: active.lastUsedAt } : {}),
        keepUntil: NOW + 5 + 30 * DAY,
      }),
    )
    const again = revoke(step.next, 'ann', NOW + 6)
    t.is(again.reply, 'already_revoked')
    t.deepEqual(again.next, step.next)
    t.not(again.next, step.next, 'written again, because it may be forgotten in a fail-over')
  }
})

test('its owner revokes a reservation, which stays as it is and lists the owner’s hash', (t) => {
  const { reserved } = life()
  const step = revoke(reserved)
  t.is(step.reply, 'revoked')
  const { revokedBy, ...rest } = step.next as ReservedKey
  t.deepEqual(plain(rest), plain(reserved))
  t.is(revokedBy?.length, 1)
  t.false(JSON.stringify(revokedBy).includes('ann'))
  const again = revoke(step.next)
  t.is(again.reply, 'already_revoked')
  t.deepEqual(again.next, step.next)
  t.not(again.next, step.next, 'written again, because it may be forgotten in a fail-over')
})

test('the list of those who revoked a reservation grows', (t) => {
  const byAnn = revoke(life().reserved).next as ReservedKey
  const byBoth = revoke(reserve(byAnn, 'bob').next, 'bob').next as ReservedKey
  t.is(byBoth.revokedBy?.length, 2)
  for (const person of ['ann', 'bob']) {
    t.is(reserve(byBoth, person).reply.outcome, 'already_processed')
    const grant = approvedGrant({ person })
    t.is(claim(byBoth, { grant }).reply.outcome, 'revoked')
  }
})

test('other people neither revoke a key nor learn that it exists', (t) => {
  const { apiKey: _, secretHash: __, ...keys } = life()
  for (const key of [undefined, ...Object.values(keys)]) {
    const step = revoke(key, 'bob')
    t.is(step.reply, 'no_such_key')
    wroteNothing(t, key, step.next)
  }
  t.is(revoke(keys.erased).reply, 'no_such_key', 'an erased key belongs to no person')
})

test('a key is live while it works or may be picked up', (t) => {
  const keys = life()
  for (const [name, at, live] of [
    ['reserved', 10 * MINUTE + 61 * SECOND - 1, true],
    ['reserved', 10 * MINUTE + 61 * SECOND, false],
    ['claimed', DAY - 1, true],
    ['claimed', DAY, false],
    ['active', DAY - 1, true],
    ['active', DAY, false],
    ['revokedReserved', 0, false],
    ['revokedClaimed', 0, false],
    ['revokedActive', 0, false],
    ['erased', 0, false],
    ['unknown', 0, false],
  ] as const) {
    t.is(isLive(keys[name], { now: NOW + at, policy: DEFAULT_POLICY }), live, `${name} at ${at}`)
  }
  const bobs = reserve(keys.revokedReserved, 'bob').next
  t.true(
    bobs !== undefined && isLive(bobs, { now: NOW, policy: DEFAULT_POLICY }),
    'another person’s revocation does not count',
  )
})

test('members of a newer version are carried through, and its dates and numbers stay as they are', (t) => {
  const { claimed, active, secretHash } = life()
  const newer = { risk: 'high', uses: 5, schema: 7 }
  const check = { secretHash, now: NOW + 2 * MINUTE, policy: DEFAULT_POLICY }
  for (const [what, next] of [
    ['issued again', claim({ ...claimed, ...newer } as ApiKey, { now: NOW + 3_000 }).next],
    ['first use', useKey(check)({ ...claimed, ...newer } as ApiKey).next],
    ['later use', useKey(check)({ ...active, ...newer } as ApiKey).next],
    ['revoked', revoke({ ...claimed, ...newer } as ApiKey).next],
    ['revoked', revoke({ ...active, ...newer } as ApiKey).next],
    ['revoked again', revoke({ ...life().revokedActive, ...newer } as ApiKey).next],
    ['reservation', revoke({ ...life().reserved, ...newer } as ApiKey).next],
  ] as const) {
    t.like(next, newer as object, what)
  }
})

test('a key with the status of a newer version is not valid, and its owner can revoke it', (t) => {
  const { unknown, secretHash } = life()
  const step = revoke(unknown)
  t.is(step.reply, 'revoked')
  t.like(step.next, { status: 'revoked', owner: 'ann', risk: 'high', uses: 5 } as object)
  t.deepEqual(checkKey(step.next, { secretHash, now: NOW, policy: DEFAULT_POLICY }), {
    outcome: 'revoked',
  })
  for (const redeemable of [true, false]) {
    t.is(claim(step.next, { redeemable }).reply.outcome, 'revoked')
  }
})

test('a key of a newer version without the members of this one is refused, and throws nothing', (t) => {
  const bare = { status: 'parked', keepUntil: NOW + DAY } as unknown as ApiKey
  const check = { secretHash: life().secretHash, now: NOW, policy: DEFAULT_POLICY }
  t.is(checkKey(bare, check).outcome, 'no_such_key')
  t.is(useKey(check)(bare).next, bare)
  t.is(reserve(bare).reply.outcome, 'already_processed')
  t.is(claim(bare).reply.outcome, 'consumed')
  t.is(revoke(bare).reply, 'no_such_key')
  t.false(isLive(bare, { now: NOW, policy: DEFAULT_POLICY }))
})

test('a key without client and scope stays without them through its life', (t) => {
  const opened = openGrant({
    request: { device: {} },
    userCode: 'WDJBMJHT',
    now: NOW,
    policy: DEFAULT_POLICY,
  })(undefined).next as PendingGrant
  const terms = { name: NAME, prefix: 'dg_', lifetimeMs: DAY, approvedAt: NOW }
  const decide = decideGrant({ decision: 'approve', person: 'ann', now: NOW, terms })
  const grant = decide(opened).next as ApprovedGrant
  const claimed = claim(undefined, { grant }).next
  for (const key of [claimed, revoke(claimed).next]) {
    t.deepEqual(plain(key && 'request' in key && key.request), { device: {} })
  }
})
