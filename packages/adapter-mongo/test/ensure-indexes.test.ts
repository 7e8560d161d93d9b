import { mongoServer } from '@device-grant/test-support/mongo-server'
import test from 'ava'
import type { Db } from 'mongodb'
import { type EnsureIndexesOptions, ensureIndexes, IndexConflictError } from '#src/index.js'
import { connectPatiently, PATIENT_MS } from './patient.ts'

const server = await mongoServer('the indexes')
const it = server ? test : test.skip
const { client } = connectPatiently(server?.uri ?? 'mongodb://127.0.0.1:1')
const ensurePatiently = (db: Db, options: EnsureIndexesOptions = {}): Promise<void> =>
  ensureIndexes(db, { timeoutMs: 2 * PATIENT_MS, ...options })
const created: string[] = []
const database = (what: string) => {
  const name = `device_grant_test_${what}_${process.pid}`
  created.push(name)
  return client.db(name)
}

test.after.always(async () => {
  if (server) for (const name of created) await client.db(name).dropDatabase()
  await client.close()
  await server?.stop()
})

const shape = ({ key, unique, expireAfterSeconds, partialFilterExpression }: object & Shape) => ({
  key,
  ...(unique ? { unique } : {}),
  ...(expireAfterSeconds === undefined ? {} : { expireAfterSeconds }),
  ...(partialFilterExpression ? { partialFilterExpression } : {}),
})

interface Shape {
  key?: object
  unique?: boolean
  expireAfterSeconds?: number
  partialFilterExpression?: object
}

const FORGET = { key: { keepUntil: 1 }, expireAfterSeconds: 0 }
/** No index is unique or partial, because some servers refuse these. */
const WANTED = {
  api_keys: [
    { key: { _id: 1 } },
    { key: { owner: 1, approvedAt: -1, _id: -1 } },
    { key: { 'request.clientId': 1, approvedAt: -1, _id: -1 } },
    { key: { approvedAt: -1, _id: -1 } },
    FORGET,
  ],
  cut_offs: [{ key: { _id: 1 } }, FORGET],
}

const indexesOf = async (db: Db) => ({
  api_keys: (await db.collection('api_keys').indexes()).map(shape),
  cut_offs: (await db.collection('cut_offs').indexes()).map(shape),
})

it('the indexes are created once, however often this is repeated', async (t) => {
  const db = database('twice')
  await ensurePatiently(db)
  await ensurePatiently(db)
  t.deepEqual<object, object>(await indexesOf(db), WANTED)
})

it('ten processes may create the indexes at once', async (t) => {
  const name = database('raced').databaseName
  const clients = Array.from({ length: 10 }, () => connectPatiently(server?.uri ?? '').client)
  try {
    await Promise.all(clients.map((each) => ensurePatiently(each.db(name))))
  } finally {
    await Promise.all(clients.map((each) => each.close()))
  }
  t.deepEqual<object, object>(await indexesOf(client.db(name)), WANTED)
})

it('an index that conflicts is named', async (t) => {
  const db = database('conflict')
  await db.collection('keys').createIndex({ keepUntil: 1 }, { expireAfterSeconds: 5 })
  const error = await t.throwsAsync(ensurePatiently(db, { apiKeys: 'keys' }), {
    instanceOf: IndexConflictError,
  })
  t.regex(error?.message ?? '', new RegExp(`^The indexes of ${db.databaseName}\\.keys cannot`))
  t.regex(error?.message ?? '', /keepUntil/)
  t.regex(error?.message ?? '', /Drop what conflicts/)
  await db.collection('keys').dropIndex('keepUntil_1')
  await ensurePatiently(db, { apiKeys: 'keys' })
  t.deepEqual<object, object>((await db.collection('keys').indexes()).map(shape), WANTED.api_keys)
})

it('a page of keys comes from the index of its owner', async (t) => {
  const db = database('explain')
  await ensurePatiently(db)
  const plan = await db
    .collection('api_keys')
    .find({ owner: 'ann' })
    .sort({ approvedAt: -1, _id: -1 })
    .limit(51)
    .explain()
  t.regex(JSON.stringify(plan), /owner_1_approvedAt_-1__id_-1/)
})
