import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  connect as connectMongo,
  createMongoCutOffStore,
  ensureIndexes,
  MongoApiKeyStore,
} from '@device-grant/adapter-mongo'
import {
  connect as connectRedis,
  createRedisStores,
  disconnect,
  type RedisClient,
} from '@device-grant/adapter-redis'
import { createPolicy, createUseCases, secretHashOf } from '@device-grant/core'
import { eventually } from '@device-grant/test-support/eventually'
import { issued } from '@device-grant/test-support/issued'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { hasRedis } from '@device-grant/test-support/needs-redis'
import { startRedisServer } from '@device-grant/test-support/redis-server'
import test from 'ava'
import { authorize, inTurn, pollUntilDone } from './device.ts'
import { keyIdAt } from './key-use.ts'
import { approve, decide } from './person.ts'
import { startServerProcesses } from './server-process.ts'
import { Tally } from './tally.ts'

const mongo = hasRedis ? await ownMongoServer('what lies in the stores') : undefined
const it = mongo ? test : test.skip

const LOGINS = 50
const BOUND_MS = 200_000
/** MongoDB removes expired documents once a minute. */
const SWEPT_WITHIN_MS = 150_000
const OUTLIVES_GRANT_MS = 5 * 60_000

test.after.always(() => mongo?.stop())

