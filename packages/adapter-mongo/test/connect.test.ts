import { StoreUnavailableError, TOKENS } from '@device-grant/core'
import { coreModule, get } from '@device-grant/core/inversify'
import { startSilentServer } from '@device-grant/test-support/silent-server'
import test from 'ava'
import { Container } from 'inversify'
import { connect, ensureIndexes, MongoApiKeyStore, MongoUriError, ping } from '#src/index.js'
import { mongoModule } from '#src/inversify.js'

for (const [uri, database] of [
  ['mongodb://localhost', 'device_grant'],
  ['mongodb://localhost/', 'device_grant'],
  ['mongodb://localhost/?appName=x', 'device_grant'],
  ['mongodb://a:b@one:1,two:2/keys?replicaSet=rs', 'keys'],
  ['mongodb://localhost?appName=a/b', 'device_grant'],
  ['mongodb+srv://cluster.example.net/keys', 'keys'],
] as const) {
  test(`${uri} names the database ${database}`, (t) => {
    t.is(connect(uri).databaseName, database)
  })
}

for (const uri of [
  '',
  'not a uri',
  'http://ann:s3cret@localhost',
  'mongodb://ann:s3cret@',
  'mongodb://ann:s3cret@localhost:99999',
  'mongodb://ann:s3cret@localhost/?noSuchOption=1',
  'mongodb://ann:s3cret@localhost/?w=majority&maxPoolSize=many',
  'mongodb://ann:s3cret@x@localhost/',
  'mongodb://ann:s3cret?x=1@localhost/',
  'mongodb://ann:x@s3cret?s3cret=1@localhost/',
  'mongodb://ann:%zzs3cret@localhost/',
  'mongodb+srv://ann:s3cret@localhost:27017/',
]) {
  test(`an invalid connection string is refused: ${uri}`, (t) => {
    const error = t.throws(() => connect(uri), { instanceOf: MongoUriError })
    t.regex(error?.message ?? '', /^The MongoDB connection string is not valid/)
    const shown = `${error?.stack} ${JSON.stringify(error)} ${error?.cause}`
    t.false(shown.includes('s3cret'), shown)
    t.is(error?.cause, undefined)
  })
}

test('the connection string may set what correctness does not need', (t) => {
  const { options } = connect(
    'mongodb://localhost/?maxpoolsize=7&retryWrites=true&serverSelectionTimeoutMS=5',
    { connectTimeoutMS: 6 },
  ).client
  t.is(options.maxPoolSize, 7)
  t.is(options.serverSelectionTimeoutMS, 5)
  t.is(options.connectTimeoutMS, 6)
  t.is(options.waitQueueTimeoutMS, 2_000)
  t.false(options.retryWrites)
})

/** Above the timeouts of `connect`, and below those of the MongoDB driver, in milliseconds. */
const BOUND_MS = 20_000

for (const [what, listens] of [
  ['never answers', true],
  ['is down', false],
] as const) {
  test(`a server that ${what} is reported in time`, async (t) => {
    const { port, close } = await startSilentServer()
    if (!listens) close()
    const db = connect(`mongodb://ann:s3cret@127.0.0.1:${port}/`)
    const store = new MongoApiKeyStore(db)
    const began = performance.now()
    const errors = await Promise.all(
      [
        store.find({ owner: 'ann', limit: 1 }),
        store.read('id'),
        store.update('id', (key) => ({ next: key, reply: undefined })),
        ensureIndexes(db),
      ].map((each) => t.throwsAsync(each, { instanceOf: StoreUnavailableError })),
    )
    t.true(performance.now() - began < BOUND_MS)
    for (const error of errors) t.notRegex(error?.message ?? '', /127\.0\.0\.1|ann|s3cret/)
    const pinged = performance.now()
    await t.throwsAsync(ping(db, 200), {
      instanceOf: StoreUnavailableError,
      message: 'MongoDB did not answer within 200 ms',
    })
    t.true(performance.now() - pinged < BOUND_MS)
    await db.client.close()
    close()
  })
}

test('a container gets its API keys and cut-offs from a live database', async (t) => {
  const db = connect('mongodb://localhost')
  const container = new Container()
  container.load(coreModule(), mongoModule(db))
  const store = get(container, TOKENS.ApiKeys)
  t.true(store instanceof MongoApiKeyStore)
  t.is(get(container, TOKENS.ApiKeys), store)
  t.truthy(get(container, TOKENS.CutOffs))
  t.is(get(container, TOKENS.CutOffs), get(container, TOKENS.CutOffs))
  await db.client.close()
})
