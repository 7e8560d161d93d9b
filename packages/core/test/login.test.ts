import {
  type ApiKey,
  createAuthorizeDevice,
  createMemoryStores,
  createPolicy,
  createUseCases,
  DEFAULT_POLICY,
  grantIdOf,
  keyIdOf,
  PolicyError,
  StoreFullError,
  StoreUnavailableError,
} from '@device-grant/core'
import { TestClock } from '@device-grant/test-support/clock'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import {
  changedKeys,
  createMemoryService,
  DEVICE,
  keysOf,
  logIn,
  type MemoryService,
  MINUTE,
  SECOND,
} from './memory-service.ts'
import { plain } from './plain.ts'

const device = DEVICE
const PENDING = { outcome: 'authorization_pending' } as const

const askFor = async (service: MemoryService, clientId?: string, scope?: string) =>
  issued(await service.authorizeDevice({ clientId, scope, device }))

const answer = (
  service: MemoryService,
  userCode: string,
  decision: 'approve' | 'deny' = 'approve',
  person = 'ann',
) => service.answerUserCode({ userCode, decision, person })

test('a login: authorize, poll, review, approve, pick up, use', async (t) => {
  const service = createMemoryService()
  const { clock, events } = service
  const asked = await askFor(service, 'cli', 'read write')
  t.regex(asked.deviceCode, /^[A-Za-z0-9_-]{43}$/)
  t.regex(asked.userCode, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  t.like(asked, { expiresIn: 600, interval: 5 })
  const { deviceCode, userCode } = asked
  const requestedAt = clock.now()

  t.deepEqual(plain(await service.pollForToken({ deviceCode, clientId: 'cli' })), plain(PENDING))
  clock.pass(5 * SECOND)
  t.deepEqual(
    plain(await service.reviewUserCode({ userCode: userCode.toLowerCase(), person: 'ann' })),
    plain({
      outcome: 'pending',
      userCode,
      request: { clientId: 'cli', scope: 'read write', device },
      requestedAt,
      expiresAt: requestedAt + 10 * MINUTE,
      scopes: [{ name: 'read' }, { name: 'write' }],
      hasScopeChoice: false,
      keyLifetimesMs: [1, 30, 90].map((days) => days * 24 * 60 * MINUTE),
      needs: [],
    }),
  )
  t.deepEqual(plain(await service.pollForToken({ deviceCode, clientId: 'cli' })), plain(PENDING))
  t.deepEqual(
    plain(await answer(service, userCode)),
    plain({
      outcome: 'approved',
      keyId: keyIdOf(grantIdOf(deviceCode)),
      userCode,
      clientId: 'cli',
    }),
  )

  const reply = await service.pollForToken({ deviceCode, clientId: 'cli' })
  if (reply.outcome !== 'granted') return t.fail(reply.outcome)
  const { apiKey, keyId } = reply
  t.deepEqual(
    plain(reply),
    plain({
      outcome: 'granted',
      apiKey,
      keyId,
      expiresIn: 24 * 60 * 60,
      scope: 'read write',
    }),
  )
  t.is((await keysOf(service))[0]?.status, 'unused', 'it waits for its first use')
  t.deepEqual(
    plain(await service.authenticateApiKey(apiKey)),
    plain({
      outcome: 'valid',
      keyId,
      name: `Device Link Access Key (${userCode})`,
      owner: 'ann',
      clientId: 'cli',
      scope: 'read write',
      issuedAt: clock.now(),
      expiresAt: clock.now() + 24 * 60 * MINUTE,
    }),
  )
  t.is((await keysOf(service))[0]?.status, 'active')
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode, clientId: 'cli' })),
    plain({
      outcome: 'invalid_grant',
    }),
  )
  t.deepEqual(
    plain(events.map(({ type }) => type)),
    plain(['authorization_requested', 'authorization_approved', 'key_claimed', 'key_used_first']),
  )
})

