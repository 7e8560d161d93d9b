import { type ApiKey, keyIdOf, StoreUnavailableError, type Versioned } from '@device-grant/core'
import { eventually } from '@device-grant/test-support/eventually'
import { issued } from '@device-grant/test-support/issued'
import { startMongoCuttingProxy } from '@device-grant/test-support/mongo-cutting-proxy'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import test from 'ava'
import type { Db } from 'mongodb'
import { apiKeyCollection } from '#src/collections.js'
import { connect, ensureIndexes, MongoApiKeyStore, ping } from '#src/index.js'
import { MongoDriver } from '#src/mongo-driver.js'
import { lifeOfAKey, useCasesOn, WHOLE_LIFE, WRITES_OF_A_LIFE } from './life-of-a-key.ts'
import { connectPatiently, PATIENT_MS, patientStore, patientStores } from './patient.ts'
import { ownerOf, reservation } from './samples.ts'

const server = await ownMongoServer('lost answers, kills and restarts')
const it = server ? test.serial : test.serial.skip
const target = { host: '127.0.0.1', port: server?.port ?? 1 }
const direct = connectPatiently(server?.uri ?? 'mongodb://127.0.0.1:1')

test.after.always(async () => {
  await direct.client.close()
  await server?.stop()
})

it('a write whose answer is lost counts once', async (t) => {
  await ensureIndexes(direct, { timeoutMs: 2 * PATIENT_MS })
  for (let nth = 0; nth <= WRITES_OF_A_LIFE; nth++) {
    const proxy = await startMongoCuttingProxy(target, (write) => write === nth)
    const db = connectPatiently(`mongodb://127.0.0.1:${proxy.port}`)
    try {
      t.deepEqual(await lifeOfAKey(db, `cut ${nth}`), WHOLE_LIFE, `write ${nth}`)
      t.is(proxy.cuts, nth === 0 ? 0 : 1, `write ${nth}`)
      // A write that was found is written again unchanged, so that the majority confirms it.
      t.is(proxy.writes, WRITES_OF_A_LIFE + (nth === 0 ? 0 : 1), `write ${nth}`)
    } finally {
      await db.client.close()
      await proxy.close()
    }
  }
})

it('every write succeeds if only its first answer is lost', async (t) => {
  const proxy = await startMongoCuttingProxy(target, (write) => write % 2 === 1)
  const db = connectPatiently(`mongodb://127.0.0.1:${proxy.port}`)
  try {
    t.deepEqual(await lifeOfAKey(db, 'all cut'), WHOLE_LIFE)
    t.is(proxy.cuts, WRITES_OF_A_LIFE)
  } finally {
    await db.client.close()
    await proxy.close()
  }
})

it('a write that the server never confirms fails in time', async (t) => {
  const proxy = await startMongoCuttingProxy(target, () => true)
  const db = connectPatiently(`mongodb://127.0.0.1:${proxy.port}`)
  try {
    t.deepEqual(await lifeOfAKey(db, 'never confirmed'), {
      replies: ['key_not_created', 'authorization_pending'],
    })
    t.is(proxy.cuts, 2)
  } finally {
    await db.client.close()
    await proxy.close()
  }
})

it('a lost race is not taken for a lost answer', async (t) => {
  const proxy = await startMongoCuttingProxy(target, (write) => write % 2 === 1)
  const db = connectPatiently(`mongodb://127.0.0.1:${proxy.port}`)
  try {
    const stores = [patientStore(db), patientStore(direct)]
    for (let round = 0; round < 4; round++) {
      const replies = await Promise.all(
        stores.map((store, i) =>
          store.update(keyIdOf(`race ${round}`), (key) =>
            key ? { next: key, reply: ownerOf(key) } : { next: reservation(`${i}`), reply: `${i}` },
          ),
        ),
      )
      t.is(replies[0], replies[1], `round ${round}`)
    }
  } finally {
    await db.client.close()
    await proxy.close()
  }
})

it('a write that is repeated finds itself and succeeds', async (t) => {
  const driver = new MongoDriver(apiKeyCollection(direct, {}), PATIENT_MS)
  const id = keyIdOf('twice')
  const first: Versioned<ApiKey> = { version: 'first', state: reservation('ann') }
  const second: Versioned<ApiKey> = { version: 'second', state: reservation('ann') }
  t.deepEqual(await driver.swap(id, undefined, first), { written: true })
  t.deepEqual(await driver.swap(id, undefined, first), { written: true })
  t.deepEqual(await driver.swap(id, first, second), { written: true })
  t.deepEqual(await driver.swap(id, first, second), { written: true })
  t.deepEqual(await driver.swap(id, first, first), { written: false, found: second })
  t.deepEqual(await driver.swap(id, undefined, first), { written: false, found: second })
  t.deepEqual(await driver.swap(id, first, undefined), { written: false, found: second })
  t.deepEqual(await driver.swap(id, second, undefined), { written: true })
  t.deepEqual(await driver.swap(id, second, first), { written: false, found: undefined })
})

