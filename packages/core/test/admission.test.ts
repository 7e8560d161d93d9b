import {
  Admission,
  type AdmitPerson,
  type ApiKey,
  createAnswerUserCode,
  createAuthenticateApiKey,
  createAuthorizeDevice,
  createMemoryStores,
  createPolicy,
  createPollForToken,
  createReviewUserCode,
  type DeviceGrant,
  type DeviceGrantEvent,
  grantIdOf,
  keyIdOf,
  parseApiKey,
  type StateStore,
  StoreUnavailableError,
} from '@device-grant/core'
import { TestClock } from '@device-grant/test-support/clock'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import { KeyCheckCache } from '#src/use-cases/key-check-cache.js'
import { UnwrittenUses } from '#src/use-cases/unwritten-uses.js'
import { MINUTE, SECOND } from './memory-service.ts'

type Answer = () => Promise<boolean>

const YES: Answer = async () => true
const NO: Answer = async () => false
const THROWS: Answer = async () => {
  throw new Error('The directory is down')
}
const NEVER: Answer = () => new Promise(() => {})

/** An answer that a test gives later. */
const later = () => {
  let give: (isAdmitted: boolean) => void = () => {}
  const given = new Promise<boolean>((resolve) => {
    give = resolve
  })
  return { answer: () => given, give }
}

/** An admission whose directory, clock and timer a test moves. */
const anAdmission = (first: Answer = YES) => {
  const clock = new TestClock()
  const asked: string[] = []
  const timers = new Map<() => void, number>()
  let answer = first
  const admitPerson: AdmitPerson = (person) => {
    asked.push(person)
    return answer()
  }
  const admission = new Admission({
    admitPerson,
    now: clock.now,
    startTimer: (late, ms) => {
      timers.set(late, ms)
      // The time passes at once for an answer that never comes.
      if (answer === NEVER) late()
      return () => timers.delete(late)
    },
  })
  return {
    admission,
    clock,
    asked,
    timers,
    answers: (next: Answer) => {
      answer = next
    },
    /** Ends the wait of every question. */
    passTimers: () => {
      for (const late of timers.keys()) late()
    },
  }
}

const UNKNOWN = { instanceOf: StoreUnavailableError }

test('without admitPerson every person is admitted', async (t) => {
  const admission = new Admission({ now: () => 0 })
  t.true(await admission.isAdmitted('ann'))
  t.is(await admission.isStillAdmitted('ann'), 'yes')
})

test('every question is asked, and its timer is stopped', async (t) => {
  const { admission, asked, answers, timers } = anAdmission()
  t.true(await admission.isAdmitted('ann'))
  t.is(await admission.isStillAdmitted('ann'), 'yes')
  answers(NO)
  t.false(await admission.isAdmitted('ann'))
  t.is(await admission.isStillAdmitted('bob'), 'no')
  answers(THROWS)
  await t.throwsAsync(admission.isAdmitted('ann'), UNKNOWN)
  t.deepEqual(asked, ['ann', 'ann', 'ann', 'bob', 'ann'])
  t.is(timers.size, 0)
})

test('an answer may take 2 s', async (t) => {
  const { admission, timers, passTimers, answers } = anAdmission(later().answer)
  const question = admission.isAdmitted('ann')
  t.deepEqual([...timers.values()], [2_000])
  passTimers()
  const error = await t.throwsAsync(question, UNKNOWN)
  t.like(error?.cause, { message: 'admitPerson took longer than 2000 ms' })
  answers(YES)
  t.true(await admission.isAdmitted('ann'))
})

for (const [name, answer] of Object.entries<Answer>({
  'a function that throws at once': () => {
    throw new Error('The directory is down')
  },
  'an answer that is no boolean': async () => 'yes' as unknown as boolean,
  'an answer that is nothing': async () => undefined as unknown as boolean,
})) {
  test(`${name} admits no person`, async (t) => {
    const { admission, timers } = anAdmission(answer)
    await t.throwsAsync(admission.isAdmitted('ann'), UNKNOWN)
    await t.throwsAsync(admission.isStillAdmitted('ann'), UNKNOWN)
    t.is(timers.size, 0)
  })
}

