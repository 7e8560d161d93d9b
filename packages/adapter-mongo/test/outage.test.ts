import {
  type ApiKey,
  keyIdOf,
  type ReservedKey,
  StoreUnavailableError,
  type Versioned,
} from '@device-grant/core'
import { cuttingProxy } from '@device-grant/test-support/mongo-cutting-proxy'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import test from 'ava'
import type { Db } from 'mongodb'
import { apiKeyCollection } from '#src/api-key-collection.js'
import { connect, ensureIndexes, MongoApiKeyStore, ping } from '#src/index.js'
import { MongoDriver } from '#src/mongo-driver.js'
import { lifeOfAKey, useCasesOn, WHOLE_LIFE, WRITES_OF_A_LIFE } from './life-of-a-key.ts'

const server = await ownMongoServer('lost answers, kills and restarts')
const it = server ? test.serial : test.serial.skip
const target = { host: '127.0.0.1', port: server?.port ?? 1 }
const direct = connect(server?.uri ?? 'mongodb://127.0.0.1:1')

test.after.always(async () => {
  await direct.client.close()
  await server?.stop()
})

it('a write whose answer is lost counts once', async (t) => {
  await ensureIndexes(direct)
  for (let nth = 0; nth <= WRITES_OF_A_LIFE; nth++) {
    const proxy = await cuttingProxy(target, (write) => write === nth)
    const db = connect(`mongodb://127.0.0.1:${proxy.port}`)
    try {
      t.deepEqual(await lifeOfAKey(db, `cut ${nth}`), WHOLE_LIFE, `write ${nth}`)
      t.is(proxy.cuts, nth === 0 ? 0 : 1, `write ${nth}`)
      // The one that is found is written once more as it is, for the majority to confirm it.
      t.is(proxy.writes, WRITES_OF_A_LIFE + (nth === 0 ? 0 : 1), `write ${nth}`)
    } finally {
      await db.client.close()
      await proxy.close()
    }
  }
})

it('the first answer to every write is lost, and nobody notices', async (t) => {
  const proxy = await cuttingProxy(target, (write) => write % 2 === 1)
  const db = connect(`mongodb://127.0.0.1:${proxy.port}`)
  try {
    t.deepEqual(await lifeOfAKey(db, 'all cut'), WHOLE_LIFE)
    t.is(proxy.cuts, WRITES_OF_A_LIFE)
  } finally {
    await db.client.close()
    await proxy.close()
  }
})

