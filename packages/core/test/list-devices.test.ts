import {
  type ApiKey,
  createOperatorUseCases,
  createPolicy,
  createStaticClientRegistry,
  type ListDevicesRequest,
  type ListedKey,
  type Policy,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import { createMemoryService, type MemoryService, MINUTE } from './memory-service.ts'

const DAY = 24 * 60 * MINUTE

const anActiveKey = (
  now: number,
  changes: Partial<Extract<ApiKey, { readonly status: 'active' }>> = {},
): ApiKey => ({
  status: 'active',
  name: 'Device Link Access Key (BCDF-GHJK)',
  owner: 'ann',
  request: { device: {} },
  approvedAt: now,
  secretHash: 'hash',
  expiresAt: now + 90 * DAY,
  lastUsedAt: now,
  keepUntil: now + 120 * DAY,
  ...changes,
})

const put = (service: MemoryService, id: string, key: ApiKey) =>
  service.stores.apiKeys.update(id, () => ({ next: key, reply: undefined }))

const idsOf = (keys: readonly Pick<ListedKey, 'id'>[]): string[] => keys.map(({ id }) => id)

const logIn = async (
  service: MemoryService,
  { person = 'ann', deviceName, replaces }: Record<string, string> = {},
) => {
  const { deviceCode, userCode } = issued(
    await service.authorizeDevice({ clientId: 'cli', deviceName, device: {} }),
  )
  await service.answerUserCode({ userCode, person, decision: 'approve', replaces })
  const reply = await service.pollForToken({ deviceCode, clientId: 'cli' })
  if (reply.outcome !== 'granted') throw new Error(reply.outcome)
  return reply
}

const operatorOf = ({ stores, clock, events }: MemoryService, policy?: Policy) =>
  createOperatorUseCases({
    ...stores,
    clock,
    ...(policy && { policy }),
    events: { emit: (event) => events.push(event) },
  })

test('devices come by their last use, in pages that stay right while devices are used', async (t) => {
  const service = createMemoryService()
  const now = service.clock.now()
  // The order of uses is the opposite of the order of approvals.
  for (let i = 0; i < 60; i++) {
    const key = anActiveKey(now, {
      approvedAt: now - i * MINUTE,
      lastUsedAt: now - (60 - i) * 1_000,
    })
    await put(service, `key-${i}`, key)
  }
  await put(service, 'of-bob', anActiveKey(now, { owner: 'bob' }))
  const expected = Array.from({ length: 60 }, (_, i) => `key-${59 - i}`)
  const first = await service.listDevices({ owner: 'ann' })
  t.like(first, { total: 60, found: 60, revocationDelayMs: 1_000 })
  t.deepEqual(idsOf(first.devices), expected.slice(0, 25))
  // A device of the third page is used meanwhile, and one of the first page ends.
  await put(service, 'key-2', anActiveKey(now, { lastUsedAt: now + 1 }))
  await service.revokeApiKey({ owner: 'ann', keyId: expected[24] ?? '' })
  const second = await service.listDevices({ owner: 'ann', after: first.next })
  t.deepEqual(idsOf(second.devices), expected.slice(25, 50))
  const third = await service.listDevices({ owner: 'ann', after: second.next })
  t.deepEqual(
    idsOf(third.devices),
    expected.slice(50).filter((id) => id !== 'key-2'),
  )
  t.is(third.next, undefined)
  t.deepEqual(idsOf((await service.listDevices({ owner: 'bob' })).devices), ['of-bob'])
})

test('devices are found by the words of their names, and by how long they are unused', async (t) => {
  const acme = {
    clientId: 'acme-cli',
    name: { text: 'Acme CLI', translations: { de: 'Acme-Kommandozeile' } },
    authentication: { method: 'none' },
  } as const
  const clients = createStaticClientRegistry([acme])
  const service = createMemoryService(undefined, undefined, { clients })
  const now = service.clock.now()
  const old = { approvedAt: now - 60 * DAY, lastUsedAt: now - 30 * DAY }
  const request = { clientId: 'acme-cli', device: {} }
  await put(service, 'laptop', anActiveKey(now, { deviceName: 'Maria’s MacBook', request }))
  await put(service, 'build', anActiveKey(now, { deviceName: 'BUILD server', ...old }))
  await put(service, 'tv', anActiveKey(now, { request: { clientId: 'tv', device: {} } }))
  const find = async (request: Omit<ListDevicesRequest, 'owner'>) => {
    const nameOf = (clientId: string) => (clientId === 'tv' ? 'Television' : undefined)
    const list = await service.listDevices({ owner: 'ann', nameOf, ...request })
    t.is(list.total, 3)
    t.is(list.found, list.devices.length)
    return idsOf(list.devices).toSorted()
  }
  t.deepEqual(await find({ search: ' macbook  MARIA’S ' }), ['laptop'])
  t.deepEqual(await find({ search: 'kommandozeile' }), ['laptop'])
  t.deepEqual(await find({ search: 'acme-cli' }), ['laptop'])
  t.deepEqual(await find({ search: 'ｂｕｉｌｄ' }), ['build'])
  t.deepEqual(await find({ search: 'television' }), ['tv'])
  t.deepEqual(await find({ search: 'bcdf-ghjk' }), ['build', 'laptop', 'tv'])
  t.deepEqual(await find({ search: 'macbook server' }), [])
  t.deepEqual(await find({ search: ' ' }), ['build', 'laptop', 'tv'])
  t.deepEqual(await find({ unusedForMs: 30 * DAY }), ['build'])
  t.deepEqual(await find({ unusedForMs: 30 * DAY + 1 }), [])
  t.deepEqual(await find({ approvedSince: now }), ['laptop', 'tv'])
})

test('the owner sees for 30 days what ended a key, and how', async (t) => {
  const policy = createPolicy({ keyIdleMs: DAY, keyLifetimesMs: [2 * DAY, DAY / 2] })
  const service = createMemoryService(policy)
  const { clock } = service
  const operator = operatorOf(service, policy)
  const unused = await logIn(service)
  const [own, ofOperator, ofBearer, leaked, replaced] = await Promise.all(
    ['own', 'ofOperator', 'ofBearer', 'leaked', 'replaced'].map((deviceName) =>
      logIn(service, { deviceName }),
    ),
  )
  if (!own || !ofOperator || !ofBearer || !leaked || !replaced) return t.fail()
  clock.pass(MINUTE)
  await service.authenticateApiKey(own.apiKey)
  clock.pass(MINUTE)
  await service.revokeApiKey({ owner: 'ann', keyId: own.keyId })
  clock.pass(1)
  await operator.revokeApiKeys({ keyId: ofOperator.keyId, operator: 'support' })
  clock.pass(1)
  await service.revokePresentedKey({ apiKey: ofBearer.apiKey, clientId: 'cli' })
  clock.pass(1)
  const place = 'https://github.com/acme/app/blob/main/.env'
  await operator.revokeLeakedKey({ apiKey: leaked.apiKey, by: 'secret_scanning', place })
  clock.pass(1)
  const successor = await logIn(service, { deviceName: 'replaced', replaces: replaced.keyId })
  await service.authenticateApiKey(successor.apiKey)
  const revokedAt = clock.now()
  clock.pass(DAY)
  const endings = async () =>
    (await service.listDevices({ owner: 'ann' })).ended.map(({ id, ending }) => [id, ending])
  const revoked = [
    [replaced.keyId, 'replacement'],
    [leaked.keyId, 'secret_scanning'],
    [ofBearer.keyId, 'bearer'],
    [ofOperator.keyId, 'operator'],
    [own.keyId, 'owner'],
  ]
  t.deepEqual((await endings()).slice(2), revoked)
  t.deepEqual(
    (await endings()).slice(0, 2).toSorted(),
    [
      [successor.keyId, 'unused'],
      [unused.keyId, 'unused'],
    ].toSorted(),
  )
  const { ended } = await service.listDevices({ owner: 'ann' })
  t.like(
    ended.find(({ id }) => id === leaked.keyId),
    { place, endedAt: revokedAt - 1, deviceName: 'leaked' },
  )
  t.is(ended.find(({ id }) => id === own.keyId)?.lastUsedAt, revokedAt - MINUTE - 4)
  t.deepEqual((await service.listDevices({ owner: 'bob' })).ended, [])
  // The key of the owner ended first.
  clock.pass(29 * DAY - 5)
  t.true((await endings()).some(([id]) => id === own.keyId))
  clock.pass(1)
  t.false((await endings()).some(([id]) => id === own.keyId))
  t.is(await service.stores.apiKeys.read(own.keyId), undefined, 'it is forgotten')
})

test('ended keys do not count towards the limit of keys', async (t) => {
  const service = createMemoryService(createPolicy({ keysPerPerson: 1, keyLifetimesMs: [MINUTE] }))
  const first = await logIn(service)
  await service.revokeApiKey({ owner: 'ann', keyId: first.keyId })
  await logIn(service)
  service.clock.pass(MINUTE)
  const { keyId } = await logIn(service)
  const list = await service.listDevices({ owner: 'ann' })
  t.deepEqual(idsOf(list.devices), [keyId])
  t.deepEqual(list.ended.map(({ ending }) => ending).toSorted(), ['expired', 'owner'])
})

test('a person with very many keys gets them in several lists', async (t) => {
  const service = createMemoryService()
  const now = service.clock.now()
  for (let i = 0; i < 2_050; i++) {
    await put(service, `key-${i}`, anActiveKey(now, { approvedAt: now - i, lastUsedAt: now + i }))
  }
  const first = await service.listDevices({ owner: 'ann', limit: 1 })
  t.is(first.total, 2_000)
  t.deepEqual(idsOf(first.devices), ['key-1999'])
  const second = await service.listDevices({ owner: 'ann', from: first.older, limit: 100 })
  t.is(second.total, 50)
  t.deepEqual(
    idsOf(second.devices).toSorted(),
    Array.from({ length: 50 }, (_, i) => `key-${2_000 + i}`),
  )
  t.is(second.older, undefined)
})

test('its owner reads a key from its approval to its end, and other people find nothing', async (t) => {
  const service = createMemoryService()
  const { deviceCode, userCode } = issued(await service.authorizeDevice({ device: {} }))
  const answered = await service.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
  if (answered.outcome !== 'approved') return t.fail(answered.outcome)
  const { keyId } = answered
  const read = () => service.readApiKey({ owner: 'ann', keyId })
  t.like(await read(), { outcome: 'live', key: { id: keyId, status: 'waiting' } })
  t.is(await service.readApiKey({ owner: 'bob', keyId }), undefined)
  await service.pollForToken({ deviceCode })
  t.like(await read(), { outcome: 'live', key: { status: 'unused' } })
  await service.revokeApiKey({ owner: 'ann', keyId })
  t.like(await read(), { outcome: 'ended', key: { ending: 'owner', endedAt: service.clock.now() } })
  t.is(await service.readApiKey({ owner: 'bob', keyId }), undefined)
  await operatorOf(service).eraseApiKeys({ owner: 'ann' })
  t.is(await read(), undefined)
})

test('a key that its device did not pick up has ended, with the reason', async (t) => {
  const service = createMemoryService()
  const approve = async () => {
    const { userCode } = issued(await service.authorizeDevice({ device: {} }))
    const reply = await service.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
    return reply.outcome === 'approved' ? reply.keyId : ''
  }
  const [late, revoked] = [await approve(), await approve()]
  await service.revokeApiKey({ owner: 'ann', keyId: revoked })
  service.clock.pass(12 * MINUTE)
  const endingOf = async (keyId: string) => {
    const found = await service.readApiKey({ owner: 'ann', keyId })
    return found?.outcome === 'ended' ? found.key.ending : undefined
  }
  t.is(await endingOf(late), 'not_picked_up')
  t.is(await endingOf(revoked), 'owner')
  t.deepEqual((await service.listDevices({ owner: 'ann' })).ended, [])
})

test('a waiting key that an operator revoked says so', async (t) => {
  const service = createMemoryService()
  const { userCode } = issued(await service.authorizeDevice({ device: {} }))
  const reply = await service.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
  if (reply.outcome !== 'approved') return t.fail(reply.outcome)
  await operatorOf(service).revokeApiKeys({ owner: 'ann' })
  const found = await service.readApiKey({ owner: 'ann', keyId: reply.keyId })
  t.like(found, { outcome: 'ended', key: { ending: 'operator' } })
})

test('a person who did not start a login denies and reports it', async (t) => {
  const service = createMemoryService()
  const { userCode } = issued(await service.authorizeDevice({ clientId: 'cli', device: {} }))
  const browser = { address: '198.51.100.7' }
  const answer = { userCode, person: 'ann', decision: 'deny', browser, isReported: true } as const
  t.is((await service.answerUserCode(answer)).outcome, 'denied')
  t.is((await service.answerUserCode(answer)).outcome, 'already_processed')
  const reported = service.events.filter(({ type }) => type === 'request_reported')
  t.is(reported.length, 1)
  t.like(reported[0], { person: 'ann', clientId: 'cli', browser, at: service.clock.now() })
  t.is(service.events.filter(({ type }) => type === 'authorization_denied').length, 1)
})

test('a person reports a login once that they have denied or approved', async (t) => {
  for (const decision of ['deny', 'approve'] as const) {
    const service = createMemoryService(createPolicy({ openedForMs: 0 }))
    const { userCode } = issued(await service.authorizeDevice({ clientId: 'cli', device: {} }))
    const reported = () => service.events.filter(({ type }) => type === 'request_reported')
    const report = (person: string) =>
      service.answerUserCode({ userCode, person, decision: 'deny', isReported: true })
    await service.answerUserCode({ userCode, person: 'ann', decision })
    t.is((await report('bob')).outcome, 'already_processed')
    t.is(reported().length, 0, 'only the person who decided reports')
    t.like(await report('ann'), { outcome: 'already_processed', yours: decision })
    t.like(await report('ann'), { outcome: 'already_processed', yours: decision })
    t.is(reported().length, 1, decision)
    t.like(reported()[0], { person: 'ann', clientId: 'cli', at: service.clock.now() })
  }
})