test('only a yes of the last minute counts while nothing answers', async (t) => {
  const { admission, clock, answers, asked } = anAdmission()
  await admission.isAdmitted('ann')
  answers(THROWS)
  clock.pass(MINUTE - 1)
  t.is(await admission.isStillAdmitted('ann'), 'earlier_yes')
  await t.throwsAsync(admission.isAdmitted('ann'), UNKNOWN, 'not when they approve')
  await t.throwsAsync(admission.isStillAdmitted('bob'), UNKNOWN, 'of this person only')
  clock.pass(1)
  await t.throwsAsync(admission.isStillAdmitted('ann'), UNKNOWN)
  t.is(asked.length, 5, 'an earlier yes saves no question')
})

test('the age of a yes is counted from its question', async (t) => {
  const { admission, clock, answers } = anAdmission()
  const slow = later()
  answers(slow.answer)
  const question = admission.isAdmitted('ann')
  clock.pass(1_500)
  slow.give(true)
  t.true(await question)
  answers(THROWS)
  clock.pass(MINUTE - 1_501)
  t.is(await admission.isStillAdmitted('ann'), 'earlier_yes')
  clock.pass(1)
  await t.throwsAsync(admission.isStillAdmitted('ann'), UNKNOWN)
})

test('a no is never remembered, and ends an earlier yes', async (t) => {
  const { admission, answers } = anAdmission()
  await admission.isAdmitted('ann')
  answers(NO)
  t.is(await admission.isStillAdmitted('ann'), 'no')
  answers(THROWS)
  await t.throwsAsync(admission.isStillAdmitted('ann'), UNKNOWN)
  answers(YES)
  t.is(await admission.isStillAdmitted('ann'), 'yes')
})

test('a slow yes that arrives after a no is not remembered', async (t) => {
  const { admission, answers } = anAdmission()
  const slow = later()
  answers(slow.answer)
  const question = admission.isAdmitted('ann')
  const ofBob = admission.isAdmitted('bob')
  answers(NO)
  t.false(await admission.isAdmitted('ann'))
  slow.give(true)
  await Promise.all([question, ofBob])
  answers(THROWS)
  await t.throwsAsync(admission.isStillAdmitted('ann'), UNKNOWN)
  t.is(await admission.isStillAdmitted('bob'), 'earlier_yes')
})

test('a slow yes does not replace a newer one', async (t) => {
  const { admission, clock, answers } = anAdmission()
  const slow = later()
  answers(slow.answer)
  const question = admission.isAdmitted('ann')
  clock.pass(SECOND)
  answers(YES)
  await admission.isAdmitted('ann')
  slow.give(true)
  await question
  answers(THROWS)
  clock.pass(MINUTE - 1)
  t.is(await admission.isStillAdmitted('ann'), 'earlier_yes')
})

test('the yes of 10 000 people is remembered', async (t) => {
  const { admission, answers } = anAdmission()
  for (let i = 0; i <= 10_000; i += 1) await admission.isAdmitted(`person-${i}`)
  answers(THROWS)
  await t.throwsAsync(admission.isStillAdmitted('person-0'), UNKNOWN)
  t.is(await admission.isStillAdmitted('person-1'), 'earlier_yes')
  t.is(await admission.isStillAdmitted('person-10000'), 'earlier_yes')
})

test('the use cases of one function admit every person without an admission', async (t) => {
  const clock = new TestClock()
  const all = { ...createMemoryStores({ clock }), policy, clock, events: { emit: () => {} } }
  const { deviceCode, userCode } = issued(await createAuthorizeDevice(all)({ device: {} }))
  const answer = { userCode, person: 'ann', decision: 'approve' } as const
  t.like(await createAnswerUserCode(all)(answer), { outcome: 'approved' })
  t.like(await createPollForToken(all)({ deviceCode }), { outcome: 'granted' })
})

const policy = createPolicy()

