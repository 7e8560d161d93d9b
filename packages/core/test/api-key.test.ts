import {
  type ApiKey,
  DEFAULT_POLICY,
  isApiKey,
  keyIdOf,
  type ReservedKey,
  secretHashOf,
} from '@device-grant/core'
import test from 'ava'
import {
  checkKey,
  claimKey,
  confirmKey,
  isUseWorthWriting,
  reserveKey,
  revokeKey,
  useKey,
} from '#src/rules/api-key.js'
import { plain } from './plain.ts'

const NOW = Date.UTC(2030, 0, 1)
const MINUTE = 60_000
const DAY = 86_400_000
const CODE = 'a-device-code'

const asked: Omit<ReservedKey, 'status'> = {
  name: 'Device Link Access Key (WDJB-MJHT)',
  owner: 'ann',
  request: { clientId: 'cli', scope: 'read', device: { address: '192.0.2.1' } },
  approvedAt: NOW,
  salt: 'salt',
  prefix: 'dg_',
  expiresAt: NOW + 10 * MINUTE,
  keepUntil: NOW + 20 * MINUTE,
}

const claim = (key: ApiKey | undefined, now: number, redeemable = true) =>
  claimKey({ deviceCode: CODE, redeemable, now, policy: DEFAULT_POLICY })(key)

const life = () => {
  const reserved = reserveKey(asked)(undefined).next
  const issued = claim(reserved, NOW)
  const claimed = issued.next
  if (issued.reply.outcome !== 'issued') throw new Error('not issued')
  const { apiKey } = issued.reply
  const active = confirmKey()(claimed).next
  const used = useKey(NOW + 1)(active).next
  const revoke = (key: ApiKey | undefined) => revokeKey({ owner: 'ann', now: NOW + 2 })(key).next
  return {
    apiKey,
    reserved,
    claimed,
    active,
    used,
    revokedReserved: revoke(reserved),
    revokedClaimed: revoke(claimed),
    revokedActive: revoke(active),
  }
}

const withoutSalt = ({ salt: _, prefix: __, ...rest }: Omit<ReservedKey, 'status'>) => rest

test('one grant has one key id, which does not reveal the grant', (t) => {
  t.regex(keyIdOf('grant'), /^[0-9a-f]{32}$/)
  t.is(keyIdOf('grant'), keyIdOf('grant'))
  t.not(keyIdOf('grant'), keyIdOf('grant2'))
})

test('a reservation opens nothing', (t) => {
  const step = reserveKey(asked)(undefined)
  t.deepEqual(plain(step), plain({ next: { status: 'reserved', ...asked }, reply: 'reserved' }))
  t.deepEqual(plain(checkKey(step.next, NOW)), plain({ outcome: 'no_such_key' }))
})

test('the same owner may reserve again, and other people are refused', (t) => {
  const { reserved, claimed, active, revokedReserved, revokedActive } = life()
  for (const [key, own] of [
    [reserved, 'reserved'],
    [claimed, 'reserved'],
    [active, 'reserved'],
    [revokedReserved, 'already_processed'],
    [revokedActive, 'already_processed'],
  ] as const) {
    const mine = reserveKey({ ...asked, salt: 'other' })(key)
    t.is(mine.reply, own, key?.status)
    t.is(mine.next, key, 'nothing is written')
    const theirs = reserveKey({ ...asked, owner: 'bob' })(key)
    t.is(theirs.reply, 'already_processed', key?.status)
    t.is(theirs.next, key, 'nothing is written')
  }
})

test('a pick-up issues the key and keeps only its hash', (t) => {
  const { reserved } = life()
  const { next, reply } = claim(reserved, NOW + MINUTE)
  if (reply.outcome !== 'issued') return t.fail(reply.outcome)
  const { apiKey } = reply
  t.true(isApiKey(apiKey))
  t.deepEqual(
    plain(reply),
    plain({
      outcome: 'issued',
      apiKey,
      expiresAt: NOW + MINUTE + DAY,
    }),
  )
  t.deepEqual(
    plain(next),
    plain({
      ...asked,
      status: 'claimed',
      secretHash: secretHashOf(apiKey),
      issuedAt: NOW + MINUTE,
      expiresAt: NOW + MINUTE + DAY,
      keepUntil: NOW + MINUTE + DAY + 10 * MINUTE,
    }),
  )
  t.false(JSON.stringify(next).includes(apiKey.slice(3, -6)))
})

