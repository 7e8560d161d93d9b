import {
  CompareAndSwapStore,
  createPolicy,
  type Retained,
  type StateStore,
} from '@device-grant/core'
import { turns } from '@device-grant/test-support/event-loop'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import { MemoryDriver } from './memory-driver.ts'
import { createMemoryService, type MemoryService, MINUTE, SECOND } from './memory-service.ts'
import { plain } from './plain.ts'

const askFor = async (service: MemoryService) =>
  issued(await service.authorizeDevice({ device: {} }))
const review = (service: MemoryService, userCode: string, person = 'ann') =>
  service.reviewUserCode({ userCode, person })
// A random code is BBBB-BBBB once in 10^10, so this code is always wrong.
const wrong = (service: MemoryService, person = 'ann') => review(service, 'BBBB-BBBB', person)
const WAIT = { retryAfterMs: 10 * MINUTE }
const TOO_MANY = { outcome: 'too_many_attempts', ...WAIT } as const

/** Calls `count` with every update of the store. */
const counted = <S extends Retained>(store: StateStore<S>, count: () => void): StateStore<S> => ({
  update: (id, transition) => {
    count()
    return store.update(id, transition)
  },
})

/** Answers every update of the store some turns of the event loop later. */
const afterTurns = <S extends Retained>(store: StateStore<S>, count: number): StateStore<S> => ({
  update: async (id, transition) => {
    await turns(count)
    return store.update(id, transition)
  },
})

/** The reply to a wrong code. Without attempts left, it says how long to wait. */
const invalid = (attemptsLeft: number) =>
  ({ outcome: 'invalid', attemptsLeft, ...(attemptsLeft > 0 ? {} : WAIT) }) as const

test('SEC-1: a person has five wrong codes in ten minutes, in a sliding window', async (t) => {
  const service = createMemoryService()
  const { clock, events } = service
  for (const attemptsLeft of [4, 3, 2, 1, 0]) {
    t.deepEqual(plain(await wrong(service)), plain(invalid(attemptsLeft)))
    t.like(events.at(-1), { type: 'wrong_user_code', person: 'ann', attemptsLeft })
    clock.pass(MINUTE)
  }
  t.deepEqual(plain(await wrong(service)), plain(TOO_MANY))
  t.like(events.at(-1), { type: 'too_many_wrong_user_codes', person: 'ann' })
  clock.pass(5 * MINUTE - 1)
  t.deepEqual(plain(await wrong(service)), plain(TOO_MANY))
  clock.pass(1)
  t.deepEqual(plain(await wrong(service)), plain(invalid(0)))
  t.deepEqual(plain(await wrong(service)), plain(TOO_MANY))
  clock.pass(MINUTE)
  t.deepEqual(plain(await wrong(service)), plain(invalid(0)))
})

test('a text that cannot be a code is malformed, costs nothing and is not looked up', async (t) => {
  const calls: string[] = []
  const service = createMemoryService(undefined, (stores) => ({
    ...stores,
    userCodes: counted(stores.userCodes, () => calls.push('user code')),
    codeAttempts: counted(stores.codeAttempts, () => calls.push('attempt')),
  }))
  for (const [typed, typedLength] of [
    ['', 0],
    ['   ', 0],
    ['WDJB', 4],
    ['12345678', 8],
    ['KTLS-MSPLWRNGCXDF', 16],
    ['BLLB-VQTW or WDJB-MJHT', 18],
    ['x'.repeat(1 << 20), 512],
  ] as const) {
    const malformed = {
      outcome: 'malformed',
      charset: 'BCDFGHJKLMNPQRSTVWXZ',
      codeLength: 8,
      typedLength,
    } as const
    t.deepEqual(await review(service, typed), malformed)
    for (const decision of ['approve', 'deny'] as const) {
      const answer = { userCode: typed, decision, person: 'ann' }
      t.deepEqual(await service.answerUserCode(answer), malformed)
    }
    await service.releaseUserCode({ userCode: typed, person: 'ann' })
  }
  t.deepEqual(calls, [])
  t.deepEqual(service.events, [])
  t.deepEqual(plain(await wrong(service)), plain(invalid(4)))
})

test('a pasted line that holds one code finds it', async (t) => {
  const service = createMemoryService()
  const { userCode } = await askFor(service)
  for (const typed of [
    `Open https://a.test/verify and enter  ${userCode}`,
    `https://a.test/verify?user_code=${userCode}`,
    `${userCode} ${userCode}`,
  ]) {
    t.like(await review(service, typed), { outcome: 'pending', userCode })
  }
})