/** The use cases that ask, and one pending code. */
const aService = async (first: Answer = YES) => {
  const asking = anAdmission(first)
  const { admission, clock } = asking
  const stores = createMemoryStores({ clock })
  const emitted: DeviceGrantEvent[] = []
  const events = { emit: (event: DeviceGrantEvent) => void emitted.push(event) }
  const keyChecks = new KeyCheckCache<never>({ maxAgeMs: policy.keyCheckMaxAgeMs, now: clock.now })
  const unwrittenUses = new UnwrittenUses()
  const all = { ...stores, policy, clock, events, admission, keyChecks, unwrittenUses }
  const answerUserCode = createAnswerUserCode(all)
  const reviewUserCode = createReviewUserCode(all)
  const pollForToken = createPollForToken(all)
  const authenticateApiKey = createAuthenticateApiKey(all)
  const { deviceCode, userCode } = issued(await createAuthorizeDevice(all)({ device: {} }))
  const [grantId, keyId] = [grantIdOf(deviceCode), keyIdOf(grantIdOf(deviceCode))]
  const answer = (decision: 'approve' | 'deny', typed = userCode) =>
    answerUserCode({ userCode: typed, person: 'ann', decision })
  const poll = () => pollForToken({ deviceCode })
  return {
    ...asking,
    approve: (typed?: string) => answer('approve', typed),
    deny: () => answer('deny'),
    review: (typed = userCode) => reviewUserCode({ userCode: typed, person: 'ann' }),
    poll,
    check: authenticateApiKey,
    grant: () => read(stores.grants, grantId),
    key: (): Promise<ApiKey | undefined> => stores.apiKeys.read(keyId),
    refusals: () => emitted.filter(({ type }) => type === 'person_not_admitted'),
    emitted,
    /** Approves and picks up. */
    logIn: async (): Promise<string> => {
      await answer('approve')
      const reply = await poll()
      if (reply.outcome !== 'granted') throw new Error(`not granted but ${reply.outcome}`)
      return reply.apiKey
    },
  }
}

const read = (grants: StateStore<DeviceGrant>, id: string): Promise<DeviceGrant | undefined> =>
  grants.update(id, (current) => ({ next: current, reply: current }))

test('a person who is not admitted approves nothing, whatever they type', async (t) => {
  const { approve, grant, key, refusals, answers, clock } = await aService(NO)
  const before = await grant()
  for (const typed of [undefined, 'BBBB-BBBB', 'no code']) {
    t.deepEqual(await approve(typed), { outcome: 'not_admitted' })
  }
  for (let i = 0; i < 20; i += 1) await approve('BBBB-BBBB')
  t.deepEqual(await grant(), before)
  t.is(await key(), undefined, 'no key is reserved')
  t.deepEqual(refusals()[0], {
    type: 'person_not_admitted',
    at: clock.now(),
    person: 'ann',
    browser: undefined,
    during: 'approval',
  })
  answers(YES)
  t.like(await approve(), { outcome: 'approved' }, 'no attempt was counted')
})

test('a person who is not admitted sees no request, unless that is unknown', async (t) => {
  const { review, refusals, answers, clock } = await aService(NO)
  for (const typed of [undefined, ...Array<string>(6).fill('BBBB-BBBB'), 'no code']) {
    t.deepEqual(await review(typed), { outcome: 'not_admitted' })
  }
  t.deepEqual(refusals()[0], {
    type: 'person_not_admitted',
    at: clock.now(),
    person: 'ann',
    browser: undefined,
    during: 'review',
  })
  for (const answer of [THROWS, NEVER, YES]) {
    answers(answer)
    t.like(await review(), { outcome: 'pending' })
  }
})

for (const [name, answer] of Object.entries({ 'an error': THROWS, 'no answer': NEVER })) {
  test(`${name} approves nothing, and approving again is safe`, async (t) => {
    const { approve, grant, key, answers, refusals } = await aService(answer)
    const before = await grant()
    const reply = await approve()
    if (reply.outcome !== 'key_not_created') return t.fail(reply.outcome)
    t.true(reply.error instanceof StoreUnavailableError)
    t.deepEqual(await grant(), before)
    t.is(await key(), undefined)
    t.deepEqual(refusals(), [])
    answers(YES)
    t.like(await approve(), { outcome: 'approved' })
  })
}

test('denying needs no admission', async (t) => {
  for (const answer of [NO, THROWS, NEVER]) {
    const { deny, poll, asked } = await aService(answer)
    t.like(await deny(), { outcome: 'denied' })
    t.like(await poll(), { outcome: 'access_denied' })
    t.deepEqual(asked, [])
  }
})

test('a person who is no longer admitted at pick-up gets no key', async (t) => {
  const { approve, poll, key, refusals, answers } = await aService()
  await approve()
  answers(NO)
  const reserved = await key()
  t.deepEqual(await poll(), { outcome: 'access_denied' })
  t.deepEqual(await key(), reserved)
  t.like(refusals(), [{ person: 'ann', during: 'pick_up' }])
})

