import { mongoServer } from '@device-grant/test-support/mongo-server'
import test from 'ava'
import { connect, ensureIndexes, IndexConflictError } from '#src/index.js'

const server = await mongoServer('the indexes')
const it = server ? test : test.skip
const { client } = connect(server?.uri ?? 'mongodb://127.0.0.1:1')
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

const WANTED = [
  { key: { _id: 1 } },
  {
    key: { secretHash: 1 },
    unique: true,
    partialFilterExpression: { secretHash: { $exists: true } },
  },
  { key: { owner: 1 } },
  { key: { keepUntil: 1 }, expireAfterSeconds: 0 },
]

it('the indexes are made once, however often they are asked for', async (t) => {
  const db = database('twice')
  await ensureIndexes(db)
  await ensureIndexes(db)
  t.deepEqual((await db.collection('api_keys').indexes()).map(shape), WANTED)
})

it('ten processes may make the indexes at once', async (t) => {
  const { name } = { name: database('raced').databaseName }
  const clients = Array.from({ length: 10 }, () => connect(server?.uri ?? '').client)
  try {
    await Promise.all(clients.map((each) => ensureIndexes(each.db(name))))
  } finally {
    await Promise.all(clients.map((each) => each.close()))
  }
  t.deepEqual((await client.db(name).collection('api_keys').indexes()).map(shape), WANTED)
})

it('an index that is in the way is named', async (t) => {
  const db = database('conflict')
  await db.collection('keys').createIndex({ keepUntil: 1 }, { expireAfterSeconds: 5 })
  const fault = await t.throwsAsync(ensureIndexes(db, { collection: 'keys' }), {
    instanceOf: IndexConflictError,
  })
  t.regex(fault?.message ?? '', new RegExp(`^The indexes of ${db.databaseName}\\.keys cannot`))
  t.regex(fault?.message ?? '', /keepUntil/)
  t.regex(fault?.message ?? '', /Drop what is in the way/)
  await db.collection('keys').dropIndex('keepUntil_1')
  await ensureIndexes(db, { collection: 'keys' })
  t.is((await db.collection('keys').indexes()).length, 4)
})

it('a look-up by secret uses its index', async (t) => {
  const db = database('explain')
  await ensureIndexes(db)
  const plan = await db.collection('api_keys').find({ secretHash: 'x' }).explain()
  t.regex(JSON.stringify(plan), /secretHash_1/)
})
