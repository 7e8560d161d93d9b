import {
  type ApiKey,
  type ApprovedGrant,
  createPolicy,
  createUseCases,
  type DeviceGrant,
  grantIdOf,
  keyIdOf,
  type StateStore,
  type Transition,
  type UseCases,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import {
  createMemoryService,
  keysOf,
  logIn,
  type MemoryService,
  MINUTE,
  SECOND,
} from './memory-service.ts'
import { plain } from './plain.ts'

type Person = 'ann' | 'bob' | 'cho'

/** Both people may have the code open. */
const policy = createPolicy({ openedForMs: 0 })

const aLogin = async (service = createMemoryService(policy)) => {
  const { deviceCode, userCode } = issued(
    await service.authorizeDevice({ clientId: 'cli', device: {} }),
  )
  const grantId = grantIdOf(deviceCode)
  const keyId = keyIdOf(grantId)
  const { grants, apiKeys } = service.stores
  return {
    service,
    userCode,
    keyId,
    approve: (person: Person, by: UseCases = service) =>
      by.answerUserCode({ userCode, person, decision: 'approve' }),
    deny: (person: Person, by: UseCases = service) =>
      by.answerUserCode({ userCode, person, decision: 'deny' }),
    poll: () => service.pollForToken({ deviceCode, clientId: 'cli' }),
    revoke: (owner: Person) => service.revokeApiKey({ owner, keyId }),
    key: () => apiKeys.read(keyId),
    grant: () => read(grants, grantId),
    /** Puts states back to what they were, as a fail-over does. */
    putBack: async ({
      grant,
      key,
    }: {
      grant?: DeviceGrant | undefined
      key?: ApiKey | undefined
    }) => {
      if (grant) await grants.update(grantId, () => ({ next: grant, reply: undefined }))
      if (key) await apiKeys.update(keyId, () => ({ next: key, reply: undefined }))
    },
    forgetKey: () => apiKeys.update(keyId, () => ({ next: undefined, reply: undefined })),
    /** A process on the same stores, which something happens to before it writes a decision. */
    processThat: (happens: () => Promise<void>): UseCases => {
      let reads = 0
      const deciding: StateStore<DeviceGrant> = {
        update: async <R>(id: string, transition: Transition<DeviceGrant, R>) => {
          reads += 1
          // An answer reads the grant, and then decides.
          if (reads === 2) await happens()
          return grants.update(id, transition)
        },
      }
      const { stores, clock } = service
      return createUseCases({ ...stores, grants: deciding, policy, clock, monotonic: clock.now })
    },
  }
}

const read = <S extends DeviceGrant>(store: StateStore<S>, id: string): Promise<S | undefined> =>
  store.update(id, (current) => ({ next: current, reply: current }))

const dies = async (): Promise<void> => {
  throw new Error('The process dies')
}

test('a person who died in the middle of an approval binds no other person', async (t) => {
  const { service, approve, poll, processThat } = await aLogin()
  await t.throwsAsync(approve('ann', processThat(dies)), { message: 'The process dies' })
  t.is((await keysOf(service))[0]?.status, 'waiting')
  t.is((await poll()).outcome, 'authorization_pending')
  t.like(await approve('bob'), { outcome: 'approved' })
  t.deepEqual(await keysOf(service), [], 'the reservation is Bob’s now')
  const reply = await poll()
  if (reply.outcome !== 'granted') return t.fail(reply.outcome)
  t.like(await service.authenticateApiKey(reply.apiKey), { owner: 'bob' })
})

test('of two people who press at the same time neither hears of a decision before there is one', async (t) => {
  const { approve, processThat, service, poll } = await aLogin()
  const bob: { reply?: unknown } = {}
  const slow = processThat(async () => {
    bob.reply = await approve('bob')
  })
  const ann = await approve('ann', slow)
  t.like(bob.reply, { outcome: 'approved' })
  t.deepEqual(plain(ann), { outcome: 'already_processed' })
  const [bobs, anns] = [await keysOf(service, 'bob'), await keysOf(service, 'ann')]
  t.deepEqual([bobs.length, anns.length], [1, 0])
  t.like(await poll(), { outcome: 'granted' })
})

test('the loser of a race hands the reservation over to the winner', async (t) => {
  const { approve, processThat, service, userCode, key } = await aLogin()
  // Bob reserves after Ann, and Ann decides before him.
  let decideAnn = async (): Promise<void> => {}
  const annMayDecide = new Promise<void>((resolve) => {
    decideAnn = async () => resolve()
  })
  const ann = approve(
    'ann',
    processThat(() => annMayDecide),
  )
  const bob = await approve(
    'bob',
    processThat(async () => {
      await decideAnn()
      await ann
    }),
  )
  t.like(await ann, { outcome: 'approved' })
  t.deepEqual(plain(bob), { outcome: 'already_processed' })
  t.deepEqual(await keysOf(service, 'bob'), [])
  t.like(await key(), { status: 'reserved', owner: 'ann' })
  t.like((await keysOf(service, 'ann'))[0], {
    status: 'waiting',
    name: `Device Link Access Key (${userCode})`,
  })
})

test('a reservation is removed after a denial', async (t) => {
  const { approve, deny, processThat, service, key, poll } = await aLogin()
  const slow = processThat(async () => {
    t.like(await deny('bob'), { outcome: 'denied' })
  })
  t.deepEqual(plain(await approve('ann', slow)), { outcome: 'already_processed' })
  t.is(await key(), undefined)
  t.deepEqual(await keysOf(service), [])
  t.is((await poll()).outcome, 'access_denied')
})

test('a person who denies after an approval that died leaves no reservation', async (t) => {
  const { approve, deny, processThat, key, poll } = await aLogin()
  await t.throwsAsync(approve('ann', processThat(dies)))
  t.like(await deny('ann'), { outcome: 'denied' })
  t.is(await key(), undefined)
  t.is((await poll()).outcome, 'access_denied')
})

test('a device gets the key of the person whose approval won, not of the one who reserved it', async (t) => {
  const reservations: readonly (ApiKey | undefined)[] = await (async () => {
    const { approve, key } = await aLogin()
    await approve('bob')
    return [undefined, await key()]
  })()
  for (const reservation of reservations) {
    const { service, approve, poll, putBack, forgetKey } = await aLogin()
    await approve('ann')
    await forgetKey()
    await putBack({ key: reservation })
    const reply = await poll()
    if (reply.outcome !== 'granted') return t.fail(reply.outcome)
    t.like(await service.authenticateApiKey(reply.apiKey), { owner: 'ann', clientId: 'cli' })
    t.deepEqual(await keysOf(service, 'bob'), [])
  }
})

test('an approved grant holds all that the key will be', async (t) => {
  const { service, userCode, approve, grant, poll, key } = await aLogin()
  await approve('ann')
  t.deepEqual(plain(((await grant()) as ApprovedGrant).terms), {
    name: `Device Link Access Key (${userCode})`,
    prefix: 'dg_',
    lifetimeMs: 24 * 60 * MINUTE,
    approvedAt: service.clock.now(),
  })
  service.clock.pass(7 * SECOND)
  await poll()
  t.like(await key(), {
    owner: 'ann',
    name: `Device Link Access Key (${userCode})`,
    request: { clientId: 'cli' },
    prefix: 'dg_',
    approvedAt: service.clock.now() - 7 * SECOND,
    expiresAt: service.clock.now() + 24 * 60 * MINUTE,
  })
})

test('a policy that changes between approval and pick-up changes nothing of the key', async (t) => {
  const { service, approve, key } = await aLogin()
  const { deviceCode, userCode } = issued(await service.authorizeDevice({ device: {} }))
  await service.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
  t.like(await approve('ann'), { outcome: 'approved' })
  const { stores, clock } = service
  const changed = createPolicy({
    keyPrefix: 'acme_',
    keyLifetimesMs: [MINUTE],
    maxKeyLifetimeMs: 24 * 60 * MINUTE,
  })
  const after = createUseCases({ ...stores, policy: changed, clock, monotonic: clock.now })
  const reply = await after.pollForToken({ deviceCode })
  if (reply.outcome !== 'granted') return t.fail(reply.outcome)
  t.true(reply.apiKey.startsWith('dg_'))
  t.is(reply.expiresIn, 24 * 60 * 60)
  t.like(await key(), { status: 'reserved' })
})

test('a person who revoked their reservation cannot approve that code again', async (t) => {
  const { approve, revoke, poll, processThat, service } = await aLogin()
  await t.throwsAsync(approve('ann', processThat(dies)))
  t.is(await revoke('ann'), 'revoked')
  t.deepEqual(await keysOf(service), [])
  t.deepEqual(plain(await approve('ann')), { outcome: 'already_processed' })
  t.is((await poll()).outcome, 'authorization_pending')
  t.like(await approve('bob'), { outcome: 'approved' }, 'another person can')
  t.like(await poll(), { outcome: 'granted' })
})

test('a late press does not bring a revoked key back', async (t) => {
  const { approve, revoke, poll, processThat } = await aLogin()
  const slow = processThat(async () => {
    t.is(await revoke('ann'), 'revoked')
  })
  t.like(await approve('ann', slow), { outcome: 'approved' })
  t.is((await poll()).outcome, 'access_denied')
})

test('a loser who revokes the reservation does not end the login of the winner', async (t) => {
  const { service, approve, revoke, poll, processThat, key } = await aLogin()
  const ann = await approve(
    'ann',
    processThat(async () => {
      await t.throwsAsync(approve('bob', processThat(dies)))
      t.is(await revoke('bob'), 'revoked')
    }),
  )
  t.like(ann, { outcome: 'approved' })
  t.like(await key(), { owner: 'bob' })
  const reply = await poll()
  if (reply.outcome !== 'granted') return t.fail(reply.outcome)
  t.like(await service.authenticateApiKey(reply.apiKey), { owner: 'ann' })
})

test('a waiting key is listed and revoked as long as it can be picked up', async (t) => {
  const { service, approve, poll } = await aLogin()
  service.clock.pass(599 * SECOND)
  await approve('ann')
  service.clock.pass(1_500)
  t.is((await keysOf(service))[0]?.status, 'waiting')
  t.is(await service.revokeAllApiKeys('ann'), 1)
  service.clock.pass(SECOND)
  t.is((await poll()).outcome, 'access_denied')
  t.deepEqual(await keysOf(service), [])
})

/** A login whose approval the grant store forgot after the key was picked up. */
const aForgottenApproval = async ({ used = false } = {}) => {
  const login = await aLogin()
  const pending = await login.grant()
  await login.approve('ann')
  const reply = await login.poll()
  if (reply.outcome !== 'granted') throw new Error(reply.outcome)
  if (used) await login.service.authenticateApiKey(reply.apiKey)
  await login.putBack({ grant: pending })
  login.service.events.length = 0
  return { ...login, apiKey: reply.apiKey }
}

test('an approval that was forgotten after pick-up is restored by its owner', async (t) => {
  for (const used of [false, true]) {
    const { service, userCode, approve, poll, grant, key, apiKey } = await aForgottenApproval({
      used,
    })
    service.clock.pass(5 * SECOND)
    t.like(await poll(), { outcome: 'authorization_pending' })
    t.like(await approve('ann'), { outcome: 'approved' })
    const restored = (await grant()) as ApprovedGrant
    t.like(restored.terms, {
      name: `Device Link Access Key (${userCode})`,
      approvedAt: service.clock.now() - 5 * SECOND,
    })
    t.like(await key(), { status: used ? 'active' : 'claimed' })
    t.like(await poll(), used ? { outcome: 'invalid_grant' } : { outcome: 'granted', apiKey })
    t.is((await keysOf(service)).length, 1)
  }
})

test('a key that was picked up before its approval was forgotten stays its owner’s', async (t) => {
  for (const used of [false, true]) {
    const { service, approve, deny, poll, apiKey } = await aForgottenApproval({ used })
    t.deepEqual(plain(await approve('bob')), { outcome: 'already_processed' })
    t.deepEqual(plain(await deny('bob')), { outcome: 'already_processed' })
    t.deepEqual(service.events, [])
    t.like(await service.authenticateApiKey(apiKey), { outcome: 'valid', owner: 'ann' })
    t.is((await poll()).outcome, 'authorization_pending', 'the grant is still open to its owner')
    t.deepEqual(await keysOf(service, 'bob'), [])
  }
})

test('a denial by its owner revokes a key whose approval was forgotten', async (t) => {
  for (const used of [false, true]) {
    const { service, deny, poll, apiKey, keyId } = await aForgottenApproval({ used })
    t.like(await deny('ann'), { outcome: 'denied' })
    t.deepEqual(
      service.events.map(({ type }) => type),
      ['key_revoked', 'authorization_denied'],
    )
    t.like(service.events[0], { keyId, owner: 'ann', at: service.clock.now() })
    t.is((await service.authenticateApiKey(apiKey)).outcome, 'revoked')
    t.is((await poll()).outcome, 'access_denied')
  }
})

test('a key that was revoked before its approval was forgotten stays revoked', async (t) => {
  const { service, approve, deny, revoke, poll, apiKey } = await aForgottenApproval()
  await revoke('ann')
  service.events.length = 0
  t.deepEqual(plain(await approve('ann')), { outcome: 'already_processed' })
  t.like(await deny('ann'), { outcome: 'denied' })
  t.deepEqual(
    service.events.map(({ type }) => type),
    ['authorization_denied'],
  )
  t.is((await service.authenticateApiKey(apiKey)).outcome, 'revoked')
  t.is((await poll()).outcome, 'access_denied')
})

test('a denial revokes no key that was approved and picked up while it looked', async (t) => {
  const login = await aLogin()
  const { service, approve, deny, poll } = login
  const issued: string[] = []
  const { stores, clock } = service
  const { apiKeys } = stores
  // Between the look at the key and the look at the grant, the other window approves.
  const slow = createUseCases({
    ...stores,
    apiKeys: {
      read: async (id) => {
        const key = await apiKeys.read(id)
        await approve('ann')
        const reply = await poll()
        if (reply.outcome === 'granted') issued.push(reply.apiKey)
        return key
      },
      find: (query) => apiKeys.find(query),
      update: (id, transition) => apiKeys.update(id, transition),
    },
    grants: stores.grants,
    policy,
    clock,
  })
  t.like(await deny('ann', slow), { outcome: 'already_processed', yours: 'approve' })
  t.is(issued.length, 1)
  t.like(await service.authenticateApiKey(issued[0] ?? ''), { outcome: 'valid' })
})

test('a denial revokes no key that was approved and picked up while it looked at the grant', async (t) => {
  const { service, approve, deny, poll } = await aLogin()
  const issued: string[] = []
  const { stores, clock } = service
  let first = true
  const slow = createUseCases({
    ...stores,
    grants: {
      update: async (id, transition) => {
        const reply = await stores.grants.update(id, transition)
        if (!first) return reply
        first = false
        await approve('ann')
        const polled = await poll()
        if (polled.outcome === 'granted') issued.push(polled.apiKey)
        return reply
      },
    },
    policy,
    clock,
  })
  t.like(await deny('ann', slow), { outcome: 'already_processed', yours: 'approve' })
  t.is(issued.length, 1)
  t.like(await service.authenticateApiKey(issued[0] ?? ''), { outcome: 'valid' })
})

test('a grant approved before a revocation of all keys gives no key, even if none was found', async (t) => {
  const { service, approve, poll, forgetKey, key, keyId } = await aLogin()
  await approve('ann')
  await forgetKey()
  t.is(await service.revokeAllApiKeys('ann'), 0)
  service.events.length = 0
  for (let polls = 0; polls < 2; polls++) {
    service.clock.pass(5 * SECOND)
    t.is((await poll()).outcome, 'access_denied')
    t.like(await key(), { status: 'revoked' })
  }
  const at = service.clock.now() - 5 * SECOND
  t.deepEqual(
    plain(service.events),
    plain([
      {
        type: 'key_revoked',
        at,
        keyId,
        owner: 'ann',
        clientId: 'cli',
        device: {},
        by: 'cut_off',
      } as const,
    ]),
  )
})

test('a tombstone of a removed key is never issued again', async (t) => {
  const { approve, poll, key, putBack } = await aLogin()
  await approve('ann')
  const { keepUntil } = (await key()) ?? { keepUntil: 0 }
  await putBack({ key: { status: 'erased', keepUntil } })
  t.is((await poll()).outcome, 'access_denied')
  t.deepEqual(await key(), { status: 'erased', keepUntil })
})

test('every state of a key outlives its grant by five minutes', async (t) => {
  const short = createPolicy({ openedForMs: 0, keyLifetimesMs: [SECOND] })
  const { service, approve, poll, key, grant, revoke } = await aLogin(createMemoryService(short))
  const outlives = async (what: string) =>
    t.true(((await key())?.keepUntil ?? 0) >= ((await grant())?.keepUntil ?? 0) + 5 * MINUTE, what)
  await approve('ann')
  await outlives('reserved')
  const reply = await poll()
  if (reply.outcome !== 'granted') return t.fail(reply.outcome)
  await outlives('claimed')
  await service.authenticateApiKey(reply.apiKey)
  await outlives('active')
  await revoke('ann')
  await outlives('revoked')
})

const LIMIT = 3
const limited = createPolicy({ openedForMs: 0, keysPerPerson: LIMIT })

const logInTimes = async (service: MemoryService, times: number, person = 'ann') => {
  const keys = []
  for (let i = 0; i < times; i++) {
    keys.push(await logIn(service, person))
    service.clock.pass(SECOND)
  }
  return keys
}

test('a person with as many keys as the policy allows cannot approve, and can deny', async (t) => {
  const service = createMemoryService(limited)
  await logInTimes(service, LIMIT)
  const { approve, deny, poll, key } = await aLogin(service)
  t.like(await approve('ann'), { outcome: 'too_many_keys', limit: LIMIT })
  t.like(service.events.at(-1), { type: 'too_many_keys', person: 'ann', limit: LIMIT })
  t.is(await key(), undefined, 'the reservation is taken back')
  t.is((await keysOf(service)).length, LIMIT)
  t.is((await poll()).outcome, 'authorization_pending')
  t.like(await deny('ann'), { outcome: 'denied' })
  t.is((await poll()).outcome, 'access_denied')
})

test('a refusal for too many keys leaves the code to another person', async (t) => {
  const service = createMemoryService(limited)
  await logInTimes(service, LIMIT)
  const { approve, poll } = await aLogin(service)
  t.like(await approve('ann'), { outcome: 'too_many_keys' })
  t.like(await approve('bob'), { outcome: 'approved' })
  t.like(await poll(), { outcome: 'granted' })
})

test('the key that was used or approved longest ago is named', async (t) => {
  const service = createMemoryService(limited)
  const [first, second, third] = await logInTimes(service, LIMIT)
  const { approve } = await aLogin(service)
  const named = async () => {
    const reply = await approve('ann')
    return reply.outcome === 'too_many_keys' ? reply.leastRecentlyUsed?.id : reply.outcome
  }
  t.is(await named(), first?.keyId)
  await service.authenticateApiKey(first?.apiKey ?? '')
  t.is(await named(), second?.keyId)
  service.clock.pass(SECOND)
  await service.authenticateApiKey(second?.apiKey ?? '')
  t.is(await named(), third?.keyId)
  service.clock.pass(SECOND)
  await service.authenticateApiKey(third?.apiKey ?? '')
  t.is(await named(), first?.keyId)
  await service.revokeApiKey({ owner: 'ann', keyId: second?.keyId ?? '' })
  t.is(await named(), 'approved')
})

test('keys that are revoked or expired do not count, and those of other people neither', async (t) => {
  const short = createPolicy({ ...limited, keyLifetimesMs: [MINUTE] })
  const service = createMemoryService(short)
  await logInTimes(service, LIMIT, 'bob')
  const [one] = await logInTimes(service, LIMIT)
  await service.revokeApiKey({ owner: 'ann', keyId: one?.keyId ?? '' })
  t.is((await logInTimes(service, 1)).length, 1)
  t.like(await (await aLogin(service)).approve('ann'), { outcome: 'too_many_keys' })
  service.clock.pass(MINUTE)
  t.is((await logInTimes(service, LIMIT)).length, LIMIT)
})

test('reservations count, but that of the code itself does not', async (t) => {
  const service = createMemoryService(limited)
  const logins = [await aLogin(service), await aLogin(service), await aLogin(service)] as const
  for (const { approve } of logins.slice(1)) await approve('ann')
  // An earlier approval of this code died after it had reserved the key.
  const [{ approve, processThat }] = logins
  await t.throwsAsync(approve('ann', processThat(dies)))
  t.is((await keysOf(service)).length, LIMIT)
  t.like(await approve('ann'), { outcome: 'approved' })
  t.like(await (await aLogin(service)).approve('ann'), { outcome: 'too_many_keys' })
})

test('a pick-up is never refused for too many keys', async (t) => {
  const service = createMemoryService(limited)
  const logins = []
  for (let i = 0; i < LIMIT; i++) logins.push(await aLogin(service))
  for (const { approve } of logins) await approve('ann')
  const { stores, clock } = service
  const one = createPolicy({ keysPerPerson: 1 })
  const stricter = createUseCases({ ...stores, policy: one, clock, monotonic: clock.now })
  for (const { poll } of logins) t.like(await poll(), { outcome: 'granted' })
  t.is((await keysOf(stricter)).length, LIMIT)
})

test('a policy may allow any number of keys', async (t) => {
  const service = createMemoryService(createPolicy({ keysPerPerson: 0 }))
  await logInTimes(service, 150)
  t.like(await (await aLogin(service)).approve('ann'), { outcome: 'approved' })
})

test('parallel approvals never exceed the number of keys', async (t) => {
  for (let round = 0; round < 20; round++) {
    // Ten presses at once are ten attempts until their codes are found.
    const service = createMemoryService(createPolicy({ ...limited, wrongCodesPerPerson: 100 }))
    const logins = []
    for (let i = 0; i < 10; i++) logins.push(await aLogin(service))
    await logInTimes(service, round % LIMIT)
    const replies = await Promise.all(logins.map(({ approve }) => approve('ann')))
    const approved = replies.filter(({ outcome }) => outcome === 'approved').length
    t.true(approved + (round % LIMIT) <= LIMIT, `${approved} approved`)
    t.is(replies.filter(({ outcome }) => outcome === 'too_many_keys').length, 10 - approved)
    t.is((await keysOf(service)).length, approved + (round % LIMIT))
    // Approvals that only collided with others work when they are repeated.
    for (const { approve } of logins) await approve('ann')
    t.is((await keysOf(service)).length, LIMIT)
  }
})