test('a person without attempts left is refused a right code too, and other people are not', async (t) => {
  const service = createMemoryService()
  const { userCode, deviceCode } = await askFor(service)
  for (let attempts = 0; attempts < 5; attempts++) await wrong(service)
  t.deepEqual(plain(await review(service, userCode)), plain(TOO_MANY))
  for (const decision of ['approve', 'deny'] as const) {
    t.deepEqual(
      plain(await service.answerUserCode({ userCode, decision, person: 'ann' })),
      plain(TOO_MANY),
    )
  }
  t.is((await review(service, userCode, 'bob')).outcome, 'pending')
  t.is((await service.pollForToken({ deviceCode })).outcome, 'authorization_pending')
})

test('right codes cost no attempts', async (t) => {
  const service = createMemoryService()
  for (let attempts = 0; attempts < 4; attempts++) await wrong(service)
  const { userCode } = await askFor(service)
  for (let looks = 0; looks < 20; looks++) {
    t.is((await review(service, userCode)).outcome, 'pending')
  }
  t.deepEqual(plain(await wrong(service)), plain(invalid(0)))
})

test('of a thousand parallel guesses by one person five are looked up', async (t) => {
  let lookUps = 0
  const service = createMemoryService(undefined, (stores) => ({
    ...stores,
    userCodes: counted(stores.userCodes, () => {
      lookUps += 1
    }),
  }))
  const replies = await Promise.all(Array.from({ length: 1_000 }, () => wrong(service)))
  t.is(lookUps, 5)
  t.is(replies.filter(({ outcome }) => outcome === 'attempts_in_progress').length, 995)
  t.deepEqual(plain(await wrong(service)), plain(TOO_MANY))
})

test('a person who opens right codes in parallel waits for a second, and causes no event', async (t) => {
  const service = createMemoryService(undefined, (stores) => ({
    ...stores,
    userCodes: afterTurns(stores.userCodes, 3),
  }))
  const devices = await Promise.all(Array.from({ length: 8 }, () => askFor(service)))
  await wrong(service)
  const replies = await Promise.all(devices.map(({ userCode }) => review(service, userCode)))
  t.deepEqual(
    replies.map(({ outcome }) => outcome),
    [...Array(4).fill('pending'), ...Array(4).fill('attempts_in_progress')],
  )
  t.like(replies[7], { retryAfterMs: SECOND })
  t.deepEqual(
    service.events.filter(({ type }) => type === 'too_many_wrong_user_codes'),
    [],
  )
  for (const { userCode } of devices) t.is((await review(service, userCode)).outcome, 'pending')
  t.deepEqual(plain(await wrong(service)), plain(invalid(3)))
})

test('past the ceiling, a right code in progress is no wrong one', async (t) => {
  const service = createMemoryService(createPolicy({ wrongCodesOfEveryone: 1 }), (stores) => ({
    ...stores,
    userCodes: afterTurns(stores.userCodes, 3),
  }))
  await wrong(service, 'guesser')
  const devices = await Promise.all([askFor(service), askFor(service)])
  const replies = await Promise.all(devices.map(({ userCode }) => review(service, userCode)))
  t.deepEqual(
    replies.map(({ outcome }) => outcome),
    ['pending', 'attempts_in_progress'],
  )
  t.deepEqual(plain(await wrong(service, 'guesser')), plain(TOO_MANY))
})

test('on a store where writes race, five are looked up as well', async (t) => {
  let lookUps = 0
  const service = createMemoryService(undefined, (stores) => ({
    ...stores,
    codeAttempts: new CompareAndSwapStore(new MemoryDriver(() => turns(1)), {
      pause: async () => {},
    }),
    userCodes: counted(stores.userCodes, () => {
      lookUps += 1
    }),
  }))
  const replies = await Promise.allSettled(Array.from({ length: 1_000 }, () => wrong(service)))
  const invalid = replies.filter(
    (reply) => reply.status === 'fulfilled' && reply.value.outcome === 'invalid',
  )
  t.is(invalid.length, 5)
  t.is(lookUps, 5)
})

test('SEC-1: past the ceiling of everyone, each person has one, and right codes work', async (t) => {
  const service = createMemoryService(createPolicy({ wrongCodesOfEveryone: 300 }))
  const { clock } = service
  const { userCode } = await askFor(service)
  t.like(await wrong(service, 'early'), { attemptsLeft: 4 })
  for (let i = 0; i < 299; i++) {
    t.is((await wrong(service, `guesser ${Math.floor(i / 5)}`)).outcome, 'invalid')
  }
  t.deepEqual(plain(await wrong(service, 'early')), plain(TOO_MANY), 'the first attempt was before')
  t.deepEqual(plain(await wrong(service, 'late')), plain(invalid(0)))
  t.deepEqual(plain(await wrong(service, 'late')), plain(TOO_MANY))
  for (let looks = 0; looks < 10; looks++) {
    t.is((await review(service, userCode, 'bob')).outcome, 'pending', 'costs no attempt')
  }
  t.is(
    (await service.answerUserCode({ userCode, decision: 'approve', person: 'bob' })).outcome,
    'approved',
  )
  clock.pass(10 * MINUTE)
  t.deepEqual(plain(await wrong(service, 'late')), plain(invalid(4)))
})