/** Waits until the server answers. */
const answering = (db: Db): Promise<void> =>
  eventually(
    'the server answers',
    async () => {
      await ping(db, 1_000)
      return true
    },
    2 * PATIENT_MS,
  )

/** Above the timeouts of `connect`, and below those of the MongoDB driver, in milliseconds. */
const BOUND_MS = 25_000

it('connections that go silent are all replaced by new ones', async (t) => {
  const proxy = await startMongoCuttingProxy(target, () => false)
  const db = connect(`mongodb://127.0.0.1:${proxy.port}`)
  try {
    await Promise.all(Array.from({ length: 30 }, () => answering(db)))
    proxy.silence()
    const began = performance.now()
    await answering(db)
    const tookMs = performance.now() - began
    t.log(`${Math.round(tookMs)} ms`)
    t.true(tookMs < BOUND_MS)
  } finally {
    await db.client.close()
    await proxy.close()
  }
})

it('calls fail in time while the server is down, and work again after its restart', async (t) => {
  if (!server) return t.fail()
  const patient = patientStore(direct)
  const [early, late] = [connect(server.uri), connect(server.uri)]
  const impatient = new MongoApiKeyStore(early)
  const id = keyIdOf('killed')
  let now = Date.now()
  let isDown = false
  let diesAfterLookUp = false
  const keys = (): MongoApiKeyStore => (isDown ? impatient : patient)
  const all = useCasesOn(
    {
      ...patientStores(direct),
      apiKeys: {
        update: (...args) => keys().update(...args),
        find: (query) => keys().find(query),
        read: async (keyId) => {
          const found = await keys().read(keyId)
          if (diesAfterLookUp) {
            await server.kill()
            isDown = true
          }
          return found
        },
      },
    },
    { now: () => now },
  )
  const { deviceCode, userCode } = issued(await all.authorizeDevice({ device: {} }))
  await all.reviewUserCode({ userCode, person: 'killed' })
  await all.answerUserCode({ userCode, person: 'killed', decision: 'approve' })
  const poll = await all.pollForToken({ deviceCode })
  if (poll.outcome !== 'granted') return t.fail(poll.outcome)
  await patient.update(id, () => ({ next: reservation('before'), reply: undefined }))
  await answering(early)
  diesAfterLookUp = true
  // The write of the use fails, and the key is valid nevertheless.
  t.is((await all.authenticateApiKey(poll.apiKey)).outcome, 'valid')
  diesAfterLookUp = false

  const timed = async (what: string, run: () => Promise<unknown>) => {
    const began = performance.now()
    const error = await t.throwsAsync(run(), { instanceOf: StoreUnavailableError }, what)
    const tookMs = performance.now() - began
    t.true(tookMs < BOUND_MS, `${what} took ${tookMs} ms`)
    t.notRegex(error?.message ?? '', /127\.0\.0\.1/)
    return `${what} ${Math.round(tookMs)} ms`
  }
  const write = (db: Db, owner: string, timeoutMs?: number) =>
    new MongoApiKeyStore(db, { timeoutMs }).update(id, (key) => ({
      next: { ...reservation(owner), name: ownerOf(key) ?? 'none' },
      reply: ownerOf(key),
    }))
  t.log(
    await Promise.all([
      timed('read', () => impatient.read(id)),
      timed('find', () => impatient.find({ owner: 'before', limit: 1 })),
      timed('write', () => write(early, 'during')),
      timed('first connection', () => write(late, 'during')),
      timed('ping', () => ping(early, 300)),
    ]),
  )
  t.is((await all.pollForToken({ deviceCode })).outcome, 'slow_down')

  await server.start()
  await Promise.all([early, late, direct].map(answering))
  isDown = false
  t.is(await write(early, 'after', PATIENT_MS), 'before')
  t.is(await write(late, 'last', PATIENT_MS), 'after')
  t.is((await patient.find({ owner: 'last', limit: 1 })).keys[0]?.id, id)
  now += 61_000
  t.is((await all.authenticateApiKey(poll.apiKey)).outcome, 'valid')
  const [listed] = (await all.listApiKeys({ owner: 'killed' })).keys
  t.is(listed?.lastUsedAt, now)
  await early.client.close()
  await late.client.close()
})
