import { type ApiKey, MemoryStateStore } from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import { createMemoryService, type MemoryService, SECOND } from './memory-service.ts'

const POINTS = [
  'asked',
  'denied',
  'reserved',
  'reservation revoked',
  'claimed',
  'issued again',
  'redelivery ended',
  'active',
  'revoked unused',
  'revoked',
  'erased',
] as const
type Point = (typeof POINTS)[number]

/** The status in which the key of such a login is stored. */
const STATUS: Readonly<Record<Point, ApiKey['status'] | undefined>> = {
  asked: undefined,
  denied: undefined,
  reserved: 'reserved',
  'reservation revoked': 'reserved',
  claimed: 'claimed',
  'issued again': 'claimed',
  'redelivery ended': 'claimed',
  active: 'active',
  'revoked unused': 'revoked',
  revoked: 'revoked',
  erased: 'erased',
}

/** Logs in up to some point. Returns every code and key that was issued. */
const logInUpTo = async (service: MemoryService, point: Point) => {
  const { deviceCode, userCode } = issued(
    await service.authorizeDevice({
      clientId: 'cli',
      scope: 'read',
      device: { address: '192.0.2.1' },
    }),
  )
  const poll = () => service.pollForToken({ deviceCode, clientId: 'cli' })
  const codes = { point, deviceCode, userCode, keyId: undefined, apiKey: undefined }
  await poll()
  if (point === 'asked') return codes
  await service.reviewUserCode({ userCode, person: 'bob' })
  await service.reviewUserCode({ userCode, person: 'eve' })
  await service.reviewUserCode({ userCode: 'BBBB-BBBB', person: 'ann' })
  service.clock.pass(120 * SECOND)
  const decision = point === 'denied' ? 'deny' : 'approve'
  await service.answerUserCode({ userCode, decision, person: 'ann' })
  if (point === 'denied' || point === 'reserved') return codes
  const [newest] = (await service.listApiKeys({ owner: 'ann' })).keys
  const revoke = () => service.revokeApiKey({ owner: 'ann', keyId: newest?.id ?? '' })
  if (point === 'reservation revoked') {
    await revoke()
    return codes
  }
  const reply = await poll()
  if (reply.outcome !== 'granted') throw new Error(reply.outcome)
  const { apiKey, keyId } = reply
  switch (point) {
    case 'issued again':
      service.clock.pass(5 * SECOND)
      await poll()
      break
    case 'redelivery ended':
      service.clock.pass(120 * SECOND)
      await poll()
      break
    case 'active':
    case 'revoked':
    case 'erased':
      await service.authenticateApiKey(apiKey)
  }
  if (point.startsWith('revoked')) await revoke()
  if (point === 'erased') {
    await service.stores.apiKeys.update(keyId, (key) => ({
      next: { status: 'erased', keepUntil: key?.keepUntil ?? 0 },
      reply: undefined,
    }))
  }
  return { point, deviceCode, userCode, keyId, apiKey }
}

const someLogins = async () => {
  const service = createMemoryService()
  const logins: Awaited<ReturnType<typeof logInUpTo>>[] = []
  for (const point of POINTS) {
    logins.push(await logInUpTo(service, point))
    // So that wrong codes and expired codes do not stand in the way of the next login.
    service.clock.pass(120 * SECOND)
  }
  await service.revokeAllApiKeys('cho')
  for (let attempts = 0; attempts < 6; attempts++) {
    await service.reviewUserCode({ userCode: 'BBBB-BBBB', person: 'mallory' })
  }
  return { service, logins }
}

/** Everything that is stored. */
const dumpOf = ({ stores }: MemoryService): string =>
  JSON.stringify(Object.values(stores).map((store) => [...store.entries()]))

test('a dump of all stores holds no device code, no API key and no part of its secret', async (t) => {
  for (const point of POINTS) {
    const service = createMemoryService()
    const { deviceCode, userCode, keyId, apiKey } = await logInUpTo(service, point)
    const dump = dumpOf(service)
    t.true(dump.includes(userCode.replace('-', '')), 'the dump is one of this login')
    t.false(dump.includes(deviceCode), point)
    const [stored] = [...service.stores.apiKeys.entries()]
    t.is(stored?.[1].status, STATUS[point], point)
    if (apiKey === undefined) continue
    t.is(stored?.[0], keyId)
    t.is(apiKey.slice('dg_'.length, -50), keyId)
    t.false(dump.includes(apiKey), point)
    const secret = apiKey.slice(-49, -6)
    // A part of eight characters is there by chance once in 10^8 runs.
    for (let at = 0; at + 8 <= secret.length; at++) {
      t.false(dump.includes(secret.slice(at, at + 8)), `${point}: ${at}`)
    }
  }
})

test('the stores of all logins together hold no secret either', async (t) => {
  const { service, logins } = await someLogins()
  const dump = dumpOf(service)
  for (const { deviceCode, apiKey } of logins) {
    t.false(dump.includes(deviceCode))
    if (apiKey !== undefined) t.false(dump.includes(apiKey.slice(-49, -6)))
  }
  t.true(logins.filter(({ apiKey }) => apiKey !== undefined).length >= 7)
})

test('only a key that may be issued again has a salt, and none has personal data once erased', async (t) => {
  for (const point of POINTS) {
    const service = createMemoryService()
    await logInUpTo(service, point)
    for (const [, key] of service.stores.apiKeys.entries()) {
      t.is('salt' in key, point === 'claimed' || point === 'issued again', point)
      if (point === 'erased') t.deepEqual(Object.keys(key).toSorted(), ['keepUntil', 'status'])
    }
  }
})

test('no grant holds a salt or a secret', async (t) => {
  for (const point of POINTS) {
    const service = createMemoryService()
    await logInUpTo(service, point)
    for (const [, grant] of service.stores.grants.entries()) {
      t.notRegex(JSON.stringify(grant), /salt|secret/, point)
    }
  }
})

test('events carry no device code, user code or API key', async (t) => {
  const { service, logins } = await someLogins()
  const { events } = service
  const text = JSON.stringify(events)
  const types = new Set(events.map(({ type }) => type))
  for (const type of [
    'authorization_requested',
    'authorization_approved',
    'authorization_denied',
    'key_claimed',
    'key_used_first',
    'key_revoked',
    'wrong_user_code',
    'user_code_contested',
    'too_many_wrong_user_codes',
  ] as const) {
    t.true(types.has(type), type)
  }
  for (const { deviceCode, userCode, apiKey } of logins) {
    const secretPart = apiKey?.slice(-49, -6)
    for (const secret of [deviceCode, userCode, userCode.replace('-', ''), secretPart]) {
      if (secret !== undefined) t.false(text.includes(secret))
    }
  }
})

test('the error of a full store names no id', async (t) => {
  const store = new MemoryStateStore({ clock: { now: () => 0 }, capacity: 0 })
  const error = await t.throwsAsync(
    store.update('an id', () => ({ next: { keepUntil: 1 }, reply: undefined })),
  )
  t.false(error?.message.includes('an id'))
})