test('a key that lives shorter than its code is kept as long as the code', (t) => {
  const policy = { ...DEFAULT_POLICY, keyLifetimeMs: 1_000, keepAfterExpiryMs: 0 }
  const { next } = claimKey({ deviceCode: CODE, redeemable: true, now: NOW, policy })(
    life().reserved,
  )
  t.is(next?.keepUntil, asked.keepUntil)
})

test('the secret needs the device code and the salt', (t) => {
  const { apiKey, reserved } = life()
  const keyOf = (code: string, key: ApiKey | undefined) => {
    const { reply } = claimKey({
      deviceCode: code,
      redeemable: true,
      now: NOW,
      policy: DEFAULT_POLICY,
    })(key)
    return reply.outcome === 'issued' ? reply.apiKey : reply.outcome
  }
  const salted = reserveKey({ ...asked, salt: 'other' })(undefined).next
  t.is(keyOf(CODE, reserved), apiKey)
  t.is(new Set([apiKey, keyOf('another code', reserved), keyOf(CODE, salted)]).size, 3)
})

test('a key is in flight for two seconds, and then it is issued again', (t) => {
  const { claimed, apiKey } = life()
  const soon = claim(claimed, NOW + 1_999)
  t.deepEqual(plain(soon), plain({ next: claimed, reply: { outcome: 'in_flight' } }))
  t.is(soon.next, claimed)
  const again = claim(claimed, NOW + 2_000)
  t.deepEqual(plain(again.reply), plain({ outcome: 'reissued', apiKey, expiresAt: NOW + DAY }))
  t.like(again.next, { status: 'claimed', issuedAt: NOW + 2_000, expiresAt: NOW + DAY })
  t.is(claim(again.next, NOW + 3_999).reply.outcome, 'in_flight')
  t.like(claim(again.next, NOW + 4_000).reply, { outcome: 'reissued', apiKey })
})

test('a key that is issued again is the same, even if the prefix of keys has changed', (t) => {
  const { claimed, apiKey } = life()
  const policy = { ...DEFAULT_POLICY, keyPrefix: 'acme_' }
  t.like(
    claimKey({ deviceCode: CODE, redeemable: true, now: NOW + 2_000, policy })(claimed).reply,
    { outcome: 'reissued', apiKey },
  )
})

test('every status has its outcome of a pick-up', (t) => {
  const { reserved, claimed, active, used, revokedReserved, revokedClaimed, revokedActive } = life()
  const later = NOW + MINUTE
  for (const [name, key, redeemable, outcome] of [
    ['no_such_key', undefined, true, 'no_such_key'],
    ['no_such_key', undefined, false, 'no_such_key'],
    ['reserved', reserved, true, 'issued'],
    ['reserved', reserved, false, 'expired'],
    ['claimed', claimed, true, 'reissued'],
    ['claimed', claimed, false, 'reissued'],
    ['active', active, true, 'consumed'],
    ['active', active, false, 'consumed_and_expired'],
    ['used', used, true, 'consumed'],
    ['used', used, false, 'consumed_and_expired'],
    ['revoked', revokedReserved, true, 'revoked'],
    ['revoked', revokedReserved, false, 'revoked'],
    ['revoked', revokedClaimed, true, 'revoked'],
    ['revoked', revokedActive, true, 'consumed'],
    ['revoked', revokedActive, false, 'consumed_and_expired'],
  ] as const) {
    const step = claim(key, later, redeemable)
    t.is(step.reply.outcome, outcome, `${name}, redeemable: ${redeemable}`)
    if (!/issued$/.test(outcome)) t.is(step.next, key, 'nothing is written')
  }
  t.is(claim(claimed, NOW + DAY).reply.outcome, 'consumed', 'an expired key is not issued again')
})

test('a key that has arrived is active, without its salt', (t) => {
  const { claimed, active, apiKey } = life()
  t.deepEqual(
    plain(active),
    plain({
      ...withoutSalt(asked),
      status: 'active',
      secretHash: secretHashOf(apiKey),
      expiresAt: NOW + DAY,
      keepUntil: NOW + DAY + 10 * MINUTE,
    }),
  )
  t.like(claimed, { salt: 'salt' })
})