test('a poll may have a listener of its own, whose errors are ignored', async (t) => {
  const service = createMemoryService()
  const { clock, events } = service
  const { deviceCode, userCode } = await askFor(service)
  const own: string[] = []
  const request = { deviceCode, events: { emit: ({ type }: { type: string }) => own.push(type) } }
  for (let polls = 0; polls < 3; polls++) await service.pollForToken(request)
  await answer(service, userCode)
  const failing = {
    emit: () => {
      throw new Error('of the listener')
    },
  }
  t.is((await service.pollForToken({ deviceCode, events: failing })).outcome, 'granted')
  clock.pass(3 * SECOND)
  t.is((await service.pollForToken(request)).outcome, 'granted')
  t.deepEqual(own, ['poll_too_early', 'key_claimed'])
  t.deepEqual(
    events.map(({ type }) => type),
    ['authorization_requested', 'authorization_approved'],
  )
})

test('a denial is reported to the device at any pace', async (t) => {
  const service = createMemoryService()
  const { deviceCode, userCode } = await askFor(service)
  await service.pollForToken({ deviceCode })
  t.deepEqual(
    plain(await answer(service, userCode, 'deny')),
    plain({ outcome: 'denied', userCode }),
  )
  for (let polls = 0; polls < 3; polls++) {
    t.deepEqual(
      plain(await service.pollForToken({ deviceCode })),
      plain({ outcome: 'access_denied' }),
    )
  }
  t.deepEqual(plain(await keysOf(service)), plain([]))
  t.deepEqual(
    plain(service.events.at(-1)),
    plain({
      type: 'authorization_denied',
      at: service.clock.now(),
      grantId: grantIdOf(deviceCode),
      device,
      person: 'ann',
    }),
  )
})

test('the browser of a decision is recorded apart from the device', async (t) => {
  const service = createMemoryService()
  const { userCode } = await askFor(service)
  const from = { address: '198.51.100.7' }
  await service.answerUserCode({ userCode, decision: 'approve', person: 'ann', browser: from })
  t.like(service.events.at(-1), { type: 'authorization_approved', browser: from })
  const [key] = await keysOf(service)
  t.deepEqual(plain(key?.request.device), plain(device))
})

test('an expired code is reported to the device and the person, and forgotten later', async (t) => {
  const service = createMemoryService()
  const { clock } = service
  const { deviceCode, userCode } = await askFor(service)
  t.is((await service.reviewUserCode({ userCode, person: 'ann' })).outcome, 'pending')
  clock.pass(10 * MINUTE)
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode })),
    plain({ outcome: 'expired_token' }),
  )
  t.deepEqual(
    plain(await service.reviewUserCode({ userCode, person: 'ann' })),
    plain({
      outcome: 'expired',
      userCode,
    }),
  )
  t.deepEqual(plain(await answer(service, userCode)), plain({ outcome: 'expired', userCode }))
  t.deepEqual(
    plain(await answer(service, userCode, 'deny')),
    plain({ outcome: 'expired', userCode }),
  )
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode })),
    plain({ outcome: 'expired_token' }),
  )
  clock.pass(10 * MINUTE)
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode })),
    plain({ outcome: 'invalid_grant' }),
  )
  t.like(await answer(service, userCode), { outcome: 'invalid' })
  t.deepEqual(plain([...service.stores.apiKeys.entries()]), plain([]))
})

test('a stranger who looks at an expired or used code again and again sees no device', async (t) => {
  const service = createMemoryService()
  const { clock } = service
  const expired = await askFor(service, 'cli')
  const used = await askFor(service, 'cli')
  await answer(service, used.userCode)
  clock.pass(10 * MINUTE)
  for (let looks = 0; looks < 3; looks++) {
    for (const [{ userCode }, outcome] of [
      [expired, 'expired'],
      [used, 'already_processed'],
    ] as const) {
      const neutral = plain({ outcome })
      t.deepEqual(plain(await service.reviewUserCode({ userCode, person: 'eve' })), neutral)
      t.deepEqual(plain(await answer(service, userCode, 'approve', 'eve')), neutral)
      t.deepEqual(plain(await answer(service, userCode, 'deny', 'eve')), neutral)
    }
    clock.pass(MINUTE)
  }
})

