import { type ApiKey, keyIdOf } from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import { mongoServer } from '@device-grant/test-support/mongo-server'
import test, { type ExecutionContext } from 'ava'
import type { Collection } from 'mongodb'
import { ensureIndexes } from '#src/index.js'
import { useCasesOn } from './life-of-a-key.ts'
import { connectPatiently, PATIENT_MS, patientStore, patientStores } from './patient.ts'

const server = await mongoServer('the documents of the API keys')
const it = server ? test : test.skip
const db = connectPatiently(server?.uri ?? 'mongodb://127.0.0.1:1').client.db(
  `device_grant_test_documents_${process.pid}`,
)
/** The documents, read and changed by hand. */
const documents: Collection<{ _id: string; [member: string]: unknown }> = db.collection('api_keys')

test.before(async () => {
  if (server) await ensureIndexes(db, { timeoutMs: 2 * PATIENT_MS })
})

test.after.always(async () => {
  if (server) await db.dropDatabase()
  await db.client.close()
  await server?.stop()
})

it('a document has its schema, its times as dates, and everything else unchanged', async (t) => {
  const store = patientStore(db)
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
  const dated = { ...base, schema: 1, approvedAt: new Date(at(1)), keepUntil: new Date(at(2)) }
  const raw = async (key: ApiKey) => {
    await store.update(id, () => ({ next: key, reply: undefined }))
    const found = await documents.findOne({ _id: id })
    if (!found) throw new Error('It was not written')
    const { _id, version, ...rest } = found
    t.regex(String(version), /^[0-9a-f]{12}$/)
    t.is(_id, id)
    t.deepEqual(await store.read(id), key)
    const { keys } = await store.find({ owner: base.owner, limit: 10 })
    t.deepEqual(keys, key.status === 'erased' ? [] : [{ id, key }])
    return rest
  }
  const expiresAt = at(3)
  const works = { ...base, secretHash: 'dates', expiresAt }
  const expires = { secretHash: 'dates', expiresAt: new Date(expiresAt) }
  const revokedBy = ['a hash']
  t.deepEqual<object, object>(await raw({ status: 'reserved', ...base, revokedBy, expiresAt }), {
    status: 'reserved',
    ...dated,
    revokedBy,
    expiresAt: new Date(expiresAt),
  })
  const issued = { salt: 's', prefix: 'dg_', firstIssuedAt: at(4), issuedAt: at(5) }
  t.deepEqual<object, object>(await raw({ status: 'claimed', ...works, ...issued }), {
    status: 'claimed',
    ...dated,
    ...expires,
    ...issued,
    firstIssuedAt: new Date(at(4)),
    issuedAt: new Date(at(5)),
  })
  t.deepEqual<object, object>(await raw({ status: 'active', ...works, lastUsedAt: at(6) }), {
    status: 'active',
    ...dated,
    ...expires,
    lastUsedAt: new Date(at(6)),
  })
  t.deepEqual<object, object>(
    await raw({ status: 'revoked', ...base, secretHash: 'dates', revokedAt: at(7), used: true }),
    { status: 'revoked', ...dated, secretHash: 'dates', revokedAt: new Date(at(7)), used: true },
  )
  t.deepEqual<object, object>(await raw({ status: 'erased', keepUntil: at(2) }), {
    status: 'erased',
    schema: 1,
    keepUntil: new Date(at(2)),
  })
})

it('a cut-off has its schema, and its times as dates', async (t) => {
  const { cutOffs } = patientStores(db)
  const cutOff = { at: Date.UTC(2030, 0, 1), keepUntil: Date.UTC(2030, 0, 2) }
  await cutOffs.update('ann', () => ({ next: cutOff, reply: undefined }))
  t.like(await db.collection<{ _id: string }>('cut_offs').findOne({ _id: 'ann' }), {
    schema: 1,
    at: new Date(cutOff.at),
    keepUntil: new Date(cutOff.keepUntil),
  })
})

/** A process, the key that it issued, and the clock of both. */
const newKey = async (t: ExecutionContext, person: string) => {
  const clock = { ms: Date.now() }
  const all = useCasesOn(patientStores(db), { now: () => clock.ms })
  const { deviceCode, userCode } = issued(await all.authorizeDevice({ device: {} }))
  await all.answerUserCode({ userCode, person, decision: 'approve' })
  const reply = await all.pollForToken({ deviceCode })
  if (reply.outcome !== 'granted') throw new Error(reply.outcome)
  t.teardown(() => documents.deleteOne({ _id: reply.keyId }))
  return { all, clock, deviceCode, ...reply }
}

const set = async (id: string, members: Readonly<Record<string, unknown>>): Promise<void> => {
  await documents.updateOne({ _id: id }, { $set: members })
}

