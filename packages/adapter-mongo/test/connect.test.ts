import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { type ApiKeyStore, StoreUnavailableError, TOKENS } from '@device-grant/core'
import { coreModule } from '@device-grant/core/inversify'
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
  test(`${uri} means the database ${database}`, (t) => {
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
  test(`a connection string that cannot be understood is refused: ${uri}`, (t) => {
    const fault = t.throws(() => connect(uri), { instanceOf: MongoUriError })
    t.regex(fault?.message ?? '', /^The MongoDB connection string is not valid/)
    const told = `${fault?.stack} ${JSON.stringify(fault)} ${fault?.cause}`
    t.false(told.includes('s3cret'), told)
    t.is(fault?.cause, undefined)
  })
}

test('the connection string may tune what is not pinned', (t) => {
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

/** A port that takes connections and never says a word. */
const silence = async () => {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port')
  const close = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: address.port, close }
}

for (const [what, listens] of [
  ['says nothing', true],
  ['is not there', false],
] as const) {
  test(`a server that ${what} is reported in time`, async (t) => {
    const { port, close } = await silence()
    if (!listens) close()
    const db = connect(`mongodb://ann:s3cret@127.0.0.1:${port}/`)
    const store = new MongoApiKeyStore(db)
    const began = performance.now()
    const faults = await Promise.all(
      [
        store.findByOwner('ann'),
        store.findBySecretHash('x'),
        store.update('id', (key) => ({ next: key, reply: undefined })),
        ensureIndexes(db),
      ].map((each) => t.throwsAsync(each, { instanceOf: StoreUnavailableError })),
    )
    t.true(performance.now() - began < 3_500)
    for (const fault of faults) t.notRegex(fault?.message ?? '', /127\.0\.0\.1|ann|s3cret/)
    const pinged = performance.now()
    await t.throwsAsync(ping(db, 200), {
      instanceOf: StoreUnavailableError,
      message: 'MongoDB did not answer within 200 ms',
    })
    t.true(performance.now() - pinged < 1_000)
    await db.client.close()
    close()
  })
}

test('a container gets its API keys from a live database', async (t) => {
  const db = connect('mongodb://localhost')
  const container = new Container()
  container.load(coreModule(), mongoModule(db))
  const store = container.get<ApiKeyStore>(TOKENS.ApiKeys)
  t.true(store instanceof MongoApiKeyStore)
  t.is(container.get<ApiKeyStore>(TOKENS.ApiKeys), store)
  await db.client.close()
})
