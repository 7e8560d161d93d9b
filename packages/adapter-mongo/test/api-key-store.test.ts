import {
  type ActiveKey,
  keyIdOf,
  StoreUnavailableError,
  secretHashOf,
  type UseCases,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import { mongoServer, withOptions } from '@device-grant/test-support/mongo-server'
import test from 'ava'
import { BSON, type CommandStartedEvent, type Db } from 'mongodb'
import { apiKeyCollection, cutOffCollection } from '#src/collections.js'
import { createMongoCutOffStore, ensureIndexes, MongoApiKeyStore } from '#src/index.js'
import { useCasesOn } from './life-of-a-key.ts'
import { connectPatiently, PATIENT_MS, patientStore, patientStores } from './patient.ts'
import {
  type KitServer,
  runApiKeyKit,
  runCutOffKit,
  runDriverKit,
  runStateKit,
} from './run-kits.ts'
import { ownerOf, reservation } from './samples.ts'

const server = await mongoServer('the store of API keys')
const it = server ? test : test.skip
const uri = server?.uri ?? 'mongodb://127.0.0.1:1'
const name = `device_grant_test_keys_${process.pid}`

const dbs: Db[] = []
const open = (options = ''): Db => {
  const { client } = connectPatiently(withOptions(uri, options), { monitorCommands: true })
  const db = client.db(name)
  dbs.push(db)
  return db
}
const [one, two] = [open(), open()]

test.before(async () => {
  if (server) await ensureIndexes(one, { timeoutMs: 2 * PATIENT_MS })
})

test.after.always(async () => {
  if (server) await one.dropDatabase()
  for (const db of dbs) await db.client.close()
  await server?.stop()
})

const kitServer: KitServer = {
  dbs: [one, two],
  port: server && 'port' in server ? Number(server.port) : undefined,
}
runApiKeyKit((title, run) => it(`API key store: ${title}`, run), kitServer)
runStateKit((title, run) => it(`state store: ${title}`, run), kitServer)
runCutOffKit((title, run) => it(`cut-off store: ${title}`, run), kitServer)
runDriverKit((title, run) => it(`driver: ${title}`, run), kitServer)

const granted = async (
  { authorizeDevice, reviewUserCode, answerUserCode, pollForToken }: UseCases,
  person: string,
) => {
  const { deviceCode, userCode } = issued(await authorizeDevice({ clientId: 'cli', device: {} }))
  await reviewUserCode({ userCode, person })
  const { outcome } = await answerUserCode({ userCode, person, decision: 'approve' })
  if (outcome !== 'approved') throw new Error(outcome)
  const reply = await pollForToken({ deviceCode, clientId: 'cli' })
  if (reply.outcome !== 'granted') throw new Error(reply.outcome)
  return { deviceCode, ...reply }
}

/** The commands that were sent while `run` ran. */
const commandsOf = async (db: Db, run: () => Promise<unknown>): Promise<CommandStartedEvent[]> => {
  const seen: CommandStartedEvent[] = []
  const record = (event: CommandStartedEvent) => seen.push(event)
  db.client.on('commandStarted', record)
  try {
    await run()
  } finally {
    db.client.off('commandStarted', record)
  }
  return seen
}

const names = (commands: readonly CommandStartedEvent[]): string[] =>
  commands.map(({ commandName }) => commandName)

/** What the commands do, and to which collection. */
const shapes = (commands: readonly CommandStartedEvent[]): string[] =>
  commands.map(({ commandName, command }) => `${commandName} ${command[commandName]}`)

it('a login and its key cost as few commands as possible', async (t) => {
  const db = open()
  await db.command({ ping: 1 })
  let now = Date.now()
  const newProcess = (): UseCases => useCasesOn(patientStores(db), { now: () => now })
  const all = newProcess()
  const tally: string[] = []
  const costs = async (what: string, run: () => Promise<unknown>, expected: readonly string[]) => {
    const sent = await commandsOf(db, run)
    tally.push(`${what} ${sent.length}`)
    t.deepEqual(shapes(sent), expected, what)
    return sent
  }
  const person = 'cost'
  const { deviceCode, userCode } = issued(await all.authorizeDevice({ device: {} }))
  await all.reviewUserCode({ userCode, person })
  await costs('pending poll', () => all.pollForToken({ deviceCode }), [])
  await costs('approve', () => all.answerUserCode({ userCode, person, decision: 'approve' }), [
    'insert api_keys',
    'find cut_offs',
    // Counts the keys of the person.
    'find api_keys',
  ])
  let apiKey = ''
  let keyId = ''
  await costs('pick-up', async () => {
    const reply = await all.pollForToken({ deviceCode })
    if (reply.outcome === 'granted') ({ apiKey, keyId } = reply)
  }, ['update api_keys', 'find cut_offs'])
  const check = () => all.authenticateApiKey(apiKey)
  await costs('first use', check, ['find api_keys', 'update api_keys'])
  const [read] = await costs('use', check, ['find api_keys'])
  t.deepEqual(read?.command['filter'], { _id: keyId })
  now += 60_000
  await costs('use a minute later', check, ['find api_keys', 'update api_keys'])
  now += 60_000
  const elsewhere = newProcess()
  await costs('first use in a process', () => elsewhere.authenticateApiKey(apiKey), [
    'find api_keys',
    'update api_keys',
  ])
  const third = newProcess()
  await costs('list', () => third.listApiKeys({ owner: person }), ['find api_keys'])
  await costs('revoke one of the list', () => third.revokeApiKey({ owner: person, keyId }), [
    'update api_keys',
  ])
  await costs('use of a revoked key', check, ['find api_keys'])
  await costs('revoke all, none left', () => third.revokeAllApiKeys(person), [
    'insert cut_offs',
    'find api_keys',
    // A fail-over may have lost the earlier revocation, so it is written again.
    'update api_keys',
  ])
  t.log(`Mongo commands: ${tally.join(', ')}`)
})

it('another process claims with two commands', async (t) => {
  const db = open()
  await db.command({ ping: 1 })
  const id = keyIdOf('another process')
  await patientStore(one).update(id, () => ({
    next: reservation('ann'),
    reply: undefined,
  }))
  const sent = await commandsOf(db, () =>
    patientStore(db).update(id, (key) => ({
      next: key && { ...key, name: 'claimed' },
      reply: undefined,
    })),
  )
  t.deepEqual(names(sent), ['find', 'update'])
})

it('commands have the options that correctness needs, whatever the connection string says', async (t) => {
  const db = open('w=0&readPreference=secondaryPreferred&readConcernLevel=available')
  // A direct connection sends another read preference to the server.
  t.is(apiKeyCollection(db, {}).readPreference?.mode, 'primary')
  t.is(cutOffCollection(db, {}).readPreference?.mode, 'primary')
  const store = patientStore(db)
  const id = keyIdOf('pinned')
  const key = reservation('pinned')
  const cutOffs = createMongoCutOffStore(db, { timeoutMs: PATIENT_MS })
  const sent = await commandsOf(db, async () => {
    await ensureIndexes(db, { timeoutMs: PATIENT_MS })
    await store.update(id, () => ({ next: key, reply: undefined }))
    await store.update(id, () => ({ next: { ...key, name: 'other' }, reply: undefined }))
    await store.update(id, (state) => ({ next: state, reply: undefined }))
    await store.read(id)
    await store.find({ owner: 'pinned', limit: 1 })
    await store.update(id, () => ({ next: undefined, reply: undefined }))
    await cutOffs.update(id, () => ({
      next: { at: Date.now(), keepUntil: Date.now() + 60_000 },
      reply: undefined,
    }))
    await cutOffs.update(id, (cutOff) => ({ next: cutOff, reply: undefined }))
  })
  const reads = sent.filter(({ commandName }) => commandName === 'find')
  const writes = sent.filter(({ commandName }) => commandName !== 'find')
  t.deepEqual(names(writes), [
    'createIndexes',
    'createIndexes',
    'insert',
    'update',
    'delete',
    'insert',
  ])
  t.is(reads.length, 4)
  for (const { commandName, command } of writes) {
    t.deepEqual(command['writeConcern'], { w: 'majority' }, commandName)
  }
  for (const { command } of reads) t.is(command['readConcern']?.level, 'local')
  // "primary" is not sent. A direct connection to one server sends "primaryPreferred".
  for (const { commandName, command } of sent) {
    const mode = command['$readPreference']?.mode ?? 'primary'
    t.true(['primary', 'primaryPreferred'].includes(mode), `${commandName}: ${mode}`)
  }
})

it('a conflict with a unique index of an operator is an error, not a lost race', async (t) => {
  const collections = { apiKeys: 'unique_names' }
  await one.collection('unique_names').createIndex({ name: 1 }, { unique: true })
  const store = new MongoApiKeyStore(one, { ...collections, timeoutMs: PATIENT_MS })
  const put = (id: string, name: string) =>
    store.update(keyIdOf(id), () => ({
      next: { ...reservation('twice'), name },
      reply: undefined,
    }))
  await put('first', 'same')
  const inserted = await t.throwsAsync(put('second', 'same'), {
    instanceOf: StoreUnavailableError,
  })
  t.is(inserted?.message, 'A MongoDB command failed (MongoServerError, 11000)')
  await put('third', 'other')
  await t.throwsAsync(put('third', 'same'), { instanceOf: StoreUnavailableError })
  t.is((await store.find({ owner: 'twice', limit: 10 })).keys.length, 2)
})

it('a dump after logins holds no device code and no API key', async (t) => {
  const all = useCasesOn(patientStores(one), { now: Date.now })
  const person = 'dumped'
  const logins: Awaited<ReturnType<typeof granted>>[] = []
  for (let i = 0; i < 50; i++) logins.push(await granted(all, person))
  for (const [i, { keyId, apiKey }] of logins.entries()) {
    // Every status that a key may stay in.
    if (i % 3 > 0) t.is((await all.authenticateApiKey(apiKey)).outcome, 'valid')
    if (i % 3 > 1) t.is(await all.revokeApiKey({ owner: person, keyId }), 'revoked')
  }
  const documents = await one.collection('api_keys').find({ owner: person }).toArray()
  t.is(documents.length, logins.length)
  const dump = BSON.EJSON.stringify(await one.collection('api_keys').find().toArray())
  for (const { deviceCode, apiKey } of logins) {
    t.true(dump.includes(secretHashOf(apiKey)))
    t.false(dump.includes(apiKey))
    // A key has its id, then 43 characters of its secret, then 6 of a checksum.
    t.false(dump.includes(apiKey.slice(-49, -6)))
    t.false(dump.includes(deviceCode))
  }
})

it('a removal counts only if the key did not change since it was read', async (t) => {
  const [store, peer] = [patientStore(one), patientStore(two)]
  const id = keyIdOf('removal')
  await store.update(id, () => ({ next: reservation('ann'), reply: undefined }))
  await peer.update(id, () => ({ next: reservation('bob'), reply: undefined }))
  const removed = await store.update(id, (key) => ({
    next: ownerOf(key) === 'ann' ? undefined : key,
    reply: ownerOf(key),
  }))
  t.is(removed, 'bob')
})

it('collections are kept apart', async (t) => {
  const id = keyIdOf('apart')
  const other = { apiKeys: 'other_keys', cutOffs: 'other_cut_offs', timeoutMs: PATIENT_MS }
  const store = new MongoApiKeyStore(one, other)
  await store.update(id, () => ({ next: reservation('apart'), reply: undefined }))
  t.is((await store.find({ owner: 'apart', limit: 10 })).keys.length, 1)
  t.deepEqual((await patientStore(one).find({ owner: 'apart', limit: 10 })).keys, [])
  const cutOff = { at: 1, keepUntil: Date.now() + 60_000 }
  const read = (cutOffs: ReturnType<typeof createMongoCutOffStore>) =>
    cutOffs.update(id, (current) => ({ next: current, reply: current }))
  const cutOffs = createMongoCutOffStore(one, other)
  await cutOffs.update(id, () => ({ next: cutOff, reply: undefined }))
  t.deepEqual(await read(cutOffs), cutOff)
  t.is(await read(createMongoCutOffStore(one, { timeoutMs: PATIENT_MS })), undefined)
})

it('the last page of many keys is read from its place in the index', async (t) => {
  const db = open()
  const store = patientStore(db)
  const owner = 'many'
  const key: ActiveKey = {
    ...reservation(owner),
    status: 'active',
    secretHash: secretHashOf('many'),
    lastUsedAt: 0,
  }
  await Promise.all(
    Array.from({ length: 9 }, (_, i) =>
      store.update(keyIdOf(`many ${i}`), () => ({
        next: { ...key, approvedAt: 1_000 + i },
        reply: undefined,
      })),
    ),
  )
  const first = await store.find({ owner, limit: 6 })
  const sent = await commandsOf(db, async () => {
    const second = await store.find({ owner, after: first.next, limit: 6 })
    t.deepEqual(
      second.keys.map((each) => 'approvedAt' in each.key && each.key.approvedAt),
      [1_002, 1_001, 1_000],
    )
    t.is(second.next, undefined)
  })
  const [find] = sent
  t.is(sent.length, 1)
  t.is(find?.command['limit'], 7)
  t.deepEqual(find?.command['filter'].approvedAt, { $lte: new Date(1_003) })
})