test('an approval just before the expiry is still picked up one interval later', async (t) => {
  for (const [ms, outcome] of [
    [6 * SECOND, 'granted'],
    [6 * SECOND + 1, 'expired_token'],
  ] as const) {
    const service = createMemoryService()
    const { deviceCode, userCode } = await askFor(service)
    service.clock.pass(10 * MINUTE - 1)
    t.like(await answer(service, userCode), { outcome: 'approved', userCode })
    service.clock.pass(1 + ms)
    t.is((await service.pollForToken({ deviceCode })).outcome, outcome)
  }
})

test('the shortest keepAfterExpiryMs still keeps such an approval, and its lost answer', async (t) => {
  const service = createMemoryService(createPolicy({ keepAfterExpiryMs: 181 * SECOND }))
  const { clock } = service
  const { deviceCode, userCode } = await askFor(service)
  for (let polls = 0; polls < 20; polls++) await service.pollForToken({ deviceCode })
  clock.pass(10 * MINUTE - 1)
  await answer(service, userCode)
  clock.pass(61 * SECOND)
  t.is((await service.pollForToken({ deviceCode })).outcome, 'granted')
  clock.pass(120 * SECOND - 1)
  t.is((await service.pollForToken({ deviceCode })).outcome, 'granted')
})

test('a key whose answer was lost is issued again for two minutes, until its first use', async (t) => {
  const service = createMemoryService()
  const { clock } = service
  const { deviceCode, apiKey, keyId, expiresIn } = await logIn(service)
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode })),
    plain({
      outcome: 'slow_down',
      interval: 5,
    }),
  )
  clock.pass(2 * SECOND)
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode })),
    plain({
      outcome: 'granted',
      apiKey,
      keyId,
      expiresIn: expiresIn - 2,
    }),
  )
  t.like(service.events.at(-1), { type: 'key_claimed', reissued: true })
  clock.pass(2 * MINUTE - 2 * SECOND - 1)
  t.like(await service.pollForToken({ deviceCode }), { outcome: 'granted', apiKey })
  clock.pass(1)
  t.is((await service.pollForToken({ deviceCode })).outcome, 'invalid_grant', 'consumed')
  t.is((await service.authenticateApiKey(apiKey)).outcome, 'valid')
})

test('a key that was picked up is issued again past the expiry of its code, and never expired_token', async (t) => {
  const service = createMemoryService()
  const { clock } = service
  const { deviceCode, userCode } = await askFor(service)
  clock.pass(10 * MINUTE - SECOND)
  await answer(service, userCode)
  const first = await service.pollForToken({ deviceCode })
  if (first.outcome !== 'granted') return t.fail(first.outcome)
  clock.pass(2 * MINUTE - 1)
  t.like(await service.pollForToken({ deviceCode }), { outcome: 'granted', apiKey: first.apiKey })
  for (const [ms, outcome] of [
    [1, 'invalid_grant'],
    [7 * MINUTE, 'invalid_grant'],
    [SECOND, 'invalid_grant'],
    [MINUTE, 'invalid_grant'],
  ] as const) {
    clock.pass(ms)
    t.is((await service.pollForToken({ deviceCode })).outcome, outcome)
  }
  t.false(service.events.some(({ type }) => type === 'expired_on_poll'))
})

test('a policy may issue a key once only', async (t) => {
  const service = createMemoryService(createPolicy({ redeliverForMs: 0 }))
  const { deviceCode, apiKey } = await logIn(service)
  for (const ms of [0, 2 * SECOND, MINUTE]) {
    service.clock.pass(ms)
    t.is((await service.pollForToken({ deviceCode })).outcome, 'invalid_grant')
  }
  t.is((await service.authenticateApiKey(apiKey)).outcome, 'valid')
})

