import { MemoryStateStore } from '@device-grant/core'
import test from 'ava'
import { createMemoryService, type MemoryService, SECOND } from './memory-service.ts'

const SECRET = 43

/** Logs in up to some point. Returns every code and key that was issued. */
const logInUpTo = async (
  service: MemoryService,
  point: 'asked' | 'denied' | 'approved' | 'claimed' | 'active' | 'used' | 'revoked',
) => {
  const { deviceCode, userCode } = await service.authorizeDevice({
    clientId: 'cli',
    scope: 'read',
    device: { address: '192.0.2.1' },
  })
  const codes = { deviceCode, userCode, apiKey: undefined }
  await service.pollForToken({ deviceCode, clientId: 'cli' })
  if (point === 'asked') return codes
  await service.reviewUserCode({ userCode, person: 'bob' })
  await service.reviewUserCode({ userCode, person: 'eve' })
  await service.reviewUserCode({ userCode: 'BBBB-BBBB', person: 'ann' })
  service.clock.pass(120 * SECOND)
  const decision = point === 'denied' ? 'deny' : 'approve'
  await service.answerUserCode({ userCode, decision, person: 'ann' })
  if (point === 'denied' || point === 'approved') return codes
  const reply = await service.pollForToken({ deviceCode, clientId: 'cli' })
  if (reply.outcome !== 'granted') throw new Error(reply.outcome)
  const { apiKey, keyId } = reply
  if (point !== 'claimed') await service.confirmDelivery(keyId)
  if (point === 'used' || point === 'revoked') await service.authenticateApiKey(apiKey)
  if (point === 'revoked') await service.revokeApiKey({ owner: 'ann', keyId })
  return { deviceCode, userCode, apiKey }
}

const someLogins = async () => {
  const service = createMemoryService()
  const logins: Awaited<ReturnType<typeof logInUpTo>>[] = []
  for (const point of [
    'asked',
    'denied',
    'approved',
    'claimed',
    'active',
    'used',
    'revoked',
  ] as const) {
    logins.push(await logInUpTo(service, point))
  }
  for (let attempts = 0; attempts < 6; attempts++) {
    await service.reviewUserCode({ userCode: 'BBBB-BBBB', person: 'mallory' })
  }
  const { grants, userCodes, codeAttempts, apiKeys } = service.stores
  const dump = JSON.stringify(
    [grants, userCodes, codeAttempts, apiKeys].map((s) => [...s.entries()]),
  )
  return { service, logins, dump }
}

test('a dump of all stores holds no device code and no API key', async (t) => {
  const { service, logins, dump } = await someLogins()
  const statuses = [...service.stores.apiKeys.entries()].map(([, { status }]) => status)
  t.deepEqual(statuses, ['reserved', 'claimed', 'active', 'active', 'revoked'])
  t.is([...service.stores.grants.entries()].length, 7)
  let keys = 0
  for (const { deviceCode, userCode, apiKey } of logins) {
    t.false(dump.includes(deviceCode))
    t.true(dump.includes(userCode.replace('-', '')), 'the dump is one of these logins')
    if (apiKey === undefined) continue
    keys += 1
    t.false(dump.includes(apiKey.slice('dg_'.length, 'dg_'.length + SECRET)))
  }
  t.is(keys, 4)
})

test('a dump cannot derive a key that has arrived', async (t) => {
  const { service } = await someLogins()
  for (const [, key] of service.stores.apiKeys.entries()) {
    t.is('salt' in key, key.status === 'reserved' || key.status === 'claimed', key.status)
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
    for (const secret of [deviceCode, userCode, userCode.replace('-', ''), apiKey]) {
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
