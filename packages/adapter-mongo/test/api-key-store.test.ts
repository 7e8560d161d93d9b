import {
  type ApiKey,
  keyIdOf,
  StoreUnavailableError,
  secretHashOf,
  type UseCases,
} from '@device-grant/core'
import { mongoServer, withOptions } from '@device-grant/test-support/mongo-server'
import test from 'ava'
import { BSON, type CommandStartedEvent, type Db } from 'mongodb'
import { apiKeyCollection } from '#src/api-key-collection.js'
import type { ApiKeyDocument } from '#src/api-key-document.js'
import { ensureIndexes, MongoApiKeyStore } from '#src/index.js'
import { useCasesOn } from './life-of-a-key.ts'
import { connectPatiently, PATIENT_MS, patientStore } from './patient.ts'
import { type KitServer, runApiKeyKit, runDriverKit, runStateKit } from './run-kits.ts'
import { reservation } from './samples.ts'

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
runDriverKit((title, run) => it(`driver: ${title}`, run), kitServer)

const granted = async (
  { authorizeDevice, reviewUserCode, answerUserCode, pollForToken }: UseCases,
  person: string,
) => {
  const { deviceCode, userCode } = await authorizeDevice({ clientId: 'cli', device: {} })
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

it('an API key costs as few commands as possible', async (t) => {
  const db = open()
  await db.command({ ping: 1 })
  let now = Date.now()
  const all = useCasesOn(patientStore(db), { now: () => now })
  const tally: string[] = []
  const costs = async (what: string, run: () => Promise<unknown>, expected: readonly string[]) => {
    const sent = names(await commandsOf(db, run))
    tally.push(`${what} ${sent.length}`)
    t.deepEqual(sent, expected, what)
  }
  const person = 'cost'
  const { deviceCode, userCode } = await all.authorizeDevice({ device: {} })
  await all.reviewUserCode({ userCode, person })
  await costs('approve', () => all.answerUserCode({ userCode, person, decision: 'approve' }), [
    'insert',
  ])
  let apiKey = ''
  let keyId = ''
  await costs('claim', async () => {
    const reply = await all.pollForToken({ deviceCode })
    if (reply.outcome === 'granted') ({ apiKey, keyId } = reply)
  }, ['update'])
  await costs('confirm', () => all.confirmDelivery(keyId), ['update'])
  await costs('first use', () => all.authenticateApiKey(apiKey), ['find', 'update'])
  await costs('use', () => all.authenticateApiKey(apiKey), ['find'])
  now += 60_000
  await costs('use a minute later', () => all.authenticateApiKey(apiKey), ['find', 'update'])
  now += 60_000
  const elsewhere = useCasesOn(patientStore(db), { now: () => now })
  await costs('first use in a process', () => elsewhere.authenticateApiKey(apiKey), [
    'find',
    'update',
  ])
  const third = useCasesOn(patientStore(db), { now: () => now })
  await costs('list', () => third.listApiKeys(person), ['find'])
  await costs('revoke one of the list', () => third.revokeApiKey({ owner: person, keyId }), [
    'update',
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
  const store = patientStore(db)
  const id = keyIdOf('pinned')
  const key = reservation('pinned')
  const sent = await commandsOf(db, async () => {
    await ensureIndexes(db, { timeoutMs: PATIENT_MS })
    await store.update(id, () => ({ next: key, reply: undefined }))
    await store.update(id, () => ({ next: { ...key, name: 'other' }, reply: undefined }))
    await store.update(id, (state) => ({ next: state, reply: undefined }))
    await store.findByOwner('pinned')
    await store.findBySecretHash('pinned')
    await store.update(id, () => ({ next: undefined, reply: undefined }))
  })
  const reads = sent.filter(({ commandName }) => commandName === 'find')
  const writes = sent.filter(({ commandName }) => commandName !== 'find')
  t.deepEqual(names(writes), ['createIndexes', 'insert', 'update', 'delete'])
  t.is(reads.length, 3)
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

it('a document has its times as dates, and everything else unchanged', async (t) => {
  const store = patientStore(one)
  const id = keyIdOf('dates')
  const at = (second: number) => Date.UTC(2030, 0, 1, 0, 0, second)
  const base = {
    name: 'Device Link Access Key (WDJB-MJHT)',
    owner: '$owner.with\u0000odd characters',
    request: {
      clientId: '$set',
      scope: 'read write',
      device: { address: '203.0.113.7', userAgent: 'a\u0000b' },
    },
    approvedAt: at(1),
    keepUntil: at(2),
  }
  const dated = { ...base, approvedAt: new Date(at(1)), keepUntil: new Date(at(2)) }
  const raw = async (key: ApiKey) => {
    await store.update(id, () => ({ next: key, reply: undefined }))
    const found = await one.collection<ApiKeyDocument>('api_keys').findOne({ _id: id })
    if (!found) throw new Error('It was not written')
    const { _id, version, ...rest } = found
    t.regex(version, /^[0-9a-f]{12}$/)
    t.is(_id, id)
    t.deepEqual((await store.findByOwner(base.owner))[0], { id, key })
    return rest
  }
  const expiresAt = at(3)
  const works = { ...base, secretHash: 'dates', expiresAt }
  const expires = { secretHash: 'dates', expiresAt: new Date(expiresAt) }
  t.deepEqual<object, object>(
    await raw({ status: 'reserved', ...base, salt: 's', prefix: 'dg_', expiresAt }),
    {
      status: 'reserved',
      ...dated,
      salt: 's',
      prefix: 'dg_',
      expiresAt: new Date(expiresAt),
    },
  )
  t.deepEqual<object, object>(
    await raw({ status: 'claimed', ...works, salt: 's', prefix: 'dg_', issuedAt: at(4) }),
    {
      status: 'claimed',
      ...dated,
      ...expires,
      salt: 's',
      prefix: 'dg_',
      issuedAt: new Date(at(4)),
    },
  )
  t.deepEqual<object, object>(await raw({ status: 'active', ...works, lastUsedAt: at(5) }), {
    status: 'active',
    ...dated,
    ...expires,
    lastUsedAt: new Date(at(5)),
  })
  t.deepEqual<object, object>(
    await raw({ status: 'revoked', ...base, secretHash: 'dates', revokedAt: at(6) }),
    { status: 'revoked', ...dated, secretHash: 'dates', revokedAt: new Date(at(6)) },
  )
})

it('the same secret under two ids is an error, not a lost race', async (t) => {
  const store = patientStore(one)
  const { salt: _, ...rest } = reservation('twice')
  const key: ApiKey = { ...rest, status: 'active', secretHash: secretHashOf('twice') }
  const put = (id: string, next: ApiKey) =>
    store.update(keyIdOf(id), () => ({ next, reply: undefined }))
  await put('first', key)
  const inserted = await t.throwsAsync(put('second', key), { instanceOf: StoreUnavailableError })
  t.is(inserted?.message, 'A MongoDB command failed (MongoServerError, 11000)')
  await put('third', reservation('twice'))
  await t.throwsAsync(put('third', key), { instanceOf: StoreUnavailableError })
  t.is((await store.findByOwner('twice')).length, 2)
})

it('a dump after logins holds no device code and no API key', async (t) => {
  const all = useCasesOn(patientStore(one), { now: Date.now })
  const person = 'dumped'
  const logins: Awaited<ReturnType<typeof granted>>[] = []
  for (let i = 0; i < 50; i++) logins.push(await granted(all, person))
  for (const [i, { keyId, apiKey }] of logins.entries()) {
    // Every status that a key may stay in.
    if (i % 3 > 0) await all.confirmDelivery(keyId)
    if (i % 3 > 1) t.is((await all.authenticateApiKey(apiKey)).outcome, 'valid')
  }
  const documents = await one.collection('api_keys').find({ owner: person }).toArray()
  t.is(documents.length, logins.length)
  const dump = BSON.EJSON.stringify(await one.collection('api_keys').find().toArray())
  for (const { deviceCode, apiKey } of logins) {
    t.true(dump.includes(secretHashOf(apiKey)))
    t.false(dump.includes(apiKey))
    t.false(dump.includes(apiKey.slice(3)))
    t.false(dump.includes(deviceCode))
  }
})

it('a removal counts only if the key did not change since it was read', async (t) => {
  const [store, peer] = [patientStore(one), patientStore(two)]
  const id = keyIdOf('removal')
  await store.update(id, () => ({ next: reservation('ann'), reply: undefined }))
  await peer.update(id, () => ({ next: reservation('bob'), reply: undefined }))
  const removed = await store.update(id, (key) => ({
    next: key?.owner === 'ann' ? undefined : key,
    reply: key?.owner,
  }))
  t.is(removed, 'bob')
})

it('collections are kept apart', async (t) => {
  const id = keyIdOf('apart')
  const store = new MongoApiKeyStore(one, { collection: 'other_keys', timeoutMs: PATIENT_MS })
  await store.update(id, () => ({ next: reservation('apart'), reply: undefined }))
  t.is((await store.findByOwner('apart')).length, 1)
  t.deepEqual(await patientStore(one).findByOwner('apart'), [])
})
