import 'reflect-metadata'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { createLmdbStores, type LmdbEnvironment, openLmdb } from '@device-grant/adapter-lmdb'
import { lmdbApiKeysModule, lmdbStateModule } from '@device-grant/adapter-lmdb/inversify'
import {
  type ApiKey,
  createPolicy,
  createUseCases,
  keyIdOf,
  type ReservedKey,
  type Retained,
  type StateStore,
  StoreDataError,
  TOKENS,
} from '@device-grant/core'
import { get } from '@device-grant/core/inversify'
import { eventually } from '@device-grant/test-support/eventually'
import { issued } from '@device-grant/test-support/issued'
import test, { type ExecutionContext } from 'ava'
import { Container } from 'inversify'
import { keyPlacesOf } from '#src/key-index.js'
import { PATIENT_MS } from './patient.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Opens a new folder, which is removed after the test. */
const newEnvironment = (
  t: ExecutionContext,
  { path, remove } = temporaryFolder(),
): LmdbEnvironment => {
  const environment = openLmdb({ path, timeoutMs: PATIENT_MS })
  t.teardown(async () => {
    await environment.close()
    remove()
  })
  return environment
}

const write = <S extends Retained>(store: StateStore<S>, id: string, next: S): Promise<void> =>
  store.update(id, () => ({ next, reply: undefined }))

const reserved = (owner: string, at: number): ReservedKey => ({
  status: 'reserved',
  name: 'a key',
  owner,
  request: { clientId: 'cli', device: {} },
  approvedAt: at,
  expiresAt: at + 1_000,
  keepUntil: at + 2_000,
})

const indexKeys = (environment: LmdbEnvironment): readonly unknown[] => [
  ...environment.database('index').getKeys(),
]

test('a record is JSON with a schema, and members and the schema of a newer version stay', async (t) => {
  const environment = newEnvironment(t)
  const { cutOffs } = createLmdbStores(environment)
  const raw = environment.database('cut_offs', { useVersions: true })
  const keepUntil = Date.now() + 60_000
  await write(cutOffs, 'a', { at: 5, keepUntil })
  t.deepEqual(JSON.parse(raw.get('a') ?? ''), { schema: 1, at: 5, keepUntil })
  const newer = { schema: 2, at: 6, keepUntil, by: { text: 'new' }, note: null }
  await raw.put('b', JSON.stringify(newer), 7)
  t.deepEqual<unknown, unknown>(await cutOffs.read('b'), newer)
  await cutOffs.update('b', (current) => ({
    next: current && { ...current, at: 9 },
    reply: undefined,
  }))
  t.deepEqual(JSON.parse(raw.get('b') ?? ''), { ...newer, at: 9 })
})

test('stored data that the rules cannot use is an error that names the record, but no user code', async (t) => {
  const environment = newEnvironment(t)
  const { grants, userCodes, apiKeys } = createLmdbStores(environment)
  for (const [name, text] of [
    ['grants', '{"schema":1,"keepUntil":5}'],
    ['user_codes', 'null'],
    ['api_keys', '{"schema":1,"keep'],
  ] as const) {
    await environment.database(name, { useVersions: true }).put('WDJB-MJHT', text, 3)
  }
  const message = (name: string) => `The LMDB record ${name} holds no state of this version`
  const expectation = (name: string) => ({ instanceOf: StoreDataError, message: message(name) })
  await t.throwsAsync(grants.read('WDJB-MJHT'), expectation('grants WDJB-MJHT'))
  await t.throwsAsync(userCodes.read('WDJB-MJHT'), expectation('user_codes …'))
  await t.throwsAsync(apiKeys.read('WDJB-MJHT'), expectation('api_keys WDJB-MJHT'))
})

test('states are forgotten after their keepUntil, with their entries in the index', async (t) => {
  const environment = newEnvironment(t)
  const clock = { ms: 0, now: () => clock.ms }
  const stores = createLmdbStores(environment, { clock })
  const count = 450
  const ids = Array.from({ length: count }, (_, i) => keyIdOf(`secret ${i}`))
  await Promise.all(ids.map((id, i) => write(stores.apiKeys, id, reserved(`owner ${i % 7}`, i))))
  await write(stores.grants as StateStore<Retained>, 'later', { keepUntil: 1_003_000 })
  // Nothing is due before its time, whatever is written.
  clock.ms = 1_999
  await write(stores.usedAssertions, 'a', { keepUntil: 2_000_000 })
  await stores.close()
  t.is([...environment.database('api_keys', { useVersions: true }).getKeys()].length, count)

  const others = createLmdbStores(environment, { clock })
  clock.ms = 1_002_000
  // One transaction forgets 202 at most, so it takes a few.
  await write(others.usedAssertions, 'a', { keepUntil: 2_000_001 })
  const left = () => [...environment.database('api_keys', { useVersions: true }).getKeys()].length
  await eventually('the keys are forgotten', () => left() === 0)
  await others.close()
  t.deepEqual(
    [...indexKeys(environment)].map((key) => (key as unknown[])[0]),
    ['until grants', 'until used_assertions'],
  )
})