/** Every key of Redis with its value, and the files in its folder. */
const dumpRedis = async (redis: RedisClient): Promise<string> => {
  const keys = await redis.keys('*')
  const values = await Promise.all(keys.map((key) => redis.get(key)))
  const [, dir] = (await redis.config('GET', 'dir')) as string[]
  if (dir === undefined) throw new Error('Redis keeps no files')
  const files = (await readdir(dir, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  )
  const contents = await Promise.all(
    files.map((file) => readFile(join(file.parentPath, file.name), 'latin1')),
  )
  return [...keys, ...values, ...contents].join('\n')
}

/** Every document of every collection. */
const dumpMongo = async (uri: string): Promise<string> => {
  const { client } = connectMongo(uri)
  try {
    const { databases } = await client.db().admin().listDatabases()
    const documents = await Promise.all(
      databases.map(async ({ name }) => {
        const collections = await client.db(name).collections()
        return Promise.all(collections.map((collection) => collection.find().toArray()))
      }),
    )
    return JSON.stringify(documents)
  } finally {
    await client.close()
  }
}

/** A secret, and the encodings in which it may have been stored. */
const shapesOf = (secret: string): readonly string[] => {
  // A key has its id before its secret, and a checksum after it.
  const [, body = secret] = /_(.{43}).{6}$/.exec(secret) ?? []
  const bytes = Buffer.from(secret, 'base64url')
  return [
    ...new Set([
      secret,
      body,
      bytes.toString('hex'),
      bytes.toString('base64').replace(/=+$/, ''),
      Buffer.from(secret).toString('hex'),
      Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    ]),
  ]
}

it('dumps of both stores and the logs hold no device code and no API key', async (t) => {
  t.timeout(BOUND_MS)
  if (!mongo) return t.fail()
  const redisServer = await startRedisServer({ settings: ['appendonly yes'] })
  const redis = connectRedis(redisServer.url)
  const processes = await startServerProcesses(2, {
    redisUrl: redisServer.url,
    mongodbUri: mongo.uri,
  })
  t.teardown(async () => {
    await Promise.all(processes.map((server) => server.stop()))
    await disconnect(redis)
    await redisServer.stop()
  })
  const servers = inTurn(processes.map(({ url }) => url))
  const tally = new Tally()
  const secrets: string[] = []
  const hashes: string[] = []
  const logIn = async (i: number): Promise<void> => {
    const codes = await authorize(servers, tally)
    secrets.push(codes.deviceCode)
    hashes.push(codes.grantId)
    t.is((await approve(servers, tally, `person ${i}`, codes.userCode)).outcome, 'approved')
    const until = Date.now() + 60_000
    const login = await pollUntilDone(servers, tally, codes, { until })
    if (login.outcome !== 'key') return t.fail(login.error)
    secrets.push(login.apiKey)
    hashes.push(secretHashOf(login.apiKey))
    // Half of the keys have not been used yet.
    if (i % 2 === 0) t.is(await keyIdAt(tally, servers.next(), login.apiKey), codes.keyId)
  }
  await Promise.all(Array.from({ length: LOGINS }, (_, i) => logIn(i)))
  // Logins that stopped half-way.
  for (const decision of ['approve', 'deny', undefined] as const) {
    const codes = await authorize(servers, tally)
    secrets.push(codes.deviceCode)
    hashes.push(codes.grantId)
    if (decision) await decide(servers, tally, 'a person', codes.userCode, decision)
  }

  const dumps = {
    Redis: await dumpRedis(redis),
    MongoDB: await dumpMongo(mongo.uri),
    'the logs': processes.flatMap(({ log }) => log).join('\n'),
  }
  // The hashes are found, so the dumps are of the right stores.
  const stored = `${dumps.Redis}\n${dumps.MongoDB}`
  for (const hash of hashes) t.true(stored.includes(hash))
  t.true(dumps['the logs'].includes('key_claimed'))
  t.is(secrets.length, 2 * LOGINS + 3)
  for (const [where, dump] of Object.entries(dumps)) {
    const found = secrets.filter((secret) => shapesOf(secret).some((shape) => dump.includes(shape)))
    t.log(`${where}: ${dump.length} characters, ${found.length} of ${secrets.length} secrets`)
    t.is(found.length, 0, where)
  }
})

it('idle stores forget everything', async (t) => {
  t.timeout(BOUND_MS)
  if (!mongo) return t.fail()
  const redisServer = await startRedisServer()
  const redis = connectRedis(redisServer.url)
  const db = connectMongo(mongo.uri).client.db('idle')
  t.teardown(async () => {
    await Promise.all([disconnect(redis), db.client.close()])
    await redisServer.stop()
  })
  await ensureIndexes(db)
  const policy = createPolicy({
    keepEndedKeysMs: 0,
    intervalMs: 1_000,
    maxIntervalMs: 1_000,
    slackMs: 0,
    codeLifetimeMs: 5_000,
    keepAfterExpiryMs: 1_000,
    keyLifetimesMs: [1_000],
    redeliverForMs: 0,
    wrongCodesWindowMs: 5_000,
  })
  const useCases = createUseCases({
    ...createRedisStores(redis),
    apiKeys: new MongoApiKeyStore(db),
    cutOffs: createMongoCutOffStore(db),
    policy,
    clock: { now: Date.now },
  })
  for (let i = 0; i < LOGINS; i++) {
    const { deviceCode, userCode } = issued(await useCases.authorizeDevice({ device: {} }))
    // Each status: pending, reserved, claimed, active, denied, and a wrong code.
    const person = `person ${i}`
    const kind = i % 6
    if (kind === 4) await useCases.answerUserCode({ userCode, person, decision: 'deny' })
    if (kind === 5) await useCases.reviewUserCode({ userCode: 'BBBB-BBBB', person })
    if (kind === 0 || kind > 3) continue
    await useCases.answerUserCode({ userCode, person, decision: 'approve' })
    const reply = kind === 1 ? undefined : await useCases.pollForToken({ deviceCode })
    if (kind === 3 && reply?.outcome === 'granted') await useCases.authenticateApiKey(reply.apiKey)
  }
  t.is(await useCases.revokeAllApiKeys('person 3'), 1)
  const writtenAt = Date.now()
  const apiKeys = db.collection('api_keys')
  const cutOffs = db.collection('cut_offs')
  const statuses = (await apiKeys.find().toArray()).map(({ status }) => String(status))
  t.deepEqual([...new Set(statuses)].sort(), ['active', 'claimed', 'reserved', 'revoked'])
  t.is(await cutOffs.countDocuments(), 1)
  t.true((await redis.dbsize()) > 0)

  await eventually('Redis has no key left', async () => (await redis.dbsize()) === 0, 30_000)
  t.log(`Redis has no key left, ${Date.now() - writtenAt} ms after the last write`)
  const ttl = (await apiKeys.indexes()).find(({ expireAfterSeconds }) => expireAfterSeconds === 0)
  t.deepEqual(ttl?.key, { keepUntil: 1 })
  // The five minutes that a key outlives its grant are left out.
  for (const { _id, keepUntil } of await apiKeys.find().toArray()) {
    // A revoked key is kept for as long as a grant can live at most, and then some.
    t.true(keepUntil.getTime() <= writtenAt + 6_000 + 4 * OUTLIVES_GRANT_MS)
    const earlier = new Date(Math.min(keepUntil.getTime() - OUTLIVES_GRANT_MS, writtenAt + 6_000))
    await apiKeys.updateOne({ _id }, { $set: { keepUntil: earlier } })
  }
  // The index removes documents with a date only, so another one would stay forever.
  await eventually(
    'MongoDB has no document left',
    async () => (await apiKeys.countDocuments()) + (await cutOffs.countDocuments()) === 0,
    SWEPT_WITHIN_MS,
  )
  t.log(`MongoDB has no document left, ${Date.now() - writtenAt} ms after the last write`)
})