test('a key that is issued again in its last second has an expires_in of 1, never 0', async (t) => {
  const service = createMemoryService(createPolicy({ keyLifetimesMs: [3 * SECOND] }))
  const { deviceCode, apiKey } = await logIn(service)
  service.clock.pass(3 * SECOND - 1)
  const again = await service.pollForToken({ deviceCode })
  t.like(again, { outcome: 'granted', apiKey, expiresIn: 1 })
})

test('a key is not issued again after its first use', async (t) => {
  const service = createMemoryService()
  const { deviceCode, apiKey } = await logIn(service)
  t.is((await service.authenticateApiKey(apiKey)).outcome, 'valid')
  service.clock.pass(2 * SECOND)
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode })),
    plain({ outcome: 'invalid_grant' }),
  )
})

test('neither a revocation, a list nor a refused check is a first use', async (t) => {
  const service = createMemoryService()
  const { deviceCode, apiKey, keyId } = await logIn(service)
  await keysOf(service)
  await service.revokeApiKey({ owner: 'bob', keyId })
  await service.authenticateApiKey(`${apiKey.slice(0, -1)}!`)
  t.is((await keysOf(service))[0]?.status, 'unused')
  service.clock.pass(2 * SECOND)
  t.like(await service.pollForToken({ deviceCode }), { outcome: 'granted', apiKey })
})

test('only the client that requested the code gets the key', async (t) => {
  const service = createMemoryService()
  const { deviceCode, userCode } = await askFor(service, 'cli')
  await answer(service, userCode)
  for (const other of [{}, { clientId: 'other' }, { clientId: '' }]) {
    t.deepEqual(
      plain(await service.pollForToken({ deviceCode, ...other })),
      plain({
        outcome: 'invalid_grant',
      }),
    )
  }
  t.is((await service.pollForToken({ deviceCode, clientId: 'cli' })).outcome, 'granted')
})

test('an early poll gets the interval in seconds, and is an event', async (t) => {
  const service = createMemoryService()
  const { deviceCode } = await askFor(service)
  for (let polls = 0; polls < 2; polls++) {
    t.deepEqual(plain(await service.pollForToken({ deviceCode })), plain(PENDING))
  }
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode })),
    plain({
      outcome: 'slow_down',
      interval: 10,
    }),
  )
  t.like(service.events.at(-1), { type: 'poll_too_early', intervalMs: 10_000 })
})

test('a person who approves twice learns that the first decision was theirs', async (t) => {
  const service = createMemoryService()
  const { deviceCode, userCode } = await askFor(service)
  const keyId = keyIdOf(grantIdOf(deviceCode))
  const approved = { outcome: 'approved', keyId, userCode }
  t.deepEqual(plain(await answer(service, userCode)), plain(approved))
  const granted = { keyId, approvedAt: service.clock.now(), lifetimeMs: 86_400_000 }
  const processed = { outcome: 'already_processed', yours: 'approve', userCode, granted } as const
  t.deepEqual(plain(await answer(service, userCode)), plain(processed))
  t.deepEqual(plain(await answer(service, userCode, 'deny')), plain(processed))
  t.deepEqual(plain(await service.reviewUserCode({ userCode, person: 'ann' })), plain(processed))
  service.clock.pass(2 * MINUTE)
  t.deepEqual(
    plain(await answer(service, userCode, 'deny', 'bob')),
    plain({
      outcome: 'already_processed',
    }),
  )
})

