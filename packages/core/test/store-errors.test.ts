import {
  createPolicy,
  type DeviceGrantEvent,
  grantIdOf,
  keyIdOf,
  type Retained,
  type StateStore,
  StoreConflictError,
  StoreFullError,
  StoreUnavailableError,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test, { type ExecutionContext } from 'ava'
import {
  changedKeys,
  createMemoryService,
  keysOf,
  logIn,
  type MemoryService,
  MINUTE,
  SECOND,
} from './memory-service.ts'
import { plain } from './plain.ts'

/** A service with stores that fail at one call, as a test asks. */
const aFrailService = (policy = createPolicy()) => {
  let failAt = Number.POSITIVE_INFINITY
  let applied = false
  let calls = 0
  let thrown: Error = new StoreUnavailableError('down')
  const call = async <R>(run: () => Promise<R>): Promise<R> => {
    const fails = calls === failAt
    calls += 1
    if (fails && !applied) throw thrown
    const reply = await run()
    if (fails) throw thrown
    return reply
  }
  const frail = <S extends Retained>(store: StateStore<S>): StateStore<S> => ({
    update: (id, transition) => call(() => store.update(id, transition)),
  })
  const service = createMemoryService(policy, (stores) => ({
    grants: frail(stores.grants),
    userCodes: frail(stores.userCodes),
    codeAttempts: frail(stores.codeAttempts),
    apiKeys: {
      ...frail(stores.apiKeys),
      read: (id) => call(() => stores.apiKeys.read(id)),
      find: (query) => call(() => stores.apiKeys.find(query)),
    },
    cutOffs: frail(stores.cutOffs),
  }))
  return {
    service,
    /** Runs with one call failing, before or after it is applied. Returns how many calls there were. */
    failing: async <R>(
      at: number,
      when: When,
      run: () => Promise<R>,
      error: Error = new StoreUnavailableError('down'),
    ): Promise<{ readonly reply: R; readonly calls: number }> => {
      failAt = at
      applied = when === 'after'
      calls = 0
      thrown = error
      try {
        return { reply: await run(), calls }
      } finally {
        failAt = Number.POSITIVE_INFINITY
      }
    },
  }
}

type When = 'before' | 'after'
const WHEN: readonly When[] = ['before', 'after']

const isStoreError = (t: ExecutionContext, reply: object, outcome: string, about: string): void => {
  t.like(reply, { outcome }, about)
  t.true('error' in reply && reply.error instanceof StoreUnavailableError, about)
}

const askFor = async (service: MemoryService) =>
  issued(await service.authorizeDevice({ device: {} }))
const approve = (service: MemoryService, userCode: string) =>
  service.answerUserCode({ userCode, decision: 'approve', person: 'ann' })

test('a poll while a store is down is slow_down without interval, and the code stays as it was', async (t) => {
  for (const when of WHEN) {
    const { service, failing } = aFrailService()
    const { deviceCode } = await askFor(service)
    const { reply, calls } = await failing(0, when, () => service.pollForToken({ deviceCode }))
    isStoreError(t, reply, 'slow_down', when)
    t.false('interval' in reply)
    t.is(calls, 1)
    service.clock.pass(5 * SECOND)
    t.is((await service.pollForToken({ deviceCode })).outcome, 'authorization_pending')
  }
})

const PICK_UP_CALLS = ['poll', 'claim', 'read the cut-off']

test('a pick-up whose store fails at any call is slow_down, and the key is issued later', async (t) => {
  for (const when of WHEN) {
    for (const at of PICK_UP_CALLS.keys()) {
      const { service, failing } = aFrailService()
      const { deviceCode, userCode } = await askFor(service)
      await approve(service, userCode)
      const { reply, calls } = await failing(at, when, () => service.pollForToken({ deviceCode }))
      t.is(calls, at + 1)
      isStoreError(t, reply, 'slow_down', `${when} call ${at}`)
      t.false('interval' in reply)
      service.clock.pass(5 * SECOND)
      const later = await service.pollForToken({ deviceCode })
      if (later.outcome !== 'granted') return t.fail(later.outcome)
      t.is((await service.authenticateApiKey(later.apiKey)).outcome, 'valid')
    }
  }
})

test('a pick-up makes exactly the calls of PICK_UP_CALLS', async (t) => {
  const { service, failing } = aFrailService()
  const { deviceCode, userCode } = await askFor(service)
  await approve(service, userCode)
  const pickUp = () => service.pollForToken({ deviceCode })
  const { reply, calls } = await failing(Infinity, 'before', pickUp)
  t.is(reply.outcome, 'granted')
  t.is(calls, PICK_UP_CALLS.length)
})

test('a key that was approved before a cut-off is never issued, whichever call fails', async (t) => {
  for (const when of WHEN) {
    for (const at of [...PICK_UP_CALLS, 'revoke'].keys()) {
      const { service, failing } = aFrailService()
      const { deviceCode, userCode } = await askFor(service)
      await approve(service, userCode)
      await service.revokeAllApiKeys('ann')
      // The revocation was forgotten in a fail-over, and the cut-off was not.
      for (const [id] of service.stores.apiKeys.entries()) {
        await service.stores.apiKeys.update(id, () => ({ next: undefined, reply: undefined }))
      }
      const { reply } = await failing(at, when, () => service.pollForToken({ deviceCode }))
      isStoreError(t, reply, 'slow_down', `${when} call ${at}`)
      service.clock.pass(5 * SECOND)
      const later = await service.pollForToken({ deviceCode })
      t.deepEqual(plain(later), { outcome: 'access_denied' })
      t.deepEqual(await keysOf(service), [])
    }
  }
})

test('a poll that loses every race is slow_down', async (t) => {
  const { service, failing } = aFrailService()
  const { deviceCode } = await askFor(service)
  const conflict = new StoreConflictError('raced')
  const poll = () => service.pollForToken({ deviceCode })
  const { reply } = await failing(0, 'before', poll, conflict)
  t.deepEqual(plain(reply), plain({ outcome: 'slow_down', error: conflict }))
})

test('an error that is not a store’s is not hidden', async (t) => {
  const bug = new TypeError('a bug')
  const { service, failing } = aFrailService()
  const { deviceCode, userCode } = await askFor(service)
  for (const run of [
    () => service.pollForToken({ deviceCode }),
    () => approve(service, userCode),
    () => service.reviewUserCode({ userCode, person: 'ann' }),
  ]) {
    t.is(await t.throwsAsync(failing<unknown>(0, 'before', run, bug)), bug)
  }
})

const APPROVE_CALLS = [
  'count attempt',
  'user code',
  'refund attempt',
  'review',
  'reserve',
  'read the cut-off',
  'count keys',
  'decide',
]
const DENY_CALLS = [
  'count attempt',
  'user code',
  'refund attempt',
  'read the key',
  'review',
  'decide',
  'settle',
]

test('an approval whose store fails reports what is known, and can be repeated', async (t) => {
  for (const when of WHEN) {
    for (const [at, name] of APPROVE_CALLS.entries()) {
      const about = `${when} ${name}`
      const { service, failing } = aFrailService()
      const { deviceCode, userCode } = await askFor(service)
      const keyId = keyIdOf(grantIdOf(deviceCode))
      const approved = { outcome: 'approved', keyId, userCode }
      const { reply } = await failing(at, when, () => approve(service, userCode))
      if (name === 'refund attempt') {
        t.deepEqual(plain(reply), plain(approved), about)
      } else if (name === 'decide') {
        isStoreError(t, reply, 'outcome_unknown', about)
        const again = await approve(service, userCode)
        const granted = { keyId, approvedAt: service.clock.now(), lifetimeMs: 86_400_000 }
        t.deepEqual(
          plain(again),
          plain(
            when === 'after'
              ? { outcome: 'already_processed', yours: 'approve', userCode, granted }
              : approved,
          ),
          about,
        )
      } else {
        isStoreError(t, reply, 'key_not_created', about)
        t.is((await service.pollForToken({ deviceCode })).outcome, 'authorization_pending', about)
        t.deepEqual(plain(await approve(service, userCode)), plain(approved), about)
      }
      t.is((await service.pollForToken({ deviceCode })).outcome, 'granted', about)
      t.is((await keysOf(service)).length, 1, about)
    }
  }
})

test('an approval makes exactly the calls of APPROVE_CALLS', async (t) => {
  const { service, failing } = aFrailService()
  const { userCode } = await askFor(service)
  const { calls } = await failing(Infinity, 'before', () => approve(service, userCode))
  t.is(calls, APPROVE_CALLS.length)
})

test('a denial makes exactly the calls of DENY_CALLS', async (t) => {
  const { service, failing } = aFrailService()
  const { userCode } = await askFor(service)
  const deny = () => service.answerUserCode({ userCode, decision: 'deny', person: 'ann' })
  const { calls } = await failing(Infinity, 'before', deny)
  t.is(calls, DENY_CALLS.length)
})

test('a denial whose store fails is unknown, and can be repeated', async (t) => {
  for (const when of WHEN) {
    for (const [at, name] of DENY_CALLS.entries()) {
      const about = `${when} ${name}`
      const { service, failing } = aFrailService()
      const { deviceCode, userCode } = await askFor(service)
      const deny = () => service.answerUserCode({ userCode, decision: 'deny', person: 'ann' })
      const { reply } = await failing(at, when, deny)
      if (name === 'refund attempt' || name === 'settle') {
        t.deepEqual(plain(reply), plain({ outcome: 'denied', userCode }), about)
      } else {
        isStoreError(t, reply, 'outcome_unknown', about)
        const denied = name === 'decide' && when === 'after'
        t.deepEqual(
          plain(await deny()),
          plain(
            denied
              ? { outcome: 'already_processed', yours: 'deny', userCode }
              : { outcome: 'denied', userCode },
          ),
          about,
        )
      }
      t.deepEqual(
        plain(await service.pollForToken({ deviceCode })),
        plain({ outcome: 'access_denied' }),
        about,
      )
    }
  }
})

test('a reservation that cannot be settled shows as waiting until it expires, and opens nothing', async (t) => {
  for (const when of WHEN) {
    const { service, failing } = aFrailService()
    const { deviceCode, userCode } = await askFor(service)
    // The process of an earlier approval died after it had reserved the key.
    await failing(6, 'before', () => approve(service, userCode))
    const deny = () => service.answerUserCode({ userCode, decision: 'deny', person: 'ann' })
    const { reply } = await failing(6, when, deny)
    t.is(reply.outcome, 'denied')
    const statuses = (await keysOf(service)).map(({ status }) => status)
    t.deepEqual(statuses, when === 'before' ? ['waiting'] : [])
    t.is((await service.pollForToken({ deviceCode })).outcome, 'access_denied')
    service.clock.pass(10 * MINUTE + 61 * SECOND)
    t.deepEqual(await keysOf(service), [])
  }
})

test('a code is refused if its attempt cannot be counted, right or not', async (t) => {
  for (const error of [new StoreUnavailableError('down'), new StoreFullError('limit_reached')]) {
    const { service, failing } = aFrailService()
    const { userCode } = await askFor(service)
    const review = () => service.reviewUserCode({ userCode, person: 'ann' })
    t.is(await t.throwsAsync(failing(0, 'before', review, error)), error)
  }
})

test('a lost race for the attempts of everyone leaves each person one attempt', async (t) => {
  const { service, failing } = aFrailService()
  const wrong = () => service.reviewUserCode({ userCode: 'BBBB-BBBB', person: 'ann' })
  const conflict = new StoreConflictError('raced')
  t.deepEqual(
    plain((await failing(3, 'before', wrong, conflict)).reply),
    plain({
      outcome: 'invalid',
      attemptsLeft: 0,
      retryAfterMs: 10 * MINUTE,
    }),
  )
  t.deepEqual(
    plain((await failing(1, 'before', wrong, conflict)).reply),
    plain({ outcome: 'attempts_in_progress', retryAfterMs: SECOND }),
  )
  t.deepEqual(plain(await wrong()), plain({ outcome: 'invalid', attemptsLeft: 3 }))
})

test('a review while a store is down throws, but a failed refund does not', async (t) => {
  for (const when of WHEN) {
    for (const at of [0, 1, 2, 3]) {
      const { service, failing } = aFrailService()
      const { userCode } = await askFor(service)
      const review = failing(at, when, () => service.reviewUserCode({ userCode, person: 'ann' }))
      if (at === 2) t.is((await review).reply.outcome, 'pending')
      else await t.throwsAsync(review, { instanceOf: StoreUnavailableError })
    }
  }
})

test('a failed look-up does not count as a wrong code', async (t) => {
  const { service, failing } = aFrailService()
  const { userCode } = await askFor(service)
  const look = (typed: string) => service.reviewUserCode({ userCode: typed, person: 'ann' })
  for (const when of WHEN) {
    for (let attempts = 0; attempts < 5; attempts++) {
      await t.throwsAsync(
        failing(1, when, () => look('BBBB-BBBB')),
        { instanceOf: StoreUnavailableError },
      )
    }
  }
  t.deepEqual(plain(await look('BBBB-BBBB')), plain({ outcome: 'invalid', attemptsLeft: 4 }))
  t.like(await look(userCode), { outcome: 'pending' })
})

test('an error at any store after an attempt was counted gives the attempt back', async (t) => {
  // The first call counts the attempt, and the others follow.
  for (const [earlier, calls] of [
    [0, ['count attempt', 'user code', 'count for everyone']],
    [1, ['count attempt', 'count for everyone', 'user code']],
  ] as const) {
    for (const when of WHEN) {
      for (const [at, name] of calls.entries()) {
        const { service, failing } = aFrailService()
        const look = (userCode: string) => service.reviewUserCode({ userCode, person: 'ann' })
        for (let i = 0; i < earlier; i++) await look('BBBB-BBBB')
        for (let presses = 0; presses < 6; presses++) {
          await t.throwsAsync(
            failing(at, when, () => look('BBBB-BBBB')),
            {
              instanceOf: StoreUnavailableError,
            },
          )
        }
        t.like(await look('BBBB-BBBB'), { attemptsLeft: 4 - earlier }, `${when} ${name}`)
      }
    }
  }
})

test('an error after an attempt was counted for everyone gives that back too', async (t) => {
  const policy = createPolicy({ wrongCodesOfEveryone: 2 })
  const { service, failing } = aFrailService(policy)
  const look = (person: string) => service.reviewUserCode({ userCode: 'BBBB-BBBB', person })
  await look('ann')
  for (const when of WHEN) {
    for (const at of [1, 2]) {
      for (let presses = 0; presses < 3; presses++) {
        await t.throwsAsync(failing(at, when, () => look('ann')))
      }
    }
  }
  t.like(await look('bob'), { attemptsLeft: 4 }, 'the ceiling has room for a second attempt')
})

test('no code is issued while a store is down', async (t) => {
  for (const when of WHEN) {
    for (const at of [0, 1]) {
      const { service, failing } = aFrailService()
      await t.throwsAsync(
        failing(at, when, () => askFor(service)),
        { instanceOf: StoreUnavailableError },
      )
      t.deepEqual(plain(service.events), plain([]))
    }
  }
})

const typesOf = (events: readonly DeviceGrantEvent[]) => events.map(({ type }) => type)

test('a key is valid even if its use cannot be written', async (t) => {
  for (const when of WHEN) {
    const { service, failing } = aFrailService()
    const { apiKey } = await logIn(service)
    const { reply, calls } = await failing(1, when, () => service.authenticateApiKey(apiKey))
    t.is(calls, 2)
    t.like(reply, { outcome: 'valid', owner: 'ann' })
    t.false(typesOf(service.events).includes('key_used_first'))
    t.like(await service.authenticateApiKey(apiKey), { outcome: 'valid' })
  }
})

test('a key that cannot be looked up throws', async (t) => {
  const { service, failing } = aFrailService()
  const { apiKey } = await logIn(service)
  const use = () => service.authenticateApiKey(apiKey)
  await t.throwsAsync(failing(0, 'before', use), { instanceOf: StoreUnavailableError })
})

test('a key that is revoked between look-up and write is refused', async (t) => {
  const service: MemoryService = createMemoryService(undefined, (stores, clock) => ({
    ...stores,
    apiKeys: changedKeys(stores.apiKeys, {
      read: async (id) => {
        const found = await stores.apiKeys.read(id)
        if (found) await service.revokeApiKey({ owner: 'ann', keyId: id })
        clock.pass(MINUTE)
        return found
      },
    }),
  }))
  const { apiKey } = await logIn(service)
  t.deepEqual(plain(await service.authenticateApiKey(apiKey)), plain({ outcome: 'revoked' }))
})

test('a revocation, a list or a release throws if its store fails', async (t) => {
  const { service, failing } = aFrailService()
  const { keyId, userCode } = await logIn(service)
  const runs: (() => Promise<unknown>)[] = [
    () => service.listApiKeys({ owner: 'ann' }),
    () => service.revokeApiKey({ owner: 'ann', keyId }),
    () => service.revokeAllApiKeys('ann'),
    () => service.releaseUserCode({ userCode, person: 'ann' }),
  ]
  for (const run of runs) {
    await t.throwsAsync(failing(0, 'before', run), { instanceOf: StoreUnavailableError })
  }
})

test('a revocation of all keys throws if any of its calls fails, and can be repeated', async (t) => {
  const CALLS = ['set the cut-off', 'find the keys', 'revoke one', 'revoke the other']
  for (const when of WHEN) {
    for (const [at, name] of CALLS.entries()) {
      const { service, failing } = aFrailService()
      const keys = [await logIn(service), await logIn(service)]
      const all = () => service.revokeAllApiKeys('ann')
      await t.throwsAsync(failing(at, when, all), { instanceOf: StoreUnavailableError })
      const revokedBefore = Math.max(0, at - (when === 'after' ? 1 : 2))
      t.is(await all(), 2 - revokedBefore, `${when} ${name}`)
      for (const { apiKey } of keys) {
        t.is((await service.authenticateApiKey(apiKey)).outcome, 'revoked')
      }
    }
  }
  const { service, failing } = aFrailService()
  await logIn(service)
  await logIn(service)
  const { calls } = await failing(Infinity, 'before', () => service.revokeAllApiKeys('ann'))
  t.is(calls, CALLS.length)
})

test('a denial with a report that got no answer is reported by the next attempt', async (t) => {
  for (let at = 0, hasFailed = true; hasFailed; at += 1) {
    const { service, failing } = aFrailService()
    const { userCode } = issued(await service.authorizeDevice({ clientId: 'cli', device: {} }))
    const answer = { userCode, person: 'ann', decision: 'deny', isReported: true } as const
    const { calls } = await failing(at, 'after', () => service.answerUserCode(answer))
    hasFailed = calls > at
    await service.answerUserCode(answer)
    await service.answerUserCode(answer)
    const reports = service.events.filter(({ type }) => type === 'request_reported')
    t.true(reports.length === 1 || reports.length === 2, `call ${at}: ${reports.length} reports`)
  }
})
