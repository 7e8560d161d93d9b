import {
  type ApiKey,
  createOperatorUseCases,
  createUseCases,
  type DeviceGrantEvent,
  type ReservedKey,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import { changedKeys, createMemoryService, MINUTE, SECOND } from './memory-service.ts'
import { plain } from './plain.ts'

const aService = () => {
  const service = createMemoryService()
  const events: DeviceGrantEvent[] = []
  const { stores, clock } = service
  const operator = createOperatorUseCases({
    ...stores,
    clock,
    events: { emit: (event) => events.push(event) },
  })
  /** A process that shares the stores, and reuses no key check. */
  const other = createUseCases({ ...stores, clock, monotonic: clock.now })
  const ask = async (clientId?: string) =>
    issued(await service.authorizeDevice({ clientId, device: {} }))
  const approve = (userCode: string, person: string) =>
    service.answerUserCode({ userCode, person, decision: 'approve' })
  const logIn = async (person: string, clientId?: string) => {
    const { deviceCode, userCode } = await ask(clientId)
    await approve(userCode, person)
    clock.pass(SECOND)
    const reply = await service.pollForToken({ deviceCode, clientId })
    if (reply.outcome !== 'granted') throw new Error(reply.outcome)
    return { deviceCode, ...reply }
  }
  return { service, other, operator, events, clock, ask, approve, logIn }
}

test('keys are found by owner, client, status and id', async (t) => {
  const { operator, service, ask, approve, logIn } = aService()
  const active = await logIn('ann', 'acme')
  await service.authenticateApiKey(active.apiKey)
  const unused = await logIn('ann', 'other')
  const bobs = await logIn('bob', 'acme')
  await service.revokeApiKey({ owner: 'bob', keyId: bobs.keyId })
  const { userCode } = await ask()
  await approve(userCode, 'bob')
  const idsOf = async (request: Parameters<typeof operator.findApiKeys>[0]) =>
    (await operator.findApiKeys(request)).keys.map(({ id }) => id)
  const [waiting = ''] = await idsOf({ status: 'waiting' })
  t.deepEqual(await idsOf({}), [waiting, bobs.keyId, unused.keyId, active.keyId])
  t.deepEqual(await idsOf({ owner: 'ann' }), [unused.keyId, active.keyId])
  t.deepEqual(await idsOf({ clientId: 'acme' }), [bobs.keyId, active.keyId])
  t.deepEqual(await idsOf({ owner: 'ann', clientId: 'acme' }), [active.keyId])
  t.deepEqual(await idsOf({ status: 'revoked' }), [bobs.keyId])
  t.deepEqual(await idsOf({ status: 'unused' }), [unused.keyId])
  t.deepEqual(await idsOf({ status: 'active' }), [active.keyId])
  t.deepEqual(await idsOf({ keyId: bobs.keyId }), [bobs.keyId])
  t.deepEqual(await idsOf({ keyId: bobs.keyId, owner: 'ann' }), [])
  t.deepEqual(await idsOf({ keyId: 'none' }), [])
  service.clock.pass(24 * 60 * MINUTE)
  t.deepEqual(await idsOf({ status: 'expired' }), [unused.keyId, active.keyId])
})

test('no answer for an operator holds a hash, a salt or a key', async (t) => {
  const { operator, logIn } = aService()
  const { apiKey, deviceCode } = await logIn('ann')
  const text = JSON.stringify(await operator.findApiKeys({}))
  for (const secret of ['secretHash', 'salt', 'prefix', apiKey.slice(-49), deviceCode]) {
    t.false(text.includes(secret), secret)
  }
})

test('keys are found in pages', async (t) => {
  const { operator, logIn } = aService()
  for (let i = 0; i < 7; i++) await logIn('ann')
  const ids: string[] = []
  let after: string | undefined
  do {
    const page = await operator.findApiKeys({ owner: 'ann', after, limit: 3 })
    t.true(page.keys.length <= 3)
    ids.push(...page.keys.map(({ id }) => id))
    after = page.next
  } while (after !== undefined)
  t.is(new Set(ids).size, 7)
})

test('an operator revokes all keys of a person, picked up or not', async (t) => {
  const { operator, other, events, service, ask, approve, logIn } = aService()
  const used = await logIn('ann')
  await service.authenticateApiKey(used.apiKey)
  const unused = await logIn('ann')
  const bobs = await logIn('bob')
  const { deviceCode, userCode } = await ask()
  await approve(userCode, 'ann')
  t.is(await operator.revokeApiKeys({ owner: 'ann' }), 3)
  for (const { apiKey } of [used, unused]) {
    t.deepEqual(await other.authenticateApiKey(apiKey), { outcome: 'revoked' })
  }
  t.like(await other.authenticateApiKey(bobs.apiKey), { outcome: 'valid' })
  t.is((await other.pollForToken({ deviceCode })).outcome, 'access_denied')
  t.is(await operator.revokeApiKeys({ owner: 'ann' }), 0)
  t.deepEqual(
    events.map((event) => 'by' in event && event.by),
    ['operator', 'operator', 'operator'],
  )
})

test('an operator revokes all keys of a client, also those that were not picked up', async (t) => {
  const { operator, other, ask, approve, logIn, clock } = aService()
  const acme = await logIn('ann', 'acme')
  const kept = await logIn('ann', 'kept')
  const { deviceCode, userCode } = await ask('acme')
  await approve(userCode, 'bob')
  t.is(await operator.revokeApiKeys({ clientId: 'acme' }), 2)
  t.deepEqual(await other.authenticateApiKey(acme.apiKey), { outcome: 'revoked' })
  t.like(await other.authenticateApiKey(kept.apiKey), { outcome: 'valid' })
  const poll = { deviceCode, clientId: 'acme' }
  t.is((await other.pollForToken(poll)).outcome, 'access_denied')
  clock.pass(2 * SECOND)
  t.like(await logIn('ann', 'acme'), { outcome: 'granted' }, 'a later approval')
})

test('a cut-off of a client ends a grant whose reservation was lost', async (t) => {
  const { operator, other, service, ask, approve } = aService()
  const { deviceCode, userCode } = await ask('acme')
  await approve(userCode, 'ann')
  const { keys } = await operator.findApiKeys({ clientId: 'acme' })
  for (const { id } of keys) {
    await service.stores.apiKeys.update(id, () => ({ next: undefined, reply: undefined }))
  }
  t.is(await operator.revokeApiKeys({ clientId: 'acme' }), 0)
  const poll = { deviceCode, clientId: 'acme' }
  t.is((await other.pollForToken(poll)).outcome, 'access_denied')
})

test('an operator revokes one key by its id', async (t) => {
  const { operator, other, logIn } = aService()
  const { apiKey, keyId } = await logIn('ann')
  t.is(await operator.revokeApiKeys({ keyId: 'none' }), 0)
  t.is(await operator.revokeApiKeys({ keyId }), 1)
  t.is(await operator.revokeApiKeys({ keyId }), 0)
  t.deepEqual(await other.authenticateApiKey(apiKey), { outcome: 'revoked' })
})

test('erased keys leave their ids only, work no more and are not made again', async (t) => {
  const { operator, other, service, events, logIn, clock } = aService()
  const { apiKey, keyId, deviceCode } = await logIn('ann')
  const bobs = await logIn('bob')
  t.is(await operator.eraseApiKeys({ owner: 'ann' }), 1)
  t.deepEqual(plain(await service.stores.apiKeys.read(keyId)), {
    status: 'erased',
    // As long as its grant may live, and five minutes.
    keepUntil: clock.now() + 20 * MINUTE + SECOND + 5 * MINUTE,
  })
  t.deepEqual(await other.authenticateApiKey(apiKey), { outcome: 'no_such_key' })
  clock.pass(5 * SECOND)
  t.is((await other.pollForToken({ deviceCode })).outcome, 'access_denied')
  t.deepEqual((await operator.findApiKeys({ owner: 'ann' })).keys, [])
  t.like(await other.authenticateApiKey(bobs.apiKey), { outcome: 'valid' })
  t.is(await operator.eraseApiKeys({ owner: 'ann' }), 0)
  t.deepEqual(
    events.map(({ type }) => type),
    ['key_erased'],
  )
})

test('erasing a person whose approval died leaves the code to another person', async (t) => {
  for (const decision of ['approve', 'deny'] as const) {
    const { service, operator, clock } = aService()
    const { deviceCode, userCode } = issued(await service.authorizeDevice({ device: {} }))
    const dying = createUseCases({
      ...service.stores,
      grants: {
        update: async (id, transition) => {
          const before = await service.stores.grants.update(id, (grant) => ({
            next: grant,
            reply: grant,
          }))
          if (before && transition(before).next !== before) throw new Error('dies')
          return service.stores.grants.update(id, transition)
        },
      },
      clock,
    })
    const anns = { userCode, person: 'ann', decision: 'approve' } as const
    await t.throwsAsync(dying.answerUserCode(anns), { message: 'dies' })
    t.is(await operator.eraseApiKeys({ owner: 'ann' }), 1)
    const dump = JSON.stringify([...service.stores.apiKeys.entries()])
    t.false(dump.includes('ann'))
    clock.pass(2 * MINUTE)
    const reply = await service.answerUserCode({ userCode, person: 'bob', decision })
    t.is(reply.outcome, decision === 'approve' ? 'approved' : 'denied')
    const poll = await service.pollForToken({ deviceCode })
    t.is(poll.outcome, decision === 'approve' ? 'granted' : 'access_denied')
  }
})

test('a pick-up after an erasure writes nothing of the person back', async (t) => {
  const { service, operator, ask, approve } = aService()
  const { deviceCode, userCode } = await ask()
  await approve(userCode, 'ann')
  const { keys } = await operator.findApiKeys({ owner: 'ann' })
  for (const { id } of keys) {
    await service.stores.apiKeys.update(id, () => ({ next: undefined, reply: undefined }))
  }
  await operator.eraseApiKeys({ owner: 'ann' })
  t.is((await service.pollForToken({ deviceCode })).outcome, 'access_denied')
  t.false(JSON.stringify([...service.stores.apiKeys.entries()]).includes('ann'))
  t.is((await service.pollForToken({ deviceCode })).outcome, 'access_denied')
})

test('a revocation of all keys writes those again that are revoked already', async (t) => {
  const { service, operator, logIn } = aService()
  const { keyId } = await logIn('ann')
  await service.revokeApiKey({ owner: 'ann', keyId })
  const read = () => service.stores.apiKeys.read(keyId)
  for (const revoke of [
    () => operator.revokeApiKeys({ owner: 'ann' }),
    () => service.revokeAllApiKeys('ann'),
  ]) {
    const before = await read()
    t.is(await revoke(), 0)
    t.not(await read(), before, 'a state that was only read may be forgotten in a fail-over')
    t.deepEqual(await read(), before)
  }
})

test('a revocation of all keys leaves keys alone that were revoked long ago', async (t) => {
  const { service, operator, logIn, clock } = aService()
  const { keyId } = await logIn('ann')
  await service.revokeApiKey({ owner: 'ann', keyId })
  clock.pass(11 * MINUTE)
  const before = await service.stores.apiKeys.read(keyId)
  t.is(await operator.revokeApiKeys({ owner: 'ann' }), 0)
  t.is(await service.revokeAllApiKeys('ann'), 0)
  t.is(await service.stores.apiKeys.read(keyId), before)
})

test('what an erasure leaves of a revoked login is in no list', async (t) => {
  const { service, operator, ask, approve } = aService()
  const { userCode } = await ask()
  await approve(userCode, 'ann')
  const [waiting] = (await operator.findApiKeys({})).keys
  await service.revokeApiKey({ owner: 'ann', keyId: waiting?.id ?? '' })
  await operator.eraseApiKeys({ owner: 'ann' })
  t.deepEqual((await operator.findApiKeys({})).keys, [])
})

test('a waiting login is not shown as revoked because another person revoked theirs', async (t) => {
  const { service, operator, ask, approve, clock } = aService()
  const { deviceCode, userCode } = await ask()
  await approve(userCode, 'bob')
  const [waiting] = (await operator.findApiKeys({ owner: 'bob' })).keys
  const keyId = waiting?.id ?? ''
  await service.stores.apiKeys.update(keyId, (key) => ({
    next:
      key &&
      ({ ...key, status: 'reserved', revokedBy: ['a hash of another person'] } as ReservedKey),
    reply: undefined,
  }))
  t.is((await operator.findApiKeys({ keyId })).keys[0]?.status, 'waiting')
  t.deepEqual((await operator.findApiKeys({ status: 'waiting' })).keys.length, 1)
  clock.pass(5 * SECOND)
  t.is((await service.pollForToken({ deviceCode })).outcome, 'granted')
})

test('a page of keys takes few look-ups, however many have ended', async (t) => {
  const { service, logIn } = aService()
  for (let i = 0; i < 3; i++) await logIn('ann')
  const [first] = [...service.stores.apiKeys.entries()]
  const [, key] = first ?? t.fail()
  for (let i = 0; i < 500; i++) {
    const ended = { ...key, status: 'revoked', approvedAt: i + 1 } as unknown as ApiKey
    await service.stores.apiKeys.update(`${i}`.padStart(22, '0'), () => ({
      next: ended,
      reply: undefined,
    }))
  }
  let finds = 0
  const apiKeys = changedKeys(service.stores.apiKeys, {
    find: (query) => {
      finds += 1
      return service.stores.apiKeys.find(query)
    },
  })
  const { stores, clock } = service
  const counted = createUseCases({ ...stores, apiKeys, clock })
  t.is((await counted.listApiKeys({ owner: 'ann' })).keys.length, 3)
  t.true(finds <= 10, `${finds} look-ups of the list`)
  finds = 0
  const operator = createOperatorUseCases({ ...stores, apiKeys, clock })
  t.is((await operator.findApiKeys({ status: 'unused', limit: 10 })).keys.length, 3)
  t.true(finds <= 10, `${finds} look-ups of the operator`)
})

test('pages end where their last key is, also if a look-up brought more', async (t) => {
  const { service, operator, logIn } = aService()
  const made: string[] = []
  for (let i = 0; i < 9; i++) made.unshift((await logIn('ann')).keyId)
  for (const limit of [1, 2, 4, 9, 20]) {
    for (const page of [
      (after: string | undefined) => service.listApiKeys({ owner: 'ann', after, limit }),
      (after: string | undefined) => operator.findApiKeys({ owner: 'ann', after, limit }),
    ]) {
      const ids: string[] = []
      let after: string | undefined
      do {
        const { keys, next } = await page(after)
        t.true(keys.length <= limit)
        ids.push(...keys.map(({ id }) => id))
        after = next
      } while (after !== undefined)
      t.deepEqual(ids, made, `${limit}`)
    }
  }
})

test('an approval right after a revocation of all keys is not told that it counts', async (t) => {
  for (const request of [{ owner: 'ann' }, { clientId: 'acme' }]) {
    const { service, operator, ask, clock } = aService()
    const { deviceCode, userCode } = await ask('acme')
    await operator.revokeApiKeys(request)
    clock.pass(900)
    const answer = { userCode, person: 'ann', decision: 'approve' } as const
    t.deepEqual(await service.answerUserCode(answer), { outcome: 'key_not_created' }, 'no fault')
    t.deepEqual((await service.listApiKeys({ owner: 'ann' })).keys, [])
    clock.pass(SECOND)
    t.is((await service.answerUserCode(answer)).outcome, 'approved')
    const poll = { deviceCode, clientId: 'acme' }
    t.is((await service.pollForToken(poll)).outcome, 'granted')
  }
})