test('the person who decided sees the device by its own code, and other people do not', async (t) => {
  for (const decision of ['approve', 'deny'] as const) {
    const service = createMemoryService()
    const { deviceCode, userCode } = await askFor(service, 'cli')
    const typed = ` ${userCode.replace('-', '').toLowerCase()} `
    const device = { userCode, clientId: 'cli' }
    const outcome = decision === 'approve' ? 'approved' : 'denied'
    const keyId = keyIdOf(grantIdOf(deviceCode))
    const approvedAt = service.clock.now()
    const key = decision === 'approve' ? { keyId } : {}
    const decided = { outcome, ...key, ...device }
    t.deepEqual(plain(await answer(service, typed, decision)), plain(decided))
    const granted =
      decision === 'approve' ? { granted: { keyId, approvedAt, lifetimeMs: 86_400_000 } } : {}
    const processed = {
      outcome: 'already_processed',
      yours: decision,
      ...device,
      ...granted,
    } as const
    t.deepEqual(plain(await answer(service, typed, 'approve')), plain(processed))
    t.deepEqual(
      plain(await service.reviewUserCode({ userCode: typed, person: 'ann' })),
      plain(processed),
    )
    service.clock.pass(2 * MINUTE)
    const neutral = { outcome: 'already_processed' } as const
    t.deepEqual(plain(await answer(service, typed, 'deny', 'bob')), plain(neutral))
    t.deepEqual(
      plain(await service.reviewUserCode({ userCode: typed, person: 'bob' })),
      plain(neutral),
    )
  }
  const service = createMemoryService()
  const { userCode } = await askFor(service, 'cli')
  const typed = userCode.replace('-', '')
  const review = () => service.reviewUserCode({ userCode: typed, person: 'ann' })
  t.like(await review(), { outcome: 'pending' })
  service.clock.pass(10 * MINUTE)
  const expired = { outcome: 'expired', userCode, clientId: 'cli' } as const
  t.deepEqual(plain(await answer(service, typed)), plain(expired))
  t.deepEqual(plain(await review()), plain(expired))
})

test('two people with two devices each get their own key', async (t) => {
  const service = createMemoryService()
  const ann = await logIn(service, 'ann')
  const bob = await logIn(service, 'bob')
  t.not(ann.apiKey, bob.apiKey)
  t.like(await service.authenticateApiKey(ann.apiKey), { owner: 'ann', keyId: ann.keyId })
  t.like(await service.authenticateApiKey(bob.apiKey), { owner: 'bob', keyId: bob.keyId })
  t.deepEqual(plain((await keysOf(service)).map(({ id }) => id)), plain([ann.keyId]))
  t.is(await service.revokeApiKey({ owner: 'ann', keyId: bob.keyId }), 'no_such_key')
  t.is((await service.authenticateApiKey(bob.apiKey)).outcome, 'valid')
})

test('a person sees active and waiting keys, the newest first', async (t) => {
  const service = createMemoryService()
  const { clock } = service
  const old = await logIn(service)
  clock.pass(1)
  const gone = await logIn(service)
  await service.revokeApiKey({ owner: 'ann', keyId: gone.keyId })
  clock.pass(1)
  const { userCode } = await askFor(service, 'cli', 'read')
  await answer(service, userCode)
  await service.authenticateApiKey(old.apiKey)
  const keys = await keysOf(service)
  t.deepEqual(
    plain(keys.slice(1)),
    plain([
      {
        id: old.keyId,
        status: 'active',
        name: `Device Link Access Key (${old.userCode})`,
        request: { device },
        approvedAt: clock.now() - 2,
        lastUsedAt: clock.now(),
        expiresAt: clock.now() - 2 + 24 * 60 * MINUTE,
      },
    ]),
  )
  t.like(keys[0], {
    status: 'waiting',
    request: { clientId: 'cli', scope: 'read' },
    approvedAt: clock.now(),
    // A device that polls on time may find its approval so late.
    expiresAt: clock.now() + 10 * MINUTE + 61 * SECOND,
  })
  t.deepEqual(plain(await keysOf(service, 'bob')), plain([]))
})

