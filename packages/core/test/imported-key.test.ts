import {
  type ApiKey,
  type CutOff,
  createMemoryStores,
  exportKeys,
  importMovedState,
  isCutOffState,
  isMovableKey,
  type MovableKey,
  type MovedState,
} from '@device-grant/core'
import { TestClock } from '@device-grant/test-support/clock'
import test from 'ava'
import fc from 'fast-check'
import { importCutOff, importKey, isMovable } from '#src/rules/imported-key.js'

const NOW = Date.UTC(2030, 0, 1)
const times = fc.integer({ min: NOW, max: NOW + 1_000_000 })
const common = {
  name: fc.string(),
  owner: fc.string(),
  request: fc.record({ device: fc.constant({}) }),
  approvedAt: times,
  keepUntil: times,
}
const used = { ...common, secretHash: fc.string() }
const active = fc.record({
  ...used,
  status: fc.constant('active' as const),
  expiresAt: times,
  lastUsedAt: times,
})
const revoked = fc.record({ ...used, status: fc.constant('revoked' as const), revokedAt: times })
const erased = fc.record({ status: fc.constant('erased' as const), keepUntil: times })
const reserved = fc.record({
  ...common,
  status: fc.constant('reserved' as const),
  expiresAt: times,
})
const claimed = fc.record({
  ...used,
  status: fc.constant('claimed' as const),
  salt: fc.string(),
  prefix: fc.constant('dg_'),
  firstIssuedAt: times,
  issuedAt: times,
  expiresAt: times,
})
const movable: fc.Arbitrary<MovableKey> = fc.oneof(active, revoked, erased)
const anyKey: fc.Arbitrary<ApiKey> = fc.oneof(movable, reserved, claimed)

/** The key after some imports. */
const after = (current: ApiKey | undefined, ...imports: readonly MovableKey[]) =>
  imports.reduce((key, imported) => importKey(imported)(key).next, current)

test('an import overwrites an id only if the imported key has ended further', (t) => {
  const ends = { reserved: 0, claimed: 0, active: 0, revoked: 1, erased: 2 }
  fc.assert(
    fc.property(anyKey, movable, (current, imported) => {
      const { next, reply } = importKey(imported)(current)
      const wins = ends[imported.status] > ends[current.status]
      t.is(next, wins ? imported : current)
      t.is(reply, wins ? 'ended' : 'kept')
    }),
  )
  for (const [current, imported, expected] of [
    ['active', 'revoked', 'ended'],
    ['revoked', 'active', 'kept'],
    ['active', 'active', 'kept'],
    ['erased', 'active', 'kept'],
  ] as const) {
    const [one, other] = [current, imported].map((status) => ({ status })) as [ApiKey, MovableKey]
    t.is(importKey(other)(one).reply, expected, `${imported} on ${current}`)
  }
})

test('an import into an empty store keeps the key as it is, and a repetition writes nothing', (t) => {
  fc.assert(
    fc.property(movable, (imported) => {
      t.deepEqual(importKey(imported)(undefined), { next: imported, reply: 'imported' })
      t.deepEqual(importKey(imported)(imported), { next: imported, reply: 'kept' })
    }),
  )
})

test('the status does not depend on the order of imports, and no import revives a key', (t) => {
  const works = new Set<string | undefined>(['reserved', 'claimed', 'active'])
  fc.assert(
    fc.property(fc.option(anyKey, { nil: undefined }), movable, movable, (current, a, b) => {
      const status = after(current, a, b)?.status
      const other = after(current, b, a)?.status
      t.is(status, other)
      if ([current, a, b].some((key) => key && !works.has(key.status))) t.false(works.has(status))
      t.is(after(after(current, a, b), a, b), after(current, a, b))
    }),
  )
})

test('a key with a status of a newer version stays', (t) => {
  const newer = { status: 'paused', keepUntil: NOW } as unknown as ApiKey
  t.is(importKey({ status: 'erased', keepUntil: NOW })(newer).next, newer)
  t.false(isMovable(newer))
})

const cutOff: fc.Arbitrary<CutOff> = fc.record(
  { at: times, keepUntil: times, erases: fc.constant(true as const) },
  { requiredKeys: ['at', 'keepUntil'] },
)

