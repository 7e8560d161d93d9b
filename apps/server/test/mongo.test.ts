import { join } from 'node:path'
import { Readable } from 'node:stream'
import { connect, createMongoCutOffStore, MongoApiKeyStore } from '@device-grant/adapter-mongo'
import {
  createOperatorUseCases,
  createPolicy,
  exportKeys,
  type MovedState,
} from '@device-grant/core'
import { TestClock } from '@device-grant/test-support/clock'
import { eventually } from '@device-grant/test-support/eventually'
import { mongoServer, withDatabase } from '@device-grant/test-support/mongo-server'
import test from 'ava'
import { runCommand } from '#src/commands/run-command.js'
import { logTo } from '#src/log.js'
import { connectMongo, probeMongo } from '#src/mongo.js'
import { writeKeysFile } from '#src/move-keys/keys-file.js'
import type { Pause } from '#src/repeat.js'
import { tempFolder } from './temp-folder.ts'

const server = await mongoServer('that missing indexes are created again')
const testWithMongo = server === undefined ? test.skip : test
test.after.always(() => server?.stop())

const MINUTES = 60_000

testWithMongo('indexes that a restore has removed are created again within minutes', async (t) => {
  const uri = withDatabase(String(server?.uri), `device_grant_test_${process.pid}`)
  const db = connect(uri)
  t.teardown(async () => {
    await db.dropDatabase()
    await db.client.close()
  })
  const names = async (): Promise<readonly string[]> =>
    (await db.collection('api_keys').indexes()).map(({ name }) => String(name)).toSorted()

  const pauses: number[] = []
  let endPause = (): void => {}
  const pause: Pause = (ms, signal) =>
    new Promise((resolve) => {
      pauses.push(ms)
      endPause = resolve
      signal.addEventListener('abort', () => resolve())
    })
  const lines: string[] = []
  const log = logTo({ write: (line: string) => lines.push(line) }, 'info')
  const store = connectMongo(uri, { log, clock: new TestClock(), pause })
  t.teardown(store.close)

  await eventually('the first indexes', () => pauses.length === 1)
  const wanted = await names()
  t.true(wanted.length > 1)
  await db.collection('api_keys').dropIndexes()
  t.is((await names()).length, 1)

  endPause()
  await eventually('the second look', () => pauses.length === 2)
  t.deepEqual(await names(), wanted)
  t.true(pauses.every((ms) => ms <= 10 * MINUTES))
  t.is(lines.filter((line) => line.includes('MongoDB connected')).length, 1)
})

testWithMongo('a document that a probe has left behind is no key', async (t) => {
  const db = connect(withDatabase(String(server?.uri), `device_grant_test_${process.pid}_probe`))
  t.teardown(async () => {
    await db.dropDatabase()
    await db.client.close()
  })
  const documents = db.collection('api_keys')
  documents.deleteOne = async () => {
    throw new Error('interrupted')
  }
  const interrupted = Object.assign(Object.create(db), { collection: () => documents })
  await t.throwsAsync(probeMongo(interrupted), { message: 'interrupted' })
  const [left, ...others] = await documents.find<{ readonly _id: string }>({}).toArray()
  t.deepEqual(others, [])
  const stores = { apiKeys: new MongoApiKeyStore(db), cutOffs: createMongoCutOffStore(db) }
  const { findApiKeys } = createOperatorUseCases({
    ...stores,
    clock: { now: Date.now },
    policy: createPolicy({}),
  })
  t.deepEqual((await findApiKeys({})).keys, [])
  t.deepEqual((await findApiKeys({ keyId: String(left?._id) })).keys, [])

  // An import refuses its id. The clock of the command may be behind that of the server.
  const behind = { now: () => Date.now() - 10 * MINUTES }
  const exported: MovedState[] = []
  await exportKeys({ ...stores, clock: behind }, async (moved) => void exported.push(moved))
  t.deepEqual(exported, [])
})

testWithMongo('an import says in which database the keys are', async (t) => {
  const name = `device_grant_test_${process.pid}_import`
  const { path } = await tempFolder(t)
  const file = join(path, 'keys')
  await writeKeysFile(file, async () => {})
  let err = ''
  const io = {
    env: { MONGODB_URI: withDatabase(String(server?.uri), name) },
    stdin: Readable.from([]),
    out: () => {},
    err: (text: string) => {
      err += text
    },
  }
  t.is(await runCommand(['keys', 'import', file], io), 0)
  t.is(err, `Imported into MongoDB, database ${name}\n`)
})