test('60 accounts that use all their attempts leave everyone else’s as they are', async (t) => {
  const service = createMemoryService()
  for (let account = 0; account < 60; account++) {
    for (let attempts = 0; attempts < 5; attempts++) await wrong(service, `guesser ${account}`)
  }
  t.deepEqual(plain(await wrong(service)), plain(invalid(4)))
})

test('a clock that was set back an hour locks no person out for longer', async (t) => {
  const service = createMemoryService()
  for (let attempts = 0; attempts < 5; attempts++) await wrong(service)
  t.deepEqual(plain(await wrong(service)), plain(TOO_MANY))
  service.clock.pass(-60 * MINUTE)
  t.deepEqual(plain(await wrong(service)), plain(invalid(4)))
})

test('right codes do not count towards the ceiling of everyone', async (t) => {
  const service = createMemoryService(createPolicy({ wrongCodesOfEveryone: 2 }))
  const { userCode } = await askFor(service)
  for (let looks = 0; looks < 10; looks++) await review(service, userCode)
  t.like(await wrong(service, 'bob'), { attemptsLeft: 4 })
})

test('CD-3: a code that another person has open is contested, says for how long, and costs nothing', async (t) => {
  const service = createMemoryService()
  const { clock, events } = service
  const { userCode, deviceCode } = await askFor(service)
  t.is((await review(service, userCode, 'ann')).outcome, 'pending')
  const contested = (retryAfterMs: number) => ({ outcome: 'contested', retryAfterMs }) as const
  for (const attemptsLeft of [4, 3, 2, 1]) {
    t.deepEqual(await review(service, userCode, 'bob'), contested(2 * MINUTE))
    t.like(events.at(-1), { type: 'user_code_contested', person: 'bob' })
    t.deepEqual(plain(await wrong(service, 'bob')), plain(invalid(attemptsLeft)))
  }
  for (const decision of ['approve', 'deny'] as const) {
    t.deepEqual(
      await service.answerUserCode({ userCode, decision, person: 'bob' }),
      contested(2 * MINUTE),
    )
  }
  t.is((await service.pollForToken({ deviceCode })).outcome, 'authorization_pending')
  clock.pass(2 * MINUTE - 1)
  t.is((await review(service, userCode, 'ann')).outcome, 'pending', 'which prolongs nothing')
  t.deepEqual(await review(service, userCode, 'eve'), contested(1))
  clock.pass(1)
  t.is((await review(service, userCode, 'eve')).outcome, 'pending')
  t.deepEqual(await review(service, userCode, 'ann'), contested(2 * MINUTE))
  clock.pass(SECOND)
  t.like(await service.answerUserCode({ userCode, decision: 'approve', person: 'eve' }), {
    outcome: 'approved',
    userCode,
  })
})

test('a contested code is refused to a person without attempts left, like every other code', async (t) => {
  const service = createMemoryService()
  const { userCode } = await askFor(service)
  await review(service, userCode, 'ann')
  for (let attempts = 0; attempts < 5; attempts++) await wrong(service, 'bob')
  t.deepEqual(plain(await review(service, userCode, 'bob')), plain(TOO_MANY))
})

test('a person who signs in with another account lets the code go first', async (t) => {
  const service = createMemoryService()
  const { userCode } = await askFor(service)
  await review(service, userCode, 'wrong account')
  t.is((await review(service, userCode, 'right account')).outcome, 'contested')
  await service.releaseUserCode({ userCode, person: 'right account' })
  t.is((await review(service, userCode, 'right account')).outcome, 'contested')
  await service.releaseUserCode({ userCode: userCode.toLowerCase(), person: 'wrong account' })
  t.is((await review(service, userCode, 'right account')).outcome, 'pending')
})

test('a release tells nothing about a code and costs no attempt', async (t) => {
  const service = createMemoryService()
  const { userCode } = await askFor(service)
  service.events.length = 0
  for (let i = 0; i < 10; i++) {
    for (const typed of [userCode, 'BBBB-BBBB', 'WDJB']) {
      t.is(await service.releaseUserCode({ userCode: typed, person: 'ann' }), undefined)
    }
  }
  t.deepEqual(service.events, [])
  t.deepEqual(plain(await wrong(service)), plain(invalid(4)))
})