test('of two cut-offs the later one counts, in any order, and it is kept as long as either', (t) => {
  const strict = ({ at, keepUntil, erases }: CutOff) => ({ at, keepUntil, erases })
  fc.assert(
    fc.property(cutOff, cutOff, (a, b) => {
      const [one, other] = [importCutOff(a)(b).next, importCutOff(b)(a).next]
      if (!one || !other) return t.fail()
      t.deepEqual(strict(one), strict(other))
      t.is(one.at, Math.max(a.at, b.at))
      t.true(one.keepUntil >= Math.max(a.keepUntil, b.keepUntil))
      t.is(one.erases, a.erases ?? b.erases)
      t.is(importCutOff(a)(one).next, one)
      t.is(importCutOff(a)(one).reply, 'kept')
    }),
  )
})

test('a key or cut-off from elsewhere is recognised, and anything else is not', (t) => {
  fc.assert(
    fc.property(anyKey, fc.record({ ...used, notes: fc.anything() }), (key, { notes }) => {
      t.is(isMovableKey(JSON.parse(JSON.stringify(key))), isMovable(key))
      t.is(isMovableKey({ ...key, notes }), isMovable(key))
    }),
  )
  fc.assert(
    fc.property(fc.oneof(active, revoked), fc.nat(), (key, n) => {
      const needed = Object.keys(key).filter((name) => name !== 'deviceName')
      const name = String(needed[n % needed.length])
      const { [name as never]: _, ...rest } = key
      t.false(isMovableKey(rest), name)
      t.false(isMovableKey({ ...key, [name]: [] }), name)
    }),
  )
  fc.assert(fc.property(cutOff, (each) => t.true(isCutOffState(each))))
  const junk = fc.anything().filter((value) => !(value instanceof Object && 'at' in value))
  fc.assert(fc.property(junk, (value) => t.false(isCutOffState(value))))
})

test('an export leaves reserved, claimed and forgotten keys behind, and counts them', async (t) => {
  const clock = new TestClock(NOW)
  const from = createMemoryStores({ clock })
  const to = createMemoryStores({ clock })
  const keepUntil = NOW + 1_000
  const put = (id: string, key: object) =>
    from.apiKeys.update(id, () => ({ next: { ...key, keepUntil } as ApiKey, reply: undefined }))
  const [[a], [r], [c], [v]] = [active, reserved, claimed, revoked].map((one) =>
    fc.sample(one as fc.Arbitrary<ApiKey>, { numRuns: 1, seed: 1 }),
  ) as [[ApiKey], [ApiKey], [ApiKey], [ApiKey]]
  for (const [id, key] of Object.entries({ a, r, c, v })) await put(id, key)
  await put('e', { status: 'erased' })
  await put('n', { status: 'paused' })
  const late = { status: 'erased', keepUntil: NOW + 1 } as const
  await from.apiKeys.update('late', () => ({ next: late, reply: undefined }))
  clock.pass(1)
  const cut = { at: NOW, keepUntil }
  await from.cutOffs.update('cut', () => ({ next: cut, reply: undefined }))
  const moved: MovedState[] = []
  const counts = await exportKeys({ ...from, clock }, async (one) => void moved.push(one))
  t.deepEqual(counts, {
    keys: { active: 1, revoked: 1, erased: 1 },
    cutOffs: 1,
    left: { reserved: 1, claimed: 1, paused: 1 },
  })
  t.false(JSON.stringify(moved).includes('"salt"'))
  const importAll = () => Promise.all(moved.map((one) => importMovedState({ ...to, clock }, one)))
  t.deepEqual(await importAll(), ['imported', 'imported', 'imported', 'imported'])
  t.deepEqual(await importAll(), ['kept', 'kept', 'kept', 'kept'])
  for (const id of ['a', 'v', 'e'])
    t.deepEqual(await to.apiKeys.read(id), await from.apiKeys.read(id))
  t.deepEqual([...to.cutOffs.entries()], [...from.cutOffs.entries()])
  clock.pass(1_000)
  t.deepEqual(await importAll(), ['forgotten', 'forgotten', 'forgotten', 'forgotten'])
})
