import { createUseCases, formatApiKey, type UseCases } from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import { createMemoryService, logIn, SECOND } from './memory-service.ts'

/** A key of a client. */
const aKey = async (service: UseCases, clientId?: string) => {
  const { deviceCode, userCode } = issued(await service.authorizeDevice({ clientId, device: {} }))
  await service.answerUserCode({ userCode, decision: 'approve', person: 'ann' })
  const reply = await service.pollForToken({ deviceCode, clientId })
  if (reply.outcome !== 'granted') throw new Error(reply.outcome)
  return { deviceCode, ...reply }
}

const withOtherSecret = (apiKey: string, keyId: string): string =>
  formatApiKey({
    prefix: apiKey.slice(0, apiKey.indexOf('_') + 1),
    keyId,
    secret: new Uint8Array(32),
  })

test('a caller that has the key revokes it, before and after its first use', async (t) => {
  const service = createMemoryService()
  const { stores, clock } = service
  const other = createUseCases({ ...stores, clock, monotonic: clock.now })
  for (const isUsed of [false, true]) {
    const { apiKey, keyId } = await logIn(service)
    if (isUsed) await service.authenticateApiKey(apiKey)
    t.is(await service.revokePresentedKey({ apiKey }), 'revoked')
    t.deepEqual(await service.authenticateApiKey(apiKey), { outcome: 'revoked' })
    t.deepEqual(await other.authenticateApiKey(apiKey), { outcome: 'revoked' })
    t.is(await other.revokePresentedKey({ apiKey }), 'already_revoked')
    const [event, ...others] = service.events.filter(({ type }) => type === 'key_revoked')
    t.like(event, { keyId, owner: 'ann', by: 'bearer' })
    t.is(others.length, 0)
    service.events.length = 0
  }
})

test('a client revokes its own keys and those of no client, and no other ones', async (t) => {
  const service = createMemoryService()
  const acme = await aKey(service, 'acme')
  for (const clientId of ['other', undefined]) {
    t.is(await service.revokePresentedKey({ apiKey: acme.apiKey, clientId }), 'other_client')
    t.like(await service.authenticateApiKey(acme.apiKey), { outcome: 'valid' })
  }
  service.events.length = 0
  const twoReadings = { clientId: 'ac%6De', otherClientIds: ['acme'] }
  t.is(await service.revokePresentedKey({ apiKey: acme.apiKey, ...twoReadings }), 'revoked')
  t.deepEqual(
    service.events.map(({ type }) => type),
    ['key_revoked'],
  )
  t.is(
    await service.revokePresentedKey({ apiKey: acme.apiKey, clientId: 'acme' }),
    'already_revoked',
  )
  const free = await aKey(service)
  t.is(await service.revokePresentedKey({ apiKey: free.apiKey, clientId: 'other' }), 'revoked')
})

test('a right id with a wrong secret is an unknown key, and changes nothing', async (t) => {
  const service = createMemoryService()
  const { apiKey, keyId } = await logIn(service)
  const before = await service.stores.apiKeys.read(keyId)
  for (const wrong of [
    withOtherSecret(apiKey, keyId),
    keyId,
    '',
    `${apiKey}x`,
    apiKey.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
  ]) {
    t.is(await service.revokePresentedKey({ apiKey: wrong }), 'no_such_key', wrong)
    t.is(await service.stores.apiKeys.read(keyId), before)
  }
  t.like(await service.authenticateApiKey(apiKey), { outcome: 'valid' })
})

test('a device whose key was revoked before its first use is denied', async (t) => {
  const service = createMemoryService()
  const { apiKey, deviceCode } = await aKey(service)
  await service.revokePresentedKey({ apiKey })
  service.clock.pass(5 * SECOND)
  t.is((await service.pollForToken({ deviceCode })).outcome, 'access_denied')
})
