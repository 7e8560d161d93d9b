import {
  createOperatorUseCases,
  createUseCases,
  type DeviceGrantEvent,
  formatApiKey,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import { createMemoryService, SECOND } from './memory-service.ts'

const aService = () => {
  const service = createMemoryService()
  const { stores, clock } = service
  const events: DeviceGrantEvent[] = []
  const operator = createOperatorUseCases({
    ...stores,
    clock,
    events: { emit: (event) => events.push(event) },
  })
  /** A process that shares the stores, and reuses no key check. */
  const other = createUseCases({ ...stores, clock, monotonic: clock.now })
  const aKey = async (clientId?: string) => {
    const { deviceCode, userCode } = issued(await service.authorizeDevice({ clientId, device: {} }))
    await service.answerUserCode({ userCode, decision: 'approve', person: 'ann' })
    const reply = await service.pollForToken({ deviceCode, clientId })
    if (reply.outcome !== 'granted') throw new Error(reply.outcome)
    return { deviceCode, ...reply }
  }
  return { service, operator, other, events, aKey }
}

test('a leaked key is revoked whatever its client, and the event tells the place', async (t) => {
  const { service, operator, other, events, aKey } = aService()
  for (const clientId of [undefined, 'acme']) {
    const { apiKey, keyId } = await aKey(clientId)
    if (clientId) await service.authenticateApiKey(apiKey)
    const leak = { apiKey, by: 'secret_scanning', place: 'https://git.example/a' } as const
    t.is(await operator.revokeLeakedKey(leak), 'revoked')
    t.deepEqual(await other.authenticateApiKey(apiKey), { outcome: 'revoked' })
    t.like(events.at(-1), { type: 'key_revoked', keyId, owner: 'ann', ...leak, apiKey: undefined })
    const count = events.length
    t.is(await operator.revokeLeakedKey(leak), 'already_revoked')
    t.is(events.length, count)
  }
})

test('a right id with a wrong secret is an unknown key, finds nothing and changes nothing', async (t) => {
  const { service, operator, events, aKey } = aService()
  const { apiKey, keyId } = await aKey('acme')
  const before = await service.stores.apiKeys.read(keyId)
  for (const wrong of [
    formatApiKey({ prefix: 'dg_', keyId, secret: new Uint8Array(32) }),
    keyId,
    '',
    `${apiKey}x`,
    apiKey.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
  ]) {
    const leak = { apiKey: wrong, by: 'operator' } as const
    t.is(await operator.revokeLeakedKey(leak), 'no_such_key', wrong)
    t.is(await service.stores.apiKeys.read(keyId), before)
    t.deepEqual(await operator.findApiKeys({ apiKey: wrong }), { keys: [] })
    t.deepEqual(await operator.findApiKeys({ apiKey: wrong, keyId }), { keys: [] })
  }
  t.like(await service.authenticateApiKey(apiKey), { outcome: 'valid' })
  t.deepEqual(events, [])
})

test('a key finds itself, until it is erased', async (t) => {
  const { operator, aKey } = aService()
  const { apiKey, keyId } = await aKey('acme')
  const found = async (more: object = {}) =>
    (await operator.findApiKeys({ apiKey, ...more })).keys.map(({ id }) => id)
  t.deepEqual(await found(), [keyId])
  t.deepEqual(await found({ keyId }), [keyId])
  t.deepEqual(await found({ keyId: 'another' }), [])
  t.deepEqual(await found({ owner: 'bob' }), [])
  await operator.revokeApiKeys({ keyId })
  t.deepEqual(await found({ status: 'revoked' }), [keyId])
  await operator.eraseApiKeys({ owner: 'ann' })
  t.deepEqual(await found(), [])
  t.is(await operator.revokeLeakedKey({ apiKey, by: 'operator' }), 'no_such_key')
})

test('a device whose leaked key was unused is denied', async (t) => {
  const { service, operator, aKey } = aService()
  const { apiKey, deviceCode } = await aKey()
  await operator.revokeLeakedKey({ apiKey, by: 'operator' })
  service.clock.pass(5 * SECOND)
  t.is((await service.pollForToken({ deviceCode })).outcome, 'access_denied')
})

test('events name the operator of a request', async (t) => {
  const { service, operator, events, aKey } = aService()
  const first = await aKey()
  await operator.revokeApiKeys({ keyId: first.keyId, operator: 'support' })
  await aKey()
  await operator.revokeApiKeys({ owner: 'ann', operator: 'support' })
  service.clock.pass(2 * SECOND)
  const third = await aKey()
  await operator.revokeLeakedKey({ apiKey: third.apiKey, by: 'operator', operator: 'support' })
  await operator.eraseApiKeys({ owner: 'ann', operator: 'support' })
  t.deepEqual(
    events.map((event) => [event.type, 'operator' in event && event.operator]),
    [...Array(3).fill(['key_revoked', 'support']), ...Array(3).fill(['key_erased', 'support'])],
  )
})