test('a revoked key stops working at once', async (t) => {
  const service = createMemoryService()
  const { apiKey, keyId } = await logIn(service)
  await service.authenticateApiKey(apiKey)
  t.is(await service.revokeApiKey({ owner: 'ann', keyId }), 'revoked')
  t.deepEqual(plain(await service.authenticateApiKey(apiKey)), plain({ outcome: 'revoked' }))
  t.is(await service.revokeApiKey({ owner: 'ann', keyId }), 'already_revoked')
  t.is(service.events.filter(({ type }) => type === 'key_revoked').length, 1)
})

test('a code is consumed once its key was used, revoked or not', async (t) => {
  const service = createMemoryService()
  const { deviceCode, apiKey, keyId } = await logIn(service)
  await service.authenticateApiKey(apiKey)
  await service.revokeApiKey({ owner: 'ann', keyId })
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode })),
    plain({ outcome: 'invalid_grant' }),
  )
})

test('a key that was issued, not used, and is revoked is access_denied', async (t) => {
  const service = createMemoryService()
  const { deviceCode, keyId } = await logIn(service)
  await service.revokeApiKey({ owner: 'ann', keyId })
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode })),
    plain({ outcome: 'access_denied' }),
  )
})

test('a device keeps its longer interval while its key is in flight', async (t) => {
  const service = createMemoryService()
  const { deviceCode, userCode } = await askFor(service)
  for (let polls = 0; polls < 4; polls++) await service.pollForToken({ deviceCode })
  await answer(service, userCode)
  t.like(await service.pollForToken({ deviceCode }), { outcome: 'granted' })
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode })),
    plain({
      outcome: 'slow_down',
      interval: 15,
    }),
  )
})

test('a poll of an expired code is an event, unless its key was picked up in time', async (t) => {
  const service = createMemoryService()
  const { clock, events } = service
  const pending = await askFor(service)
  const approved = await askFor(service)
  await answer(service, approved.userCode)
  const { deviceCode: used, apiKey } = await logIn(service)
  await service.authenticateApiKey(apiKey)
  const { deviceCode: unused } = await logIn(service)
  clock.pass(15 * MINUTE)
  events.length = 0
  for (const [deviceCode, outcome] of [
    [used, 'invalid_grant'],
    [unused, 'invalid_grant'],
    [pending.deviceCode, 'expired_token'],
    [approved.deviceCode, 'expired_token'],
  ] as const) {
    t.deepEqual(plain(await service.pollForToken({ deviceCode })), plain({ outcome }))
  }
  t.deepEqual(
    plain(events.map((event) => [event.type, 'grantId' in event ? event.grantId : ''])),
    plain([pending, approved].map(({ deviceCode }) => ['expired_on_poll', grantIdOf(deviceCode)])),
  )
})

test('a key that is revoked before pick-up is access_denied', async (t) => {
  const service = createMemoryService()
  const { deviceCode, userCode } = await askFor(service)
  await answer(service, userCode)
  const [waiting] = await keysOf(service)
  t.is(await service.revokeApiKey({ owner: 'ann', keyId: waiting?.id ?? '' }), 'revoked')
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode })),
    plain({ outcome: 'access_denied' }),
  )
  t.like(await answer(service, userCode), { outcome: 'already_processed' })
})

test('revoking all keys includes waiting ones, and leaves those of other people', async (t) => {
  const service = createMemoryService()
  const first = await logIn(service)
  const second = await logIn(service)
  const others = await logIn(service, 'bob')
  const { deviceCode, userCode } = await askFor(service)
  await answer(service, userCode)
  await service.revokeApiKey({ owner: 'ann', keyId: second.keyId })
  t.is(await service.revokeAllApiKeys('ann'), 2)
  t.is(await service.revokeAllApiKeys('ann'), 0)
  t.deepEqual(plain(await keysOf(service)), plain([]))
  t.is((await service.authenticateApiKey(first.apiKey)).outcome, 'revoked')
  t.is((await service.pollForToken({ deviceCode })).outcome, 'access_denied')
  t.is((await service.authenticateApiKey(others.apiKey)).outcome, 'valid')
})

