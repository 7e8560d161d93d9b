import {
  type CatalogueScope,
  createPolicy,
  createStaticClientRegistry,
  createUseCases,
  grantIdOf,
  keyIdOf,
  type PendingGrant,
  type RegisteredClient,
  type TokenReply,
  type UserCodeAnswer,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import fc from 'fast-check'
import { reserveKey } from '#src/rules/api-key.js'
import { decideGrant } from '#src/rules/device-grant.js'
import { createMemoryService, keysOf, MINUTE, type Modules, SECOND } from './memory-service.ts'
import { plain } from './plain.ts'

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const scope = (entry: Partial<CatalogueScope> = {}): CatalogueScope => ({
  description: { text: 'See your projects' },
  ...entry,
})
const READ = scope({ required: true, default: true })
const CATALOGUE = new Map([
  ['read', READ],
  ['write', scope()],
])

const acme = (changes: Partial<RegisteredClient> = {}): RegisteredClient => ({
  clientId: 'acme',
  name: { text: 'Acme CLI' },
  authentication: { method: 'none' },
  ...changes,
})

const aService = ({
  clients = [acme()],
  catalogue = CATALOGUE,
  policy = createPolicy(),
}: {
  clients?: readonly RegisteredClient[]
  catalogue?: ReadonlyMap<string, CatalogueScope>
  policy?: ReturnType<typeof createPolicy>
} = {}) => {
  const known = { clients, catalogue }
  const modules: Modules = {
    clients: { find: async (id) => createStaticClientRegistry(known.clients).find(id) },
    scopes: { scopes: () => known.catalogue },
  }
  const service = createMemoryService(policy, undefined, modules)
  /** A process that shares the stores. */
  const other = createUseCases({
    ...service.stores,
    ...modules,
    policy,
    clock: service.clock,
    monotonic: service.clock.now,
  })
  return { service, known, other }
}

type Service = ReturnType<typeof aService>['service']

const ask = async (service: Service, request: { scope?: string; deviceName?: string } = {}) =>
  issued(await service.authorizeDevice({ clientId: 'acme', device: {}, ...request }))

const approve = (
  service: Service,
  userCode: string,
  choices: Partial<UserCodeAnswer> = {},
  person = 'ann',
) => service.answerUserCode({ userCode, person, decision: 'approve', ...choices })

const granted = (reply: TokenReply): Extract<TokenReply, { readonly outcome: 'granted' }> => {
  if (reply.outcome !== 'granted') throw new Error(`not granted but ${reply.outcome}`)
  return reply
}

/** Asks, approves and picks up. */
const logIn = async (
  service: Service,
  choices: Partial<UserCodeAnswer> = {},
  request: { scope?: string; deviceName?: string } = {},
) => {
  const { deviceCode, userCode } = await ask(service, request)
  const { outcome } = await approve(service, userCode, choices)
  if (outcome !== 'approved') throw new Error(outcome)
  return granted(await service.pollForToken({ deviceCode, clientId: 'acme' }))
}

test('a registry and a catalogue refuse requests, the client first', async (t) => {
  const { service } = aService({
    clients: [acme(), acme({ clientId: 'limited', scopes: ['write'], usesDeviceGrant: true })],
  })
  const outcomeOf = async (request: { clientId?: string; scope?: string }) =>
    plain(await service.authorizeDevice({ device: {}, ...request }))
  t.deepEqual(await outcomeOf({}), { outcome: 'invalid_client' })
  t.deepEqual(await outcomeOf({ clientId: 'unknown', scope: 'root' }), {
    outcome: 'invalid_client',
  })
  t.deepEqual(await outcomeOf({ clientId: 'acme', scope: 'root' }), {
    outcome: 'invalid_scope',
    reason: 'not_allowed',
  })
  t.deepEqual(await outcomeOf({ clientId: 'limited', scope: 'read' }), {
    outcome: 'invalid_scope',
    reason: 'not_allowed',
  })
  t.deepEqual(await outcomeOf({ clientId: 'limited' }), {
    outcome: 'invalid_scope',
    reason: 'none',
  })
  t.like(await outcomeOf({ clientId: 'acme' }), { outcome: 'issued', defaultScope: 'read' })
  const named = issued(
    await service.authorizeDevice({ clientId: 'acme', scope: 'read', device: {} }),
  )
  t.is(named.defaultScope, undefined)
  t.deepEqual(service.events.filter(({ type }) => type === 'client_refused').length, 2)
})

test('a name of a device that is too long is refused, and others are cleaned', async (t) => {
  const { service } = aService()
  const long = { clientId: 'acme', device: {}, deviceName: 'x'.repeat(65) }
  t.deepEqual(plain(await service.authorizeDevice(long)), { outcome: 'device_name_too_long' })
  const { userCode } = await ask(service, { deviceName: ' Maria\u202e  phone' })
  t.like(await service.reviewUserCode({ userCode, person: 'ann' }), {
    request: { deviceName: 'Maria phone' },
  })
})

test('a review shows the client, the sentences of its scopes and the lifetimes', async (t) => {
  const client = acme({ keyLifetimesMs: [HOUR, DAY] })
  const { service } = aService({ clients: [client] })
  const { userCode } = await ask(service, { scope: 'write read' })
  t.like(plain(await service.reviewUserCode({ userCode, person: 'ann' })), {
    client: plain(client),
    scopes: [
      { name: 'read', entry: plain(READ) },
      { name: 'write', entry: plain(scope()) },
    ],
    hasScopeChoice: true,
    keyLifetimesMs: [HOUR, DAY],
  })
})

test('a key has what the person left of the scope, and everything shows that', async (t) => {
  const { service } = aService()
  const reply = await logIn(service, { scopes: ['read'] }, { scope: 'read write' })
  t.is(reply.scope, 'read')
  t.like(await service.authenticateApiKey(reply.apiKey), { scope: 'read' })
  t.like((await keysOf(service))[0], { scope: 'read', request: { scope: 'read write' } })
})

test('a choice that is not possible approves nothing', async (t) => {
  const { service } = aService()
  const { deviceCode, userCode } = await ask(service, { scope: 'read write' })
  for (const [choices, choice] of [
    [{ scopes: [] }, 'scopes'],
    [{ scopes: ['write'] }, 'scopes'],
    [{ scopes: ['read', 'root'] }, 'scopes'],
    [{ lifetimeMs: DAY + 1 }, 'lifetime'],
    [{ lifetimeMs: 365 * DAY }, 'lifetime'],
    [{ deviceName: 'x'.repeat(65) }, 'device_name'],
    [{ replaces: 'no such key' }, 'replaces'],
  ] as const) {
    t.deepEqual(await approve(service, userCode, choices), { outcome: 'invalid_choice', choice })
    t.deepEqual(await keysOf(service), [])
    const poll = await service.pollForToken({ deviceCode, clientId: 'acme' })
    t.is(poll.outcome, 'authorization_pending')
    service.clock.pass(5 * SECOND)
  }
  t.like(await approve(service, userCode), { outcome: 'approved' })
})

test('a lifetime runs from the first pick-up, and an issue again does not prolong it', async (t) => {
  const { service } = aService()
  const { deviceCode, userCode } = await ask(service)
  await approve(service, userCode, { lifetimeMs: 30 * DAY })
  service.clock.pass(7 * MINUTE)
  const poll = { deviceCode, clientId: 'acme' }
  const first = granted(await service.pollForToken(poll))
  t.is(first.expiresIn, 30 * 86_400)
  service.clock.pass(10 * SECOND)
  const again = granted(await service.pollForToken(poll))
  t.is(again.apiKey, first.apiKey)
  t.is(again.expiresIn, 30 * 86_400 - 10)
})

test('the maximum at pick-up holds for a lifetime that was approved before', async (t) => {
  const { service } = aService()
  const { deviceCode, userCode } = await ask(service)
  await approve(service, userCode, { lifetimeMs: 90 * DAY })
  const { stores, clock } = service
  const strict = createUseCases({
    ...stores,
    policy: createPolicy({ keyLifetimesMs: [HOUR] }),
    clock,
  })
  const reply = granted(await strict.pollForToken({ deviceCode, clientId: 'acme' }))
  t.is(reply.expiresIn, 3_600)
})

test('a scope that the operator takes away between approval and pick-up is not granted', async (t) => {
  for (const [left, outcome, scopes] of [
    [['read', 'write'], 'granted', 'read write'],
    [['write'], 'granted', 'write'],
    [[], 'access_denied', undefined],
  ] as const) {
    const { service, known, other } = aService()
    const { deviceCode, userCode } = await ask(service, { scope: 'read write' })
    await approve(service, userCode)
    known.catalogue = new Map(left.map((name) => [name, scope()]))
    const poll = { deviceCode, clientId: 'acme' }
    const reply = await other.pollForToken(poll)
    t.is(reply.outcome, outcome)
    if (reply.outcome !== 'granted') continue
    t.is(reply.scope, scopes)
    known.catalogue = new Map([['read', scope()]])
    service.clock.pass(3 * SECOND)
    const again = granted(await service.pollForToken(poll))
    t.is(again.scope, scopes, 'a key stays as it was issued')
  }
})

test('a client that the operator removes between approval and pick-up gets no key', async (t) => {
  const { service, known, other } = aService()
  const { deviceCode, userCode } = await ask(service)
  await approve(service, userCode)
  known.clients = []
  t.deepEqual(plain(await other.pollForToken({ deviceCode, clientId: 'acme' })), {
    outcome: 'access_denied',
  })
})

test('a client that the operator changes before the approval cannot be approved', async (t) => {
  for (const [change, reason, polled] of [
    [{ clients: [] }, 'invalid_client', 'authorization_pending'],
    [{ clients: [acme({ usesDeviceGrant: false })] }, 'unauthorized_client', 'unauthorized_client'],
  ] as const) {
    const { service, known, other } = aService()
    const { deviceCode, userCode } = await ask(service, { scope: 'read' })
    const poll = { deviceCode, clientId: 'acme' }
    Object.assign(known, change)
    const refused = { outcome: 'client_refused', reason } as const
    t.deepEqual(await other.reviewUserCode({ userCode, person: 'ann' }), refused)
    t.deepEqual(await approve(service, userCode), refused)
    t.deepEqual(await approve(service, userCode, { scopes: ['read'] }), refused)
    t.is((await other.pollForToken(poll)).outcome, polled)
    t.deepEqual(await keysOf(service, 'ann'), [])
    t.is((await approve(service, userCode, { decision: 'deny' })).outcome, 'denied')
  }
})

test('a request with no scope left can be denied only', async (t) => {
  for (const change of [
    { clients: [acme({ scopes: ['write'] })] },
    { catalogue: new Map([['write', scope()]]) },
    { clients: [acme({ scopes: ['write'] })], catalogue: undefined },
  ]) {
    const { service, known } = aService()
    const { deviceCode, userCode } = await ask(service, { scope: 'read' })
    Object.assign(known, change)
    t.like(await service.reviewUserCode({ userCode, person: 'ann' }), {
      outcome: 'pending',
      scopes: [],
      hasScopeChoice: true,
    })
    for (const choices of [{}, { scopes: ['read'] }, { scopes: ['write'] }, { scopes: [] }]) {
      const refused = { outcome: 'invalid_choice', choice: 'scopes' } as const
      t.deepEqual(await approve(service, userCode, choices), refused)
    }
    t.is((await approve(service, userCode, { decision: 'deny' })).outcome, 'denied')
    const poll = { deviceCode, clientId: 'acme' }
    t.is((await service.pollForToken(poll)).outcome, 'access_denied')
  }
})

test('a client that may not use the grant any more gets no approved key, nor the same key again', async (t) => {
  const { service, known, other } = aService()
  const { deviceCode, userCode } = await ask(service)
  const poll = { deviceCode, clientId: 'acme' }
  await approve(service, userCode)
  known.clients = [acme({ usesDeviceGrant: false })]
  t.deepEqual(await other.pollForToken(poll), { outcome: 'unauthorized_client' })
  known.clients = [acme(), acme({ clientId: 'other', usesDeviceGrant: false })]
  const first = granted(await service.pollForToken(poll))
  known.clients = [acme({ usesDeviceGrant: false })]
  service.clock.pass(3 * SECOND)
  t.deepEqual(await other.pollForToken(poll), { outcome: 'unauthorized_client' })
  t.is((await service.authenticateApiKey(first.apiKey)).outcome, 'valid')
})

test('a scope that was taken away before the approval is neither shown nor granted', async (t) => {
  const { service, known } = aService()
  const { deviceCode, userCode } = await ask(service, { scope: 'read write' })
  known.clients = [acme({ scopes: ['write'] })]
  const review = await service.reviewUserCode({ userCode, person: 'ann' })
  t.deepEqual(review.outcome === 'pending' && review.scopes.map(({ name }) => name), ['write'])
  const both = await approve(service, userCode, { scopes: ['read', 'write'] })
  t.deepEqual(both, { outcome: 'invalid_choice', choice: 'scopes' })
  t.is((await approve(service, userCode)).outcome, 'approved')
  const reply = granted(await service.pollForToken({ deviceCode, clientId: 'acme' }))
  t.is(reply.scope, 'write')
})

test('the person names the device, at the approval and later', async (t) => {
  const { service, other } = aService()
  const own = await logIn(service, {}, { deviceName: 'MacBook' })
  t.like(await service.authenticateApiKey(own.apiKey), { deviceName: 'MacBook' })
  const named = await logIn(service, { deviceName: 'Maria’s MacBook' }, { deviceName: 'MacBook' })
  const without = await logIn(service, { deviceName: ' ' }, { deviceName: 'MacBook' })
  const nameOf = async (keyId: string) =>
    (await keysOf(service)).find(({ id }) => id === keyId)?.deviceName
  t.is(await nameOf(named.keyId), 'Maria’s MacBook')
  t.is(await nameOf(without.keyId), undefined)

  const rename = (owner: string, deviceName: string) =>
    service.renameDevice({ owner, keyId: named.keyId, deviceName })
  t.deepEqual(await rename('ann', '  Work\n laptop '), {
    outcome: 'renamed',
    deviceName: 'Work laptop',
  })
  t.is(await nameOf(named.keyId), 'Work laptop')
  t.deepEqual(await rename('bob', 'mine'), { outcome: 'no_such_key' })
  t.deepEqual(await rename('ann', 'x'.repeat(65)), { outcome: 'device_name_too_long' })
  t.is(await nameOf(named.keyId), 'Work laptop')
  t.deepEqual(plain(await rename('ann', '')), { outcome: 'renamed' })
  t.is(await nameOf(named.keyId), undefined)
  await service.revokeApiKey({ owner: 'ann', keyId: named.keyId })
  t.deepEqual(await rename('ann', 'ended'), { outcome: 'no_such_key' })
  t.deepEqual(await other.renameDevice({ owner: 'ann', keyId: 'none', deviceName: 'x' }), {
    outcome: 'no_such_key',
  })
  t.deepEqual(
    service.events.flatMap((event) => (event.type === 'device_renamed' ? [event.deviceName] : [])),
    ['Work laptop', undefined],
  )
})

test('a waiting key can be renamed, and keeps its new name at pick-up', async (t) => {
  const { service } = aService()
  const { deviceCode, userCode } = await ask(service, { deviceName: 'MacBook' })
  await approve(service, userCode)
  const [waiting] = await keysOf(service)
  const keyId = waiting?.id ?? ''
  t.like(await service.renameDevice({ owner: 'ann', keyId, deviceName: 'Mine' }), {
    outcome: 'renamed',
  })
  granted(await service.pollForToken({ deviceCode, clientId: 'acme' }))
  t.is((await keysOf(service))[0]?.deviceName, 'Mine')
})

test('a second press that lost its race leaves its name nowhere', async (t) => {
  const { service } = aService()
  const { stores, clock } = service
  const { deviceCode, userCode } = await ask(service)
  const grant = await stores.grants.update(grantIdOf(deviceCode), (kept) => ({
    next: kept,
    reply: kept as PendingGrant,
  }))
  await approve(service, userCode, { deviceName: 'First tab' })
  const keyId = keyIdOf(grantIdOf(deviceCode))
  const terms = {
    name: 'a key',
    prefix: 'dg_',
    lifetimeMs: DAY,
    deviceName: 'Second tab',
    approvedAt: clock.now(),
  }
  const reserve = reserveKey({ person: 'ann', terms, grant, policy: createPolicy() })
  t.deepEqual(await stores.apiKeys.update(keyId, reserve), { outcome: 'reserved' })
  granted(await service.pollForToken({ deviceCode, clientId: 'acme' }))
  t.is((await keysOf(service))[0]?.deviceName, 'First tab')
})

test('a key of the same person, client and device name is offered for replacing', async (t) => {
  const { service } = aService({ clients: [acme(), acme({ clientId: 'other' })] })
  const replaceable = async (request: { deviceName?: string }, person = 'ann') => {
    const { userCode } = await ask(service, request)
    const review = await service.reviewUserCode({ userCode, person })
    if (review.outcome !== 'pending') throw new Error(review.outcome)
    return review.replaceable
  }
  const named = { deviceName: 'MacBook' }
  t.is(await replaceable(named), undefined)
  const { apiKey, keyId } = await logIn(service, {}, named)
  t.like(await replaceable(named), { key: { id: keyId }, isUnused: false })
  await service.authenticateApiKey(apiKey)
  t.like(await replaceable(named), { key: { id: keyId }, isUnused: false })
  service.clock.pass(23 * HOUR)
  t.like(await replaceable(named), { key: { id: keyId }, isUnused: false })
  t.is(await replaceable({}), undefined, 'without a name')
  t.is(await replaceable({ deviceName: 'macbook' }), undefined, 'another name')
  t.is(await replaceable(named, 'bob'), undefined, 'another person')
  const asked = issued(await service.authorizeDevice({ clientId: 'other', device: {}, ...named }))
  const review = await service.reviewUserCode({ userCode: asked.userCode, person: 'ann' })
  t.is('replaceable' in review && review.replaceable, undefined, 'another client')
  await service.revokeApiKey({ owner: 'ann', keyId })
  t.is(await replaceable(named), undefined, 'a key that ended')
})

test('a key that was unused for a day is preselected for replacing', async (t) => {
  const { service } = aService()
  const { keyId } = await logIn(service, { lifetimeMs: 30 * DAY }, { deviceName: 'MacBook' })
  service.clock.pass(DAY)
  const { userCode } = await ask(service, { deviceName: 'MacBook' })
  t.like(await service.reviewUserCode({ userCode, person: 'ann' }), {
    replaceable: { key: { id: keyId }, isUnused: true },
  })
})

test('the first use of a new key ends the one that it replaces', async (t) => {
  const { service } = aService()
  const old = await logIn(service)
  t.like(await service.authenticateApiKey(old.apiKey), { outcome: 'valid' })
  const fresh = await logIn(service, { replaces: old.keyId })
  t.like(await service.authenticateApiKey(old.apiKey), { outcome: 'valid' }, 'not used yet')
  t.like(await service.authenticateApiKey(fresh.apiKey), { outcome: 'valid' })
  t.deepEqual(await service.authenticateApiKey(old.apiKey), { outcome: 'revoked' })
  t.like(await service.authenticateApiKey(fresh.apiKey), { outcome: 'valid' })
  t.like(
    service.events.find(({ type }) => type === 'key_revoked'),
    { keyId: old.keyId, replacedBy: fresh.keyId },
  )
  const kept = await service.stores.apiKeys.read(fresh.keyId)
  t.false(kept !== undefined && 'replaces' in kept)
})

test('a key replaces only the person’s own key of the same client', async (t) => {
  const { service } = aService({ clients: [acme(), acme({ clientId: 'other' })] })
  const mine = await logIn(service)
  const choose = async (clientId: string, person: string, replaces: string) => {
    const { userCode } = issued(await service.authorizeDevice({ clientId, device: {} }))
    return (await approve(service, userCode, { replaces }, person)).outcome
  }
  t.is(await choose('acme', 'bob', mine.keyId), 'invalid_choice')
  t.is(await choose('other', 'ann', mine.keyId), 'invalid_choice')
  const { userCode } = await ask(service)
  await approve(service, userCode)
  const waiting = (await keysOf(service)).find(({ status }) => status === 'waiting')?.id ?? ''
  t.is(await choose('acme', 'ann', waiting), 'invalid_choice', 'a key that was not picked up')
  await service.revokeApiKey({ owner: 'ann', keyId: mine.keyId })
  t.is(await choose('acme', 'ann', mine.keyId), 'approved', 'a key that ended meanwhile')
})

test('a key that replaces a key ends what that one replaced', async (t) => {
  const { service } = aService()
  const first = await logIn(service)
  const second = await logIn(service, { replaces: first.keyId })
  const third = await logIn(service, { replaces: second.keyId })
  t.like(await service.authenticateApiKey(third.apiKey), { outcome: 'valid' })
  t.deepEqual(await service.authenticateApiKey(second.apiKey), { outcome: 'revoked' })
  t.deepEqual(await service.authenticateApiKey(first.apiKey), { outcome: 'revoked' })
})

test('a press that lost its race leaves the list as it was approved', async (t) => {
  const { service } = aService()
  const { stores, clock } = service
  const { deviceCode, userCode } = await ask(service, { scope: 'read write' })
  let isOvertaken = false
  const slow = createUseCases({
    ...stores,
    scopes: { scopes: () => CATALOGUE },
    apiKeys: {
      read: (id) => stores.apiKeys.read(id),
      find: (query) => stores.apiKeys.find(query),
      update: async (id, transition) => {
        const reply = await stores.apiKeys.update(id, transition)
        if (!isOvertaken) {
          isOvertaken = true
          // The other tab has reserved before, and decides now.
          const grantId = grantIdOf(deviceCode)
          const terms = {
            name: 'a key',
            prefix: 'dg_',
            scope: 'read write',
            lifetimeMs: DAY,
            approvedAt: clock.now() - 1,
          }
          const decide = { decision: 'approve', person: 'ann', now: clock.now(), terms } as const
          await stores.grants.update(grantId, decideGrant(decide))
        }
        return reply
      },
    },
    clock,
  })
  const lost = { userCode, person: 'ann', decision: 'approve', scopes: ['read'] } as const
  t.is((await slow.answerUserCode(lost)).outcome, 'already_processed')
  t.like((await keysOf(service))[0], { scope: 'read write', name: 'a key' })
  const reply = granted(await service.pollForToken({ deviceCode, clientId: 'acme' }))
  t.is(reply.scope, 'read write')
})

test('every use tries again to end the replaced key until that is written', async (t) => {
  const down = { updates: new Set<string>() }
  const { StoreUnavailableError } = await import('@device-grant/core')
  const service = createMemoryService(undefined, (stores) => ({
    ...stores,
    apiKeys: {
      read: (id) => stores.apiKeys.read(id),
      find: (query) => stores.apiKeys.find(query),
      update: (id, transition) => {
        if (down.updates.has(id)) throw new StoreUnavailableError('down')
        return stores.apiKeys.update(id, transition)
      },
    },
  }))
  const old = await logIn(service)
  const fresh = await logIn(service, { replaces: old.keyId })
  down.updates.add(old.keyId)
  for (let use = 0; use < 3; use++) {
    t.like(await service.authenticateApiKey(fresh.apiKey), { outcome: 'valid' })
    t.like(await service.stores.apiKeys.read(old.keyId), { status: 'claimed' })
  }
  down.updates.clear()
  t.like(await service.authenticateApiKey(fresh.apiKey), { outcome: 'valid' })
  t.like(await service.stores.apiKeys.read(old.keyId), { status: 'revoked' })
})

test('a key that is not used for long enough expires, and each use keeps it alive', async (t) => {
  const policy = createPolicy({ keyLifetimesMs: [90 * DAY], keyIdleMs: HOUR })
  const { service } = aService({ policy })
  const { apiKey, keyId, expiresIn } = await logIn(service)
  t.is(expiresIn, 90 * 86_400)
  for (let use = 0; use < 4; use++) {
    service.clock.pass(HOUR - 1)
    const idleExpiresAt = service.clock.now() + HOUR
    t.like(await service.authenticateApiKey(apiKey), { outcome: 'valid', idleExpiresAt })
    t.like((await keysOf(service))[0], { id: keyId, idleExpiresAt })
  }
  service.clock.pass(HOUR)
  t.deepEqual(await service.authenticateApiKey(apiKey), { outcome: 'expired' })
  t.deepEqual(await keysOf(service), [])
})

test('a key that is never used expires as long after its pick-up', async (t) => {
  const policy = createPolicy({ keyLifetimesMs: [90 * DAY], keyIdleMs: HOUR })
  const { service } = aService({ policy })
  const { apiKey } = await logIn(service)
  service.clock.pass(HOUR)
  t.deepEqual(await service.authenticateApiKey(apiKey), { outcome: 'expired' })
})

test('a use whose write failed expires nothing', async (t) => {
  const down = { writes: false }
  const { StoreUnavailableError } = await import('@device-grant/core')
  const policy = createPolicy({ keyLifetimesMs: [90 * DAY], keyIdleMs: HOUR })
  const service = createMemoryService(policy, (stores) => ({
    ...stores,
    apiKeys: {
      read: (id) => stores.apiKeys.read(id),
      find: (query) => stores.apiKeys.find(query),
      update: (id, transition) => {
        if (down.writes) throw new StoreUnavailableError('down')
        return stores.apiKeys.update(id, transition)
      },
    },
  }))
  const { apiKey } = await logIn(service)
  await service.authenticateApiKey(apiKey)
  down.writes = true
  for (let use = 0; use < 5; use++) {
    service.clock.pass(40 * MINUTE)
    t.like(await service.authenticateApiKey(apiKey), { outcome: 'valid' })
  }
  down.writes = false
  service.clock.pass(40 * MINUTE)
  t.like(await service.authenticateApiKey(apiKey), { outcome: 'valid' })
  service.clock.pass(HOUR)
  t.deepEqual(await service.authenticateApiKey(apiKey), { outcome: 'expired' })
})

test('keys that were approved before a given time work no more, and are not picked up', async (t) => {
  const { service } = aService()
  const old = await logIn(service)
  const { deviceCode, userCode } = await ask(service)
  await approve(service, userCode)
  service.clock.pass(1)
  const { stores, clock } = service
  const policy = createPolicy({ keysNotBefore: clock.now() })
  const restored = createUseCases({ ...stores, policy, clock, monotonic: clock.now })
  t.deepEqual(await restored.authenticateApiKey(old.apiKey), { outcome: 'expired' })
  t.deepEqual(await keysOf(restored), [])
  const poll = { deviceCode, clientId: 'acme' }
  t.is((await restored.pollForToken(poll)).outcome, 'access_denied')
  t.is(await restored.revokeAllApiKeys('ann'), 2)
})

const NAMES = ['a', 'b', 'c', 'd'] as const
const someNames = fc.uniqueArray(fc.constantFrom<string>(...NAMES))
const someScopes = fc
  .dictionary(
    fc.constantFrom<string>(...NAMES),
    fc.record({ required: fc.boolean(), default: fc.boolean() }),
  )
  .map((entries) => new Map(Object.entries(entries).map(([name, entry]) => [name, scope(entry)])))
const someLifetimes = fc.uniqueArray(fc.constantFrom(HOUR, 2 * HOUR, DAY, 30 * DAY), {
  minLength: 1,
})
const someClient = fc
  .record(
    { scopes: someNames, defaultScopes: someNames, keyLifetimesMs: someLifetimes },
    { requiredKeys: [] },
  )
  .map(acme)

test('a key never has a scope that was not asked for, allowed and ticked, nor outlives its maximum', async (t) => {
  let keys = 0
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        clients: fc.tuple(someClient, someClient),
        catalogues: fc.tuple(someScopes, someScopes),
        asked: fc.option(someNames, { nil: undefined }),
        ticked: fc.option(someNames, { nil: undefined }),
        lifetimeMs: fc.option(fc.constantFrom(HOUR, 2 * HOUR, DAY, 30 * DAY, 90 * DAY), {
          nil: undefined,
        }),
        maxima: fc.tuple(
          fc.constantFrom(2 * HOUR, 30 * DAY, 90 * DAY),
          fc.constantFrom(HOUR, 30 * DAY),
        ),
      }),
      async ({ clients, catalogues, asked, ticked, lifetimeMs, maxima }) => {
        const policyOf = (maxKeyLifetimeMs: number) =>
          createPolicy({ keyLifetimesMs: [HOUR], maxKeyLifetimeMs })
        const { service, known } = aService({
          clients: [clients[0]],
          catalogue: catalogues[0],
          policy: policyOf(maxima[0]),
        })
        const reply = await service.authorizeDevice({
          clientId: 'acme',
          scope: asked?.join(' '),
          device: {},
        })
        if (reply.outcome !== 'issued') return
        const answer = await approve(service, reply.userCode, { scopes: ticked, lifetimeMs })
        if (answer.outcome !== 'approved') return
        // Another process, which has read a changed file and has another maximum.
        known.clients = [clients[1]]
        known.catalogue = catalogues[1]
        const other = createUseCases({
          ...service.stores,
          clients: createStaticClientRegistry([clients[1]]),
          scopes: { scopes: () => catalogues[1] },
          policy: policyOf(maxima[1]),
          clock: service.clock,
        })
        const token = await other.pollForToken({ deviceCode: reply.deviceCode, clientId: 'acme' })
        if (token.outcome !== 'granted') return
        keys += 1
        const mayAsk = (asked ?? []).length > 0 ? asked : reply.defaultScope?.split(' ')
        const scopes = token.scope?.split(' ') ?? []
        t.true(scopes.length > 0)
        for (const name of scopes) {
          t.true(mayAsk?.includes(name))
          t.true(ticked?.includes(name) ?? true)
          for (const side of [0, 1] as const) {
            t.true(catalogues[side].has(name))
            t.true(clients[side].scopes?.includes(name) ?? true)
          }
        }
        t.true(token.expiresIn * SECOND <= Math.min(...maxima))
        t.like(await other.authenticateApiKey(token.apiKey), { scope: token.scope })
        service.clock.pass(Math.min(...maxima))
        t.not((await other.authenticateApiKey(token.apiKey)).outcome, 'valid')
      },
    ),
    { numRuns: 400 },
  )
  t.true(keys > 20, `${keys} keys`)
})
