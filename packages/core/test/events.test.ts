import {
  createOperatorUseCases,
  createPolicy,
  createStaticClientRegistry,
  type DeviceGrantEvent,
  formatApiKey,
  grantIdOf,
  keyIdOf,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test, { type ExecutionContext } from 'ava'
import { createMemoryService, type MemoryService, SECOND } from './memory-service.ts'
import { plain } from './plain.ts'

const DEVICE = { address: '192.0.2.1', userAgent: 'cli/1.0' }
const BROWSER = { address: '198.51.100.7', userAgent: 'browser/1.0' }
const ANN = { person: 'ann', browser: BROWSER }
const OF_DEVICE = { clientId: 'cli', deviceName: 'Phone', device: DEVICE }

const ask = async (service: MemoryService) => {
  const codes = issued(
    await service.authorizeDevice({
      clientId: 'cli',
      scope: 'read write',
      deviceName: 'Phone',
      device: DEVICE,
    }),
  )
  return { ...codes, ofGrant: { grantId: grantIdOf(codes.deviceCode), ...OF_DEVICE } }
}

const answer = (
  service: MemoryService,
  userCode: string,
  decision: 'approve' | 'deny' = 'approve',
  replaces?: string,
) => service.answerUserCode({ userCode, decision, replaces, ...ANN })

const logIn = async (service: MemoryService, replaces?: string) => {
  const { deviceCode, userCode, ofGrant } = await ask(service)
  await answer(service, userCode, 'approve', replaces)
  const reply = await service.pollForToken({ deviceCode, clientId: 'cli' })
  if (reply.outcome !== 'granted') throw new Error(reply.outcome)
  const ofKey = { keyId: reply.keyId, owner: 'ann', ...OF_DEVICE }
  return { ...reply, deviceCode, ofGrant, ofKey }
}

/** Compares the events of a type with the expected ones, all of which are of now. */
const sees = (
  t: ExecutionContext,
  service: MemoryService,
  type: DeviceGrantEvent['type'],
  ...expected: readonly object[]
): void => {
  const found = service.events.filter((event) => event.type === type)
  const at = service.clock.now()
  t.deepEqual(
    plain<object[]>(found),
    plain<object[]>(expected.map((members) => ({ type, at, ...members }))),
  )
}

test('a decision names the device, the person and both addresses', async (t) => {
  const service = createMemoryService()
  const approved = await ask(service)
  sees(t, service, 'authorization_requested', { ...approved.ofGrant, scope: 'read write' })
  await answer(service, approved.userCode)
  const keyId = keyIdOf(approved.ofGrant.grantId)
  const members = { ...approved.ofGrant, ...ANN, keyId, scope: 'read write' }
  sees(t, service, 'authorization_approved', members)
  const denied = await ask(service)
  await answer(service, denied.userCode, 'deny')
  sees(t, service, 'authorization_denied', { ...denied.ofGrant, ...ANN })
})

test('a pick-up and a first use name the owner and the device', async (t) => {
  const service = createMemoryService()
  const { apiKey, ofGrant, ofKey, expiresIn } = await logIn(service)
  const expiresAt = service.clock.now() + expiresIn * SECOND
  const members = { ...ofGrant, ...ofKey, scope: 'read write', expiresAt, reissued: false }
  sees(t, service, 'key_claimed', members)
  await service.authenticateApiKey(apiKey)
  await service.authenticateApiKey(apiKey)
  sees(t, service, 'key_used_first', ofKey)
  const { keyId } = ofKey
  await service.renameDevice({ owner: 'ann', keyId, deviceName: 'Tablet' })
  sees(t, service, 'device_renamed', { ...ofKey, deviceName: 'Tablet' })
})

test('a revocation says who did it and how', async (t) => {
  const service = createMemoryService()
  const { keyId, ofKey } = await logIn(service)
  await service.revokeApiKey({ owner: 'ann', keyId, browser: BROWSER })
  await service.revokeApiKey({ owner: 'ann', keyId, browser: BROWSER })
  sees(t, service, 'key_revoked', { ...ofKey, by: 'owner', browser: BROWSER })

  service.events.length = 0
  const all = await logIn(service)
  await service.revokeAllApiKeys('ann', BROWSER)
  sees(t, service, 'key_revoked', { ...all.ofKey, by: 'owner', browser: BROWSER })

  service.events.length = 0
  service.clock.pass(5 * SECOND)
  const presented = await logIn(service)
  await service.revokePresentedKey({ apiKey: presented.apiKey, clientId: 'cli' })
  sees(t, service, 'key_revoked', { ...presented.ofKey, by: 'bearer', callerClientId: 'cli' })

  service.events.length = 0
  const old = await logIn(service)
  const fresh = await logIn(service, old.keyId)
  await service.authenticateApiKey(fresh.apiKey)
  const replacedBy = fresh.keyId
  sees(t, service, 'key_revoked', { ...old.ofKey, by: 'replacement', replacedBy })
})

test('an operator’s revocation names the device, and an erasure names nothing but the key', async (t) => {
  const service = createMemoryService()
  const { stores, clock, events } = service
  const operator = createOperatorUseCases({
    ...stores,
    clock,
    events: { emit: (event) => events.push(event) },
  })
  const { keyId, ofKey } = await logIn(service)
  await operator.revokeApiKeys({ owner: 'ann' })
  sees(t, service, 'key_revoked', { ...ofKey, by: 'operator' })
  await operator.eraseApiKeys({ owner: 'ann' })
  sees(t, service, 'key_erased', { keyId })
})

test('wrong, contested and too many codes name the person and the browser', async (t) => {
  const service = createMemoryService()
  const { userCode, ofGrant } = await ask(service)
  await service.reviewUserCode({ userCode, person: 'bob' })
  await service.reviewUserCode({ userCode, ...ANN })
  sees(t, service, 'user_code_contested', { grantId: ofGrant.grantId, ...ANN })
  for (let i = 0; i < 6; i++) await service.reviewUserCode({ userCode: 'BBBB-BBBB', ...ANN })
  const wrong = [4, 3, 2, 1, 0].map((attemptsLeft) => ({ ...ANN, attemptsLeft }))
  sees(t, service, 'wrong_user_code', ...wrong)
  sees(t, service, 'too_many_wrong_user_codes', ANN)
})

test('a person with too many keys is named with the device', async (t) => {
  const service = createMemoryService(createPolicy({ keysPerPerson: 1 }))
  await logIn(service)
  const { userCode, ofGrant } = await ask(service)
  t.is((await answer(service, userCode)).outcome, 'too_many_keys')
  sees(t, service, 'too_many_keys', { ...ofGrant, ...ANN, limit: 1 })
})

test('polls that are early, late or of another client name the client', async (t) => {
  const service = createMemoryService()
  const { deviceCode, ofGrant } = await ask(service)
  const { grantId } = ofGrant
  const poll = (clientId?: string) => service.pollForToken({ deviceCode, clientId })
  for (let i = 0; i < 2; i++) await poll('cli')
  sees(t, service, 'poll_too_early')
  await poll('cli')
  sees(t, service, 'poll_too_early', { grantId, clientId: 'cli', intervalMs: 10 * SECOND })
  for (const clientId of ['other', undefined]) {
    t.deepEqual(plain(await poll(clientId)), { outcome: 'invalid_grant' })
  }
  sees(
    t,
    service,
    'wrong_client',
    { ...ofGrant, callerClientId: 'other' },
    { ...ofGrant, callerClientId: undefined },
  )
  service.clock.pass(10 * SECOND)
  const twoReadings = { deviceCode, clientId: 'c+li', otherClientIds: ['cli'] }
  t.is((await service.pollForToken(twoReadings)).outcome, 'authorization_pending')
  t.is(service.events.filter(({ type }) => type === 'wrong_client').length, 2)
  service.clock.pass(600 * SECOND)
  await poll('cli')
  sees(t, service, 'expired_on_poll', ofGrant)
})

test('polls while pending emit nothing', async (t) => {
  const service = createMemoryService()
  const { deviceCode } = await ask(service)
  service.events.length = 0
  for (let i = 0; i < 3; i++) {
    await service.pollForToken({ deviceCode, clientId: 'cli' })
    service.clock.pass(5 * SECOND)
  }
  t.deepEqual(service.events, [])
})

test('a refused client and a person who is not admitted are named', async (t) => {
  let isAdmitted = true
  const service = createMemoryService(undefined, undefined, {
    clients: createStaticClientRegistry([
      { clientId: 'cli', name: { text: 'CLI' }, authentication: { method: 'none' } },
    ]),
    admitPerson: async () => isAdmitted,
  })
  await service.authorizeDevice({ clientId: 'other', device: DEVICE })
  const refused = { clientId: 'other', reason: 'invalid_client', device: DEVICE } as const
  sees(t, service, 'client_refused', refused)
  const used = await logIn(service)
  const { deviceCode, userCode, ofGrant } = await ask(service)
  await answer(service, userCode)
  const open = await ask(service)
  isAdmitted = false
  await answer(service, open.userCode)
  await service.pollForToken({ deviceCode, clientId: 'cli' })
  await service.authenticateApiKey(used.apiKey)
  sees(
    t,
    service,
    'person_not_admitted',
    { ...ANN, during: 'approval' },
    { person: 'ann', during: 'pick_up', ...ofGrant },
    { person: 'ann', during: 'key_check', keyId: used.keyId, ...OF_DEVICE },
  )
})

test('a key that is refused names its owner only if the secret is right', async (t) => {
  const service = createMemoryService()
  const { apiKey, keyId, ofKey, expiresIn } = await logIn(service)
  const guess = formatApiKey({ prefix: 'dg_', keyId, secret: new Uint8Array(32) })
  await service.authenticateApiKey('dg_nothing')
  await service.authenticateApiKey(guess)
  await service.revokePresentedKey({ apiKey: 'dg_nothing', clientId: 'cli' })
  await service.revokePresentedKey({ apiKey: guess, clientId: 'cli' })
  await service.revokePresentedKey({ apiKey, clientId: 'other' })
  const revocation = { during: 'revocation', callerClientId: 'cli' } as const
  sees(
    t,
    service,
    'key_refused',
    { during: 'key_check', reason: 'malformed' },
    { during: 'key_check', reason: 'no_such_key', keyId },
    { ...revocation, reason: 'malformed' },
    { ...revocation, reason: 'no_such_key', keyId },
    { ...revocation, reason: 'other_client', ...ofKey, callerClientId: 'other' },
  )
  service.events.length = 0
  await service.authenticateApiKey(apiKey)
  service.clock.pass(expiresIn * SECOND)
  await service.authenticateApiKey(apiKey)
  sees(t, service, 'key_refused', { during: 'key_check', reason: 'expired', ...ofKey })
  service.events.length = 0
  const revoked = await logIn(service)
  await service.revokeAllApiKeys('ann')
  await service.authenticateApiKey(revoked.apiKey)
  sees(t, service, 'key_refused', { during: 'key_check', reason: 'revoked', ...revoked.ofKey })
})

test('a key that expires while its check is kept is refused with its owner too', async (t) => {
  const service = createMemoryService(createPolicy({ keyLifetimesMs: [30 * SECOND] }))
  const { apiKey, ofKey } = await logIn(service)
  service.clock.pass(29_500)
  t.like(await service.authenticateApiKey(apiKey), { outcome: 'valid' })
  service.clock.pass(600)
  t.deepEqual(await service.authenticateApiKey(apiKey), { outcome: 'expired' })
  sees(t, service, 'key_refused', { during: 'key_check', reason: 'expired', ...ofKey })
})