test('a key with the status of a newer version opens nothing, is listed as unknown, and can be revoked', async (t) => {
  const service = createMemoryService()
  const { deviceCode, userCode, apiKey, keyId } = await logIn(service)
  await service.stores.apiKeys.update(keyId, (key) => ({
    next: { ...key, status: 'suspended', risk: { score: 7 }, uses: 5 } as unknown as ApiKey,
    reply: undefined,
  }))
  t.deepEqual(await service.authenticateApiKey(apiKey), { outcome: 'no_such_key' })
  const listed = await keysOf(service)
  t.is(listed.length, 1)
  t.like(listed[0], { id: keyId, status: 'unknown' })
  service.clock.pass(5 * SECOND)
  t.is((await service.pollForToken({ deviceCode })).outcome, 'invalid_grant')
  t.like(await answer(service, userCode), { outcome: 'already_processed', yours: 'approve' })
  t.is(await service.revokeApiKey({ owner: 'bob', keyId }), 'no_such_key')
  t.is(await service.revokeApiKey({ owner: 'ann', keyId }), 'revoked')
  t.like(await service.stores.apiKeys.read(keyId), { risk: { score: 7 }, uses: 5 } as object)
  t.deepEqual(await service.authenticateApiKey(apiKey), { outcome: 'revoked' })
  t.deepEqual(await keysOf(service), [])
})

test('a device that is renamed before its pick-up keeps the new name', async (t) => {
  const service = createMemoryService()
  const { deviceCode, userCode } = await askFor(service)
  await service.answerUserCode({ userCode, person: 'ann', decision: 'approve', deviceName: 'Old' })
  const [{ id: keyId } = { id: '' }] = await keysOf(service)
  await service.renameDevice({ owner: 'ann', keyId, deviceName: 'New' })
  t.is((await service.pollForToken({ deviceCode })).outcome, 'granted')
  t.like((await keysOf(service))[0], { status: 'unused', deviceName: 'New' })
})

test('two revocations of all keys at once revoke each key once', async (t) => {
  const service = createMemoryService()
  for (let i = 0; i < 5; i++) await logIn(service)
  const counts = await Promise.all([
    service.revokeAllApiKeys('ann'),
    service.revokeAllApiKeys('ann'),
  ])
  t.is(counts[0] + counts[1], 5)
  t.is(service.events.filter(({ type }) => type === 'key_revoked').length, 5)
})

test('BT-8: a key expires, leaves the list, and is forgotten later', async (t) => {
  const service = createMemoryService()
  const { apiKey } = await logIn(service)
  service.clock.pass(24 * 60 * MINUTE - 1)
  t.is((await service.authenticateApiKey(apiKey)).outcome, 'valid')
  service.clock.pass(1)
  t.deepEqual(plain(await service.authenticateApiKey(apiKey)), plain({ outcome: 'expired' }))
  t.deepEqual(plain(await keysOf(service)), plain([]))
  service.clock.pass(30 * 24 * 60 * MINUTE - 1)
  t.deepEqual(plain(await service.authenticateApiKey(apiKey)), plain({ outcome: 'expired' }))
  service.clock.pass(1)
  t.deepEqual(plain(await service.authenticateApiKey(apiKey)), plain({ outcome: 'no_such_key' }))
})

test('a text that is not a key is malformed, and a key of no owner is unknown', async (t) => {
  const { apiKey } = await logIn(createMemoryService())
  const service = createMemoryService()
  t.deepEqual(
    plain(await service.authenticateApiKey(apiKey.slice(0, -1))),
    plain({
      outcome: 'malformed',
    }),
  )
  t.deepEqual(plain(await service.authenticateApiKey('')), plain({ outcome: 'malformed' }))
  t.deepEqual(plain(await service.authenticateApiKey(apiKey)), plain({ outcome: 'no_such_key' }))
})