for (const [name, answer] of Object.entries({ 'an error': THROWS, 'no answer': NEVER })) {
  test(`${name} at pick-up leaves the code as it was, and a later yes gives the key`, async (t) => {
    const { approve, poll, grant, key, answers, refusals } = await aService()
    await approve()
    const before = [await grant(), await key()]
    answers(answer)
    for (let i = 0; i < 3; i += 1) {
      const reply = await poll()
      if (reply.outcome !== 'slow_down') return t.fail(reply.outcome)
      t.true(reply.error instanceof StoreUnavailableError)
      t.is(reply.interval, undefined)
    }
    t.deepEqual([await grant(), await key()], before)
    t.deepEqual(refusals(), [])
    answers(YES)
    t.like(await poll(), { outcome: 'granted' })
  })
}

test('a key that was not used yet is issued again only to an admitted person', async (t) => {
  const { logIn, poll, answers, clock } = await aService()
  const apiKey = await logIn()
  clock.pass(3 * SECOND)
  answers(NO)
  t.deepEqual(await poll(), { outcome: 'access_denied' })
  answers(YES)
  const reply = await poll()
  t.is(reply.outcome === 'granted' ? reply.apiKey : reply.outcome, apiKey)
})

test('a no at a key check is no use and activates nothing', async (t) => {
  const { logIn, check, key, answers, emitted, refusals, clock } = await aService()
  const apiKey = await logIn()
  const before = await key()
  t.is(before?.status, 'claimed')
  answers(NO)
  for (let i = 0; i < 3; i += 1) t.deepEqual(await check(apiKey), { outcome: 'not_admitted' })
  t.deepEqual(await key(), before)
  t.false(emitted.some(({ type }) => type === 'key_used_first'))
  t.deepEqual(refusals()[0], {
    type: 'person_not_admitted',
    at: clock.now(),
    person: 'ann',
    during: 'key_check',
    keyId: parseApiKey(apiKey) ?? '',
    clientId: undefined,
    deviceName: undefined,
    device: {},
  })
  answers(YES)
  t.like(await check(apiKey), { outcome: 'valid', owner: 'ann' }, 'a no is not remembered')
  t.is((await key())?.status, 'active')
})

test('a key check with an error uses nothing', async (t) => {
  const { logIn, check, key, answers, clock } = await aService()
  const apiKey = await logIn()
  clock.pass(MINUTE)
  const before = await key()
  answers(THROWS)
  await t.throwsAsync(check(apiKey), UNKNOWN)
  t.deepEqual(await key(), before)
})

test('a key check during an outage counts on a yes of the last minute, and is not kept', async (t) => {
  const { logIn, check, answers, clock, asked } = await aService()
  const apiKey = await logIn()
  t.like(await check(apiKey), { outcome: 'valid' })
  answers(THROWS)
  clock.pass(MINUTE - 1)
  const before = asked.length
  t.like(await check(apiKey), { outcome: 'valid' })
  t.like(await check(apiKey), { outcome: 'valid' })
  t.is(asked.length, before + 2)
  clock.pass(1)
  await t.throwsAsync(check(apiKey), UNKNOWN)
  await t.throwsAsync(check(apiKey), UNKNOWN)
})

test('a key that opens nothing is no question', async (t) => {
  const { logIn, check, asked, clock } = await aService()
  const apiKey = await logIn()
  const before = asked.length
  const last = apiKey.endsWith('0') ? '1' : '0'
  t.deepEqual(await check(apiKey.slice(0, -1) + last), { outcome: 'malformed' })
  clock.pass(24 * 60 * MINUTE)
  t.deepEqual(await check(apiKey), { outcome: 'expired' })
  t.is(asked.length, before)
})

test('a valid check that is kept asks no second time within a second', async (t) => {
  const { logIn, check, answers, asked, clock } = await aService()
  const apiKey = await logIn()
  await check(apiKey)
  const before = asked.length
  answers(NO)
  clock.pass(SECOND - 1)
  t.like(await check(apiKey), { outcome: 'valid' })
  t.is(asked.length, before)
  clock.pass(1)
  t.deepEqual(await check(apiKey), { outcome: 'not_admitted' })
})
