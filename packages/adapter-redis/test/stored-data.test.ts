import { createRedisStores, disconnect } from '@device-grant/adapter-redis'
import {
  assertionIdOf,
  createMemoryStores,
  createUseCases,
  grantIdOf,
  StoreDataError,
  useAssertion,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test, { type ExecutionContext } from 'ava'
import { formatVersioned, parseVersioned } from '#src/versioned-text.js'
import { connectPatiently, PATIENT_MS } from './patient.ts'

const it = hasRedis ? test : test.skip

type Members = Readonly<Record<string, unknown>>

/** A pending login, and a second process that has nothing in its caches. */
const start = async (t: ExecutionContext) => {
  const server = await startRedisServer()
  const redis = connectPatiently(server.url)
  t.teardown(async () => {
    await disconnect(redis)
    await server.stop()
  })
  const clock = { now: Date.now }
  const { apiKeys, cutOffs } = createMemoryStores({ clock })
  const newStores = () => createRedisStores(redis, { timeoutMs: PATIENT_MS })
  const newProcess = () => {
    return createUseCases({ ...newStores(), apiKeys, cutOffs, clock })
  }
  const { deviceCode, userCode } = issued(await newProcess().authorizeDevice({ device: {} }))
  const readState = async (key: string): Promise<Members> => {
    const found = parseVersioned((await redis.get(key)) ?? '')
    if (!found) throw new Error(`${key} is no state`)
    return found.state as Members
  }
  const changeState = async (key: string, change: (state: Members) => object): Promise<string> => {
    const text = formatVersioned({ version: 'byhand', state: change(await readState(key)) })
    await redis.set(key, text)
    return text
  }
  return { redis, newProcess, newStores, deviceCode, userCode, readState, changeState }
}

const without =
  (name: string) =>
  (state: Members): object =>
    Object.fromEntries(Object.entries(state).filter(([member]) => member !== name))

const withMembers = (members: Members) => (state: Members) => ({ ...state, ...members })

const TERMS = { name: 'n', prefix: 'dg_', lifetimeMs: 1_000, approvedAt: 1_000 }

/** Grants that this version does not understand. */
const GRANTS: Readonly<Record<string, (state: Members) => object>> = {
  'an unknown status': withMembers({ status: 'consented' }),
  'no status': without('status'),
  'no keepUntil': without('keepUntil'),
  'a text as keepUntil': withMembers({ keepUntil: '2030-01-01T00:00:00Z' }),
  'a text as interval': withMembers({ intervalMs: '5000' }),
  'a text as time of the next poll': withMembers({ nextPollAt: 'soon' }),
  'no user code': without('userCode'),
  'no request': without('request'),
  'a text as request': withMembers({ request: 'cli' }),
  'a number as client id': withMembers({ request: { clientId: 5, device: {} } }),
  'no device': withMembers({ request: {} }),
  'an approval without a person': withMembers({ status: 'approved', terms: TERMS }),
  'an approval without terms': withMembers({ status: 'approved', person: 'ann' }),
  'an approval with a text as lifetime': withMembers({
    status: 'approved',
    person: 'ann',
    terms: { ...TERMS, lifetimeMs: 'long' },
  }),
  'a denial by a number': withMembers({ status: 'denied', person: 7 }),
}

it('a poll on a grant that is no state is answered slow_down, and the error names the key', async (t) => {
  const { redis, newProcess, deviceCode, readState, changeState } = await start(t)
  const key = `dg:g:${grantIdOf(deviceCode)}`
  const valid = await readState(key)
  for (const [what, change] of Object.entries(GRANTS)) {
    const text = await changeState(key, () => change(valid))
    const useCases = newProcess()
    for (let polls = 0; polls < 2; polls++) {
      const reply = await useCases.pollForToken({ deviceCode })
      if (reply.outcome !== 'slow_down') return t.fail(`${what}: ${reply.outcome}`)
      t.true(reply.error instanceof StoreDataError, what)
      t.is(reply.error?.message, `The Redis key ${key} holds no state of this version`)
    }
    t.is(await redis.get(key), text, what)
  }
  await changeState(key, () => valid)
  t.is((await newProcess().pollForToken({ deviceCode })).outcome, 'authorization_pending')
})

it('a grant that stops being a state is noticed by the process that has it in its cache', async (t) => {
  const { newProcess, deviceCode, changeState } = await start(t)
  const useCases = newProcess()
  t.is((await useCases.pollForToken({ deviceCode })).outcome, 'authorization_pending')
  await changeState(`dg:g:${grantIdOf(deviceCode)}`, withMembers({ status: 'consented' }))
  t.like(await useCases.pollForToken({ deviceCode }), { outcome: 'slow_down', interval: undefined })
})

it('a user code whose claim is no state gives an error without the code', async (t) => {
  const { newProcess, userCode, readState, changeState } = await start(t)
  const id = userCode.replace('-', '')
  const valid = await readState(`dg:u:${id}`)
  for (const change of [
    without('grantId'),
    without('keepUntil'),
    withMembers({ grantId: 5 }),
    withMembers({ keepUntil: null }),
    withMembers({ openedBy: ['ann'] }),
    withMembers({ openedBy: 'ann', openedUntil: 'later' }),
  ]) {
    await changeState(`dg:u:${id}`, () => change(valid))
    const review = newProcess().reviewUserCode({ userCode, person: 'ann' })
    const error = await t.throwsAsync(review, { instanceOf: StoreDataError })
    t.is(error?.message, 'The Redis key dg:u:… holds no state of this version')
    t.false(`${error?.stack}${error?.cause}`.includes(id))
  }
  await changeState(`dg:u:${id}`, () => valid)
  // None of the errors cost an attempt.
  t.is((await newProcess().reviewUserCode({ userCode, person: 'ann' })).outcome, 'pending')
})

it('code attempts that are no state give an error that names the key', async (t) => {
  const { redis, newProcess, userCode } = await start(t)
  await newProcess().reviewUserCode({ userCode: 'BBBB-BBBB', person: 'ann' })
  const [key = ''] = (await redis.keys('dg:w:*')).filter((each) => each !== 'dg:w:everyone')
  const keepUntil = Date.now() + 60_000
  for (const state of [
    {},
    { keepUntil },
    { attempts: [] },
    { keepUntil, attempts: 5 },
    { keepUntil, attempts: [keepUntil] },
    { keepUntil, attempts: [{ id: 'a', at: 'now' }] },
    { keepUntil: 'later', attempts: [{ id: 'a', at: keepUntil }] },
  ]) {
    await redis.set(key, formatVersioned({ version: 'byhand', state }))
    const review = newProcess().reviewUserCode({ userCode, person: 'ann' })
    const error = await t.throwsAsync(review, { instanceOf: StoreDataError })
    t.is(error?.message, `The Redis key ${key} holds no state of this version`)
  }
})

it('a second process refuses a used assertion, and an assertion that is no state gives an error', async (t) => {
  const { redis, newStores } = await start(t)
  const now = Date.now()
  const id = assertionIdOf('acme-cli', 'j1')
  const use = () =>
    newStores().usedAssertions.update(id, useAssertion({ expiresAt: now + 60_000, now }))
  t.is(await use(), 'first_use')
  t.is(await use(), 'used_before')
  const left = await redis.pttl(`dg:a:${id}`)
  t.true(left > 0, String(left))
  for (const state of [{}, { keepUntil: 'later' }]) {
    await redis.set(`dg:a:${id}`, formatVersioned({ version: 'byhand', state }))
    const error = await t.throwsAsync(use(), { instanceOf: StoreDataError })
    t.is(error?.message, `The Redis key dg:a:${id} holds no state of this version`)
  }
})

it('members of a newer version stay in a grant through a poll and a decision', async (t) => {
  const { newProcess, deviceCode, userCode, readState, changeState } = await start(t)
  const key = `dg:g:${grantIdOf(deviceCode)}`
  const newer = { uses: 5, notes: { text: 'n', list: [1, 'b'] } }
  await changeState(key, withMembers(newer))
  const useCases = newProcess()
  t.is((await useCases.pollForToken({ deviceCode })).outcome, 'authorization_pending')
  t.like(await readState(key), { ...newer, status: 'pending' })
  await useCases.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
  t.like(await readState(key), { ...newer, status: 'approved' })
})