test('the file does not grow while as many states are forgotten as come', async (t) => {
  const folder = temporaryFolder()
  const clock = { ms: 0, now: () => clock.ms }
  const { apiKeys } = createLmdbStores(newEnvironment(t, folder), { clock })
  const rounds = 25
  const sizes: number[] = []
  for (let round = 0; round < rounds; round++) {
    clock.ms += 2_000
    const keys = Array.from({ length: 300 }, (_, i) => keyIdOf(`round ${round}, ${i}`))
    await Promise.all(keys.map((id, i) => write(apiKeys, id, reserved(`person ${i}`, clock.ms))))
    sizes.push(statSync(join(folder.path, 'data.mdb')).size)
  }
  const [before = 0, after = 0] = [sizes[9], sizes.at(-1)]
  t.true(after <= 1.25 * before, `${before} bytes after 10 rounds, ${after} after ${rounds}`)
  t.true(before > 1.25 * (sizes[0] ?? 0), 'the rounds are large enough to tell')
})

test('a state whose keepUntil was moved is not forgotten at the earlier time', async (t) => {
  const environment = newEnvironment(t)
  const clock = { ms: 1_000, now: () => clock.ms }
  const stores = createLmdbStores(environment, { clock })
  await write(stores.cutOffs, 'moved', { at: 1, keepUntil: 2_000 })
  await write(stores.cutOffs, 'moved', { at: 1, keepUntil: 9_000 })
  clock.ms = 5_000
  await write(stores.cutOffs, 'other', { at: 1, keepUntil: 9_000 })
  await stores.close()
  t.deepEqual(await stores.cutOffs.read('moved'), { at: 1, keepUntil: 9_000 })
})

test('the index has exactly the entries of the keys, whatever was written', async (t) => {
  const environment = newEnvironment(t)
  const { apiKeys } = createLmdbStores(environment)
  const later = Date.now() + 60_000
  const id = (n: number) => keyIdOf(`indexed ${n}`)
  const long = `${'ö'.repeat(3_000)}\ud800`
  for (const owner of ['ann', long, 'a"\u0000']) {
    const first = { ...reserved(owner, later), keepUntil: later }
    await write(apiKeys, id(1), first)
    await write(apiKeys, id(2), { ...first, request: { device: {} } })
    await write(apiKeys, id(1), { ...first, keepUntil: later + 1 })
    const revoked: ApiKey = { ...first, status: 'revoked', revokedAt: 5, secretHash: 'h' }
    await write(apiKeys, id(2), revoked)
    const expected = [
      ['until api_keys', later + 1, id(1)],
      ['until api_keys', later, id(2)],
      ...keyPlacesOf(id(1), first),
      ...keyPlacesOf(id(2), revoked),
    ]
    const sorted = (keys: readonly unknown[]) => keys.map((key) => JSON.stringify(key)).sort()
    t.deepEqual(sorted(indexKeys(environment)), sorted(expected))
    const { keys } = await apiKeys.find({ owner, limit: 5 })
    t.deepEqual(keys.map((key) => key.id).sort(), [id(1), id(2)].sort())
    await write(apiKeys, id(1), { status: 'erased', keepUntil: later })
    t.is(indexKeys(environment).length, 7)
    await apiKeys.update(id(1), () => ({ next: undefined, reply: undefined }))
    await apiKeys.update(id(2), () => ({ next: undefined, reply: undefined }))
    t.deepEqual(indexKeys(environment), [])
  }
})

test('a scan reads every state once, erased keys too', async (t) => {
  const environment = newEnvironment(t)
  const { apiKeys } = createLmdbStores(environment)
  const keepUntil = Date.now() + 60_000
  const ids = Array.from({ length: 230 }, (_, i) => keyIdOf(`scanned ${i}`))
  await Promise.all(ids.map((id) => write(apiKeys, id, { status: 'erased', keepUntil })))
  const found: string[] = []
  for await (const { id, state } of apiKeys.scan()) {
    t.deepEqual(state, { status: 'erased', keepUntil })
    found.push(id)
  }
  t.deepEqual(found, ids.toSorted())
})

test('a login works on these stores, and the modules bind them', async (t) => {
  const stores = createLmdbStores(newEnvironment(t))
  const all = createUseCases({ ...stores, clock: { now: Date.now }, policy: createPolicy() })
  const { deviceCode, userCode } = issued(await all.authorizeDevice({ device: {} }))
  t.is(
    (await all.answerUserCode({ userCode, person: 'ann', decision: 'approve' })).outcome,
    'approved',
  )
  const poll = await all.pollForToken({ deviceCode })
  if (poll.outcome !== 'granted') return t.fail(poll.outcome)
  t.is((await all.authenticateApiKey(poll.apiKey)).outcome, 'valid')
  await stores.close()
  const container = new Container()
  container.load(lmdbStateModule(stores), lmdbApiKeysModule(stores))
  t.is(get(container, TOKENS.DeviceGrants), stores.grants)
  t.is(get(container, TOKENS.UserCodeClaims), stores.userCodes)
  t.is(get(container, TOKENS.CodeAttempts), stores.codeAttempts)
  t.is(get(container, TOKENS.UsedAssertions), stores.usedAssertions)
  t.is(get(container, TOKENS.ApiKeys), stores.apiKeys)
  t.is(get(container, TOKENS.CutOffs), stores.cutOffs)
})