it('a key that was revoked by hand stays revoked when its device polls again', async (t) => {
  const { all, clock, deviceCode, apiKey, keyId } = await newKey(t, 'revoked by hand')
  await set(keyId, { status: 'revoked' })
  // The process has the key in its cache, and its answer may be lost.
  clock.ms += 3_000
  t.is((await all.pollForToken({ deviceCode })).outcome, 'access_denied')
  t.is((await all.authenticateApiKey(apiKey)).outcome, 'revoked')
  t.is((await documents.findOne({ _id: keyId }))?.['status'], 'revoked')
})

it('a key that was revoked by hand stays revoked when it is used', async (t) => {
  const { all, clock, apiKey, keyId } = await newKey(t, 'revoked while used')
  t.is((await all.authenticateApiKey(apiKey)).outcome, 'valid')
  await set(keyId, { status: 'revoked' })
  clock.ms += 61_000
  t.is((await all.authenticateApiKey(apiKey)).outcome, 'revoked')
  t.is(await all.revokeApiKey({ owner: 'revoked while used', keyId }), 'already_revoked')
  t.is((await documents.findOne({ _id: keyId }))?.['status'], 'revoked')
})

it('a write that started before a revocation by hand does not undo it', async (t) => {
  const [store, id] = [patientStore(db), keyIdOf('race by hand')]
  const { keyId } = await newKey(t, 'race by hand')
  const key = await store.read(keyId)
  if (key?.status !== 'claimed') return t.fail(key?.status)
  await store.update(id, () => ({ next: key, reply: undefined }))
  await set(id, { status: 'revoked' })
  const seen: (string | undefined)[] = []
  await store.update(id, (current) => {
    seen.push(current?.status)
    return { next: current?.status === 'claimed' ? { ...current, name: 'n' } : current, reply: 0 }
  })
  t.deepEqual(seen, ['claimed', 'revoked'])
  await store.update(id, () => ({ next: undefined, reply: undefined }))
})

/** What a newer version may store beside everything that this one knows. */
const NEWER = {
  schema: 2,
  uses: 5,
  frozenAt: new Date(Date.UTC(2030, 5, 1)),
  labels: ['a', { text: 'b', at: new Date(0) }],
  note: null,
}

const newerMembers = async (id: string): Promise<object> => {
  const document = await documents.findOne({ _id: id })
  return Object.fromEntries(
    Object.entries(document ?? {}).filter(([name]) => Object.keys(NEWER).includes(name)),
  )
}

it('members and the schema of a newer version stay through uses and a revocation', async (t) => {
  const owner = 'newer'
  const { all, clock, apiKey, keyId } = await newKey(t, owner)
  await set(keyId, NEWER)
  t.is((await all.authenticateApiKey(apiKey)).outcome, 'valid')
  t.is((await documents.findOne({ _id: keyId }))?.['status'], 'active')
  t.deepEqual<object, object>(await newerMembers(keyId), NEWER)
  clock.ms += 61_000
  t.is((await all.authenticateApiKey(apiKey)).outcome, 'valid')
  t.deepEqual<object, object>(await newerMembers(keyId), NEWER)
  t.is(await all.revokeApiKey({ owner, keyId }), 'revoked')
  t.is((await documents.findOne({ _id: keyId }))?.['status'], 'revoked')
  t.deepEqual<object, object>(await newerMembers(keyId), NEWER)
})

it('a key with the status of a newer version is not valid, listed as unknown, and can be revoked', async (t) => {
  const owner = 'suspended'
  const { all, clock, deviceCode, apiKey, keyId } = await newKey(t, owner)
  t.is((await all.authenticateApiKey(apiKey)).outcome, 'valid')
  await set(keyId, { ...NEWER, status: 'suspended' })
  t.is((await all.authenticateApiKey(apiKey)).outcome, 'no_such_key')
  clock.ms += 3_000
  t.is((await all.pollForToken({ deviceCode })).outcome, 'invalid_grant')
  const { keys } = await all.listApiKeys({ owner })
  t.is(keys.length, 1)
  t.like(keys[0], { id: keyId, status: 'unknown' })
  t.is((await documents.findOne({ _id: keyId }))?.['status'], 'suspended')
  t.is(await all.revokeApiKey({ owner, keyId }), 'revoked')
  t.is((await all.authenticateApiKey(apiKey)).outcome, 'revoked')
  t.deepEqual<object, object>(await newerMembers(keyId), NEWER)
})

it('a page of keys has those of a newer version', async (t) => {
  const owner = 'newer page'
  const { keyId } = await newKey(t, owner)
  await set(keyId, { ...NEWER, status: 'suspended' })
  const { keys } = await patientStore(db).find({ owner, limit: 10 })
  t.deepEqual(
    keys.map(({ id }) => id),
    [keyId],
  )
  t.like(keys[0]?.key, { status: 'suspended', schema: 2, uses: 5 })
})