it('what the server never confirms is not called done, and hangs nobody', async (t) => {
  const proxy = await cuttingProxy(target, () => true)
  const db = connect(`mongodb://127.0.0.1:${proxy.port}`)
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

const reservation = (owner: string): ReservedKey => ({
  status: 'reserved',
  name: 'Device Link Access Key (WDJB-MJHT)',
  owner,
  request: { device: {} },
  approvedAt: 1,
  salt: 'salt',
  prefix: 'dg_',
  expiresAt: Date.now() + 600_000,
  keepUntil: Date.now() + 600_000,
})

it('a lost race is told from a lost answer while answers are lost', async (t) => {
  const proxy = await cuttingProxy(target, (write) => write % 2 === 1)
  const db = connect(`mongodb://127.0.0.1:${proxy.port}`)
  try {
    const stores = [new MongoApiKeyStore(db), new MongoApiKeyStore(direct)]
    for (let round = 0; round < 4; round++) {
      const replies = await Promise.all(
        stores.map((store, i) =>
          store.update(keyIdOf(`race ${round}`), (key) =>
            key ? { next: key, reply: key.owner } : { next: reservation(`${i}`), reply: `${i}` },
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

it('a driver that writes the same thing twice meets itself, and that is success', async (t) => {
  const cells = new MongoDriver(apiKeyCollection(direct, {}), 2_500)
  const id = keyIdOf('twice')
  const first: Versioned<ApiKey> = { version: 'first', state: reservation('ann') }
  const second: Versioned<ApiKey> = { version: 'second', state: reservation('ann') }
  t.deepEqual(await cells.swap(id, undefined, first), { written: true })
  t.deepEqual(await cells.swap(id, undefined, first), { written: true })
  t.deepEqual(await cells.swap(id, 'first', second), { written: true })
  t.deepEqual(await cells.swap(id, 'first', second), { written: true })
  t.deepEqual(await cells.swap(id, 'first', first), { written: false, found: second })
  t.deepEqual(await cells.swap(id, undefined, first), { written: false, found: second })
  t.deepEqual(await cells.swap(id, 'first', undefined), { written: false, found: second })
  t.deepEqual(await cells.swap(id, 'second', undefined), { written: true })
  t.deepEqual(await cells.swap(id, 'second', first), { written: false, found: undefined })
})

/** Tries until the server is there again: the condition that is waited for, within a bound. */
const back = async (db: Db): Promise<void> => {
  const end = performance.now() + 20_000
  for (;;) {
    try {
      return await ping(db, 1_000)
    } catch (fault) {
      if (performance.now() > end) throw fault
    }
  }
}

it('connections that fall silent are all given up for new ones, soon', async (t) => {
  const proxy = await cuttingProxy(target, () => false)
  const db = connect(`mongodb://127.0.0.1:${proxy.port}`)
  try {
    await Promise.all(Array.from({ length: 30 }, () => ping(db, 2_500)))
    proxy.silence()
    const began = performance.now()
    await back(db)
    const tookMs = performance.now() - began
    t.log(`${Math.round(tookMs)} ms`)
    // A heartbeat, the bound of its answer, and a busy machine.
    t.true(tookMs < 3_000 + 2_000 + 3_500)
  } finally {
    await db.client.close()
    await proxy.close()
  }
})

it('a killed server is reported in time, and used again when it is back', async (t) => {
  if (!server) return t.fail()
  const early = connect(server.uri)
  const late = connect(server.uri)
  const store = new MongoApiKeyStore(early)
  const id = keyIdOf('killed')
  let now = Date.now()
  // The look-up is answered, and the server dies before the use is written: the key is good.
  let dies = false
  const all = useCasesOn(
    {
      update: (...args) => store.update(...args),
      findByOwner: (owner) => store.findByOwner(owner),
      findBySecretHash: async (hash) => {
        const found = await store.findBySecretHash(hash)
        if (dies) await server.kill()
        return found
      },
    },
    { now: () => now },
  )
  const { deviceCode, userCode } = await all.authorizeDevice({ device: {} })
  await all.reviewUserCode({ userCode, person: 'killed' })
  await all.answerUserCode({ userCode, person: 'killed', decision: 'approve' })
  const poll = await all.pollForToken({ deviceCode })
  if (poll.outcome !== 'granted') return t.fail(poll.outcome)
  await store.update(id, () => ({ next: reservation('before'), reply: undefined }))
  dies = true
  t.is((await all.authenticateApiKey(poll.apiKey)).outcome, 'valid')
  dies = false

  const timed = async (what: string, run: () => Promise<unknown>, boundMs: number) => {
    const began = performance.now()
    const fault = await t.throwsAsync(run(), { instanceOf: StoreUnavailableError }, what)
    const took = performance.now() - began
    t.true(took < boundMs, `${what} took ${took}`)
    t.notRegex(fault?.message ?? '', /127\.0\.0\.1/)
    return `${what} ${Math.round(took)} ms`
  }
  const write = (db: Db, owner: string) =>
    new MongoApiKeyStore(db).update(id, (key) => ({
      next: { ...reservation(owner), name: key?.owner ?? 'none' },
      reply: key?.owner,
    }))
  t.log(
    await Promise.all([
      timed('read', () => store.findByOwner('before'), 3_000),
      timed('write', () => write(early, 'during'), 6_000),
      timed('first connection', () => write(late, 'during'), 6_000),
      timed('ping', () => ping(early, 300), 1_000),
    ]),
  )
  t.is((await all.pollForToken({ deviceCode })).outcome, 'slow_down')

  await server.start()
  await Promise.all([back(early), back(late)])
  t.is(await write(early, 'after'), 'before')
  t.is(await write(late, 'last'), 'after')
  t.is((await store.findByOwner('last'))[0]?.id, id)
  now += 61_000
  t.is((await all.authenticateApiKey(poll.apiKey)).outcome, 'valid')
  const [listed] = await all.listApiKeys('killed')
  t.is(listed?.lastUsedAt, now)
  await early.client.close()
  await late.client.close()
})