test('a use is written once a minute', async (t) => {
  const service = createMemoryService()
  const { clock } = service
  const { apiKey } = await logIn(service)
  const started = clock.now()
  const lastUsed = async () => (await keysOf(service))[0]?.lastUsedAt
  await service.authenticateApiKey(apiKey)
  clock.pass(MINUTE - 1)
  await service.authenticateApiKey(apiKey)
  t.is(await lastUsed(), started)
  clock.pass(1)
  await service.authenticateApiKey(apiKey)
  t.is(await lastUsed(), started + MINUTE)
  t.is(service.events.filter(({ type }) => type === 'key_used_first').length, 1)
})

test('a code that expires while its key is reserved is not approved', async (t) => {
  let slow = true
  const service = createMemoryService(undefined, (stores, clock) => ({
    ...stores,
    apiKeys: changedKeys(stores.apiKeys, {
      update: async (id, transition) => {
        const reply = await stores.apiKeys.update(id, transition)
        if (slow) clock.pass(10 * MINUTE)
        slow = false
        return reply
      },
    }),
  }))
  const { deviceCode, userCode } = await askFor(service)
  t.deepEqual(plain(await answer(service, userCode)), plain({ outcome: 'expired', userCode }))
  t.deepEqual(
    plain(await service.pollForToken({ deviceCode })),
    plain({ outcome: 'expired_token' }),
  )
  t.deepEqual(plain([...service.stores.apiKeys.entries()]), plain([]), 'the reservation is removed')
  t.false(service.events.some(({ type }) => type === 'authorization_approved'))
})

for (const [title, emit] of [
  [
    'throws',
    () => {
      throw new Error('The listener fails')
    },
  ],
  [
    'throws what a store would',
    () => {
      throw new StoreUnavailableError('The listener fails')
    },
  ],
  ['rejects', () => Promise.reject(new Error('The listener fails'))],
] as const) {
  test(`a listener that ${title} changes nothing`, async (t) => {
    const clock = new TestClock()
    const service = createUseCases({ ...createMemoryStores({ clock }), clock, events: { emit } })
    const { deviceCode, userCode } = issued(await service.authorizeDevice({ device }))
    t.like(await service.reviewUserCode({ userCode: 'BBBB-BBBB', person: 'ann' }), {
      outcome: 'invalid',
      attemptsLeft: 4,
    })
    for (const outcome of ['authorization_pending', 'authorization_pending', 'slow_down']) {
      t.is((await service.pollForToken({ deviceCode })).outcome, outcome as 'slow_down')
    }
    const decision = { userCode, person: 'ann', decision: 'approve' } as const
    t.like(await service.answerUserCode(decision), { outcome: 'approved' })
    const reply = await service.pollForToken({ deviceCode })
    if (reply.outcome !== 'granted') return t.fail(reply.outcome)
    t.is((await service.authenticateApiKey(reply.apiKey)).outcome, 'valid')
    t.is(await service.revokeApiKey({ owner: 'ann', keyId: reply.keyId }), 'revoked')
  })
}

test('use cases refuse a policy that was not checked', (t) => {
  const clock = new TestClock()
  const policy = { ...DEFAULT_POLICY, userCodeMask: '*' }
  t.throws(() => createUseCases({ ...createMemoryStores({ clock }), clock, policy }), {
    instanceOf: PolicyError,
  })
})

test('each of a few user codes is issued once, and then the store is full', async (t) => {
  const clock = new TestClock()
  const authorizeDevice = createAuthorizeDevice({
    ...createMemoryStores({ clock }),
    clock,
    policy: { ...DEFAULT_POLICY, userCodeCharset: 'BC', userCodeMask: '*' },
    events: { emit: () => {} },
  })
  const given: string[] = []
  const ask = async () => given.push(issued(await authorizeDevice({ device })).userCode)
  // Codes are drawn at random, at most ten times per request, so two requests may not get both.
  for (let i = 0; i < 20; i++) await ask().catch(() => {})
  t.deepEqual(plain(given.toSorted()), plain(['B', 'C']))
  await t.throwsAsync(ask, { instanceOf: StoreFullError })
})