test('only a claimed key can arrive', (t) => {
  const { reserved, active, used, revokedReserved, revokedClaimed } = life()
  for (const key of [undefined, reserved, active, used, revokedReserved, revokedClaimed]) {
    t.is(confirmKey()(key).next, key)
  }
})

test('a key works from its pick-up to its expiry', (t) => {
  const { reserved, claimed, active, used, revokedReserved, revokedClaimed } = life()
  for (const [key, at, outcome] of [
    [undefined, NOW, 'no_such_key'],
    [reserved, NOW, 'no_such_key'],
    [claimed, NOW + DAY - 1, 'valid'],
    [claimed, NOW + DAY, 'expired'],
    [active, NOW + DAY - 1, 'valid'],
    [active, NOW + DAY, 'expired'],
    [used, NOW + DAY - 1, 'valid'],
    [used, NOW + DAY, 'expired'],
    [revokedReserved, NOW, 'revoked'],
    [revokedClaimed, NOW, 'revoked'],
    [revokedClaimed, NOW + DAY, 'revoked'],
  ] as const) {
    t.is(checkKey(key, at).outcome, outcome, `${key?.status} at ${at - NOW}`)
    const use = useKey(at)(key)
    t.is(use.reply.outcome, outcome)
    if (outcome !== 'valid') t.is(use.next, key, 'nothing is written')
  }
})

test('the first use proves that the key has arrived', (t) => {
  const { claimed } = life()
  const { next, reply } = useKey(NOW + 500)(claimed)
  t.like(reply, { outcome: 'valid', first: true })
  t.like(next, { status: 'active', lastUsedAt: NOW + 500 })
  t.false(JSON.stringify(next).includes('salt'))
})

test('a use is written at most once a minute', (t) => {
  const { active } = life()
  const first = useKey(NOW)(active)
  t.like(first.reply, { first: true })
  t.like(first.next, { lastUsedAt: NOW })
  const soon = useKey(NOW + MINUTE - 1)(first.next)
  t.like(soon.reply, { outcome: 'valid', first: false })
  t.is(soon.next, first.next)
  const later = useKey(NOW + MINUTE)(soon.next)
  t.like(later.reply, { outcome: 'valid', first: false })
  t.like(later.next, { lastUsedAt: NOW + MINUTE })
})

test('a first use is written at any time of the clock', (t) => {
  const { claimed, active } = life()
  for (const key of [claimed, active]) {
    if (key?.status !== 'claimed' && key?.status !== 'active') return t.fail()
    for (const now of [0, NOW]) t.true(isUseWorthWriting(key, now))
  }
})

test('its owner revokes a key from every status', (t) => {
  const { reserved, claimed, active, used, apiKey } = life()
  const { expiresAt: _, ...kept } = withoutSalt(asked)
  for (const key of [reserved, claimed, active, used]) {
    const step = revokeKey({ owner: 'ann', now: NOW + 5 })(key)
    t.is(step.reply, 'revoked', key?.status)
    t.deepEqual(
      plain(step.next),
      plain({
        ...kept,
        status: 'revoked',
        revokedAt: NOW + 5,
        ...(key?.status === 'reserved' ? {} : { secretHash: secretHashOf(apiKey) }),
        ...(key?.status === 'active' ? { delivered: true } : {}),
        keepUntil: key?.keepUntil,
      }),
    )
    const again = revokeKey({ owner: 'ann', now: NOW + 6 })(step.next)
    t.is(again.reply, 'already_revoked')
    t.is(again.next, step.next)
  }
})

test('other people neither revoke a key nor learn that it exists', (t) => {
  const keys = life()
  for (const key of [undefined, keys.reserved, keys.claimed, keys.active, keys.revokedActive]) {
    const step = revokeKey({ owner: 'bob', now: NOW })(key)
    t.is(step.reply, 'no_such_key')
    t.is(step.next, key)
  }
})

test('a key without client and scope stays without them through its life', (t) => {
  const bare = { ...asked, request: { device: {} } }
  const reserved = reserveKey(bare)(undefined).next
  const claimed = claim(reserved, NOW).next
  for (const key of [reserved, claimed, revokeKey({ owner: 'ann', now: NOW })(claimed).next]) {
    t.deepEqual(plain(key?.request), plain({ device: {} }))
  }
})
