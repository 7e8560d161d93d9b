import { randomText } from '../crypto.ts'
import type { ApiKeyStore, StateStore, StoredApiKey } from '../ports.ts'
import {
  type ApiKey,
  type CheckKey,
  type ClaimKey,
  claimKey,
  type ReservedKey,
  reserveKey,
  revokeKey,
  secretHashOf,
  useKey,
} from '../rules/api-key.ts'
import { keyIdOf } from '../rules/api-key-format.ts'
import {
  type ApprovedGrant,
  grantIdOf,
  type KeyTerms,
  type PendingGrant,
} from '../rules/device-grant.ts'
import type { EndKey } from '../rules/key-ending.ts'
import { comparePlaces, placeOf } from '../rules/key-order.ts'
import { createPolicy } from '../rules/policy.ts'
import { check, same } from './assertions.ts'
import { testForgetting } from './forgetting.ts'
import { testOutages } from './outage.ts'
import { testRemoving } from './removing.ts'
import { kitTest, type Test } from './runner.ts'
import { later, longText, newId, type Sample } from './sample.ts'
import type { CreatePair } from './store-pair.ts'
import { read, remove, retry, write } from './updates.ts'

const policy = createPolicy()
const CLAIMS = 40
/** Above 100, where careless stores cut a list. */
const KEYS_OF_AN_OWNER = 120
/** Pages may be shorter than their limit, but they must end. */
const MAX_PAGES = 2 * KEYS_OF_AN_OWNER

/**
 * Defines tests of what every `ApiKeyStore` must do, called like `testStateStore`. Owners have up to
 * 256 characters, client ids and scopes up to 2 048.
 * @param test the runner's `test`
 * @param create makes two instances of the store on the same data, once for each test
 */
export const testApiKeyStore = (test: Test, create: CreatePair<ApiKeyStore>): void => {
  const it = kitTest(test, create)
  testKeys(it)
  testForgetting(it, samplesIn)
  testRemoving(it, samplesIn)
  testRaces(it)
  testFind(it)
  testConditions(it)

  testOutages(it, async ({ store, peer }) => {
    const owner = newId()
    const { id, secretHash } = await claimed(peer, owner)
    const now = Date.now()
    return {
      read: () => store.read(id),
      'an update that writes nothing': () =>
        store.update(id, (key) => ({ next: key, reply: undefined })),
      write: () => store.update(id, useKey({ secretHash, now, policy })),
      create: () => store.update(newId(), reserve(owner)),
      remove: () => store.update(id, () => ({ next: undefined, reply: undefined })),
      find: () => store.find({ owner, limit: 1 }),
    }
  })
}

type KeyKitTest = ReturnType<typeof kitTest<ApiKeyStore>>

const testKeys = (it: KeyKitTest): void => {
  it('a key comes back as it was written in every status', async ({ store, peer }) => {
    const owner = newId()
    const grant = newGrant(owner)
    const { keyId: id } = grant
    const expectBoth = async (status: ApiKey['status']): Promise<void> => {
      const key = await read<ApiKey>(store, id)
      same(key?.status, status, 'status')
      same(await store.read(id), key, 'own read')
      same(await peer.read(id), key, 'read of the other instance')
      same(await read<ApiKey>(peer, id), key, 'update of the other instance')
      const found = key?.status === 'erased' ? [] : [{ id, key }]
      same((await peer.find({ owner, limit: 10 })).keys, found, 'found by the other instance')
    }
    same(await store.read(id), undefined, 'before')
    same(await store.update(id, reserve(owner)), { outcome: 'reserved' }, 'reply')
    await expectBoth('reserved')
    const now = Date.now()
    const claim = await peer.update(id, claimKey(grant.claim(now)))
    if (claim.outcome !== 'issued') throw new Error(`claim: expected issued, got ${claim.outcome}`)
    await expectBoth('claimed')
    const secretHash = secretHashOf(claim.apiKey)
    await peer.update(id, useKey({ secretHash, now: now + 1, policy }))
    await expectBoth('active')
    same(await store.update(id, revokeKey({ owner, ...end(now + 2) })), 'revoked', 'reply')
    await expectBoth('revoked')
    await peer.update(id, () => ({
      next: { status: 'erased', keepUntil: later() },
      reply: undefined,
    }))
    await expectBoth('erased')
  })

  it('members that are absent stay absent, and unknown members stay', async ({ store, peer }) => {
    const id = newKeyId()
    const bare = { ...reservedKey(newId()), request: { device: {} } }
    await write<ApiKey>(store, id, bare)
    same(await peer.read(id), bare, 'read of the other instance')
    // A newer version of the software may store more, and another process must keep it.
    const newer = { ...bare, uses: 5, notes: { text: 'n', list: [1, 2] }, isNew: true }
    await write<ApiKey>(store, id, newer)
    same(await peer.read(id), newer, 'read of the other instance')
  })

  it('long texts and spaces at their ends are kept', async ({ store, peer }) => {
    const id = newKeyId()
    const device = { address: '2001:db8::1', userAgent: longText(100) }
    const request = { clientId: longText(2_048), scope: longText(2_048), device }
    const key = { ...reservedKey(longText(256)), request }
    await write<ApiKey>(store, id, key)
    same(await store.read(id), key, 'own read')
    same(await peer.read(id), key, 'read of the other instance')
    const { keys } = await peer.find({ owner: key.owner, limit: 10 })
    same(keys, [{ id, key }], 'found by owner')
  })

  it('ids that differ in one character or its case are kept apart', async ({ store }) => {
    const id = newKeyId()
    const other = (digit: string): string => (digit === '0' ? '1' : '0')
    const ids = new Set([
      id,
      id.slice(0, -1) + other(id.slice(-1)),
      other(id.slice(0, 1)) + id.slice(1),
      id.toUpperCase(),
      id.toLowerCase(),
    ])
    for (const each of ids) await write<ApiKey>(store, each, reservedKey(each))
    for (const each of ids) {
      const key = await store.read(each)
      same(key?.status === 'reserved' && key.owner, each, 'owner')
    }
  })
}

const testRaces = (it: KeyKitTest): void => {
  it('only one of many parallel claims issues the key', async ({ store, peer }) => {
    for (let round = 0; round < 10; round++) {
      const owner = newId()
      const grant = newGrant(owner)
      const { keyId: id } = grant
      await store.update(id, reserve(owner))
      // Both instances have seen the key, so a store with a cache writes without reading.
      await read<ApiKey>(peer, id)
      const now = Date.now()
      const claims = await Promise.all(
        Array.from({ length: CLAIMS }, (_, i) =>
          retry(() => (i % 2 ? store : peer).update(id, claimKey(grant.claim(now)))),
        ),
      )
      const outcomes = claims.map(({ outcome }) => outcome)
      same(outcomes.filter((outcome) => outcome === 'issued').length, 1, 'issued')
      same(outcomes.filter((outcome) => outcome === 'in_flight').length, CLAIMS - 1, 'in flight')
    }
  })

  it('of two parallel reservations the later one stays whole', async ({ store, peer }) => {
    for (let round = 0; round < 20; round++) {
      const id = newKeyId()
      const [ann, bob] = [newId(), newId()]
      await Promise.all([
        retry(() => store.update(id, reserve(ann))),
        retry(() => peer.update(id, reserve(bob))),
      ])
      const key = await store.read(id)
      const owner = key?.status === 'reserved' ? key.owner : undefined
      same(owner === ann || owner === bob, true, 'owner')
      same((await peer.find({ owner: owner ?? '', limit: 10 })).keys, [{ id, key }], 'found')
      const loser = owner === ann ? bob : ann
      same((await peer.find({ owner: loser, limit: 10 })).keys, [], 'keys of the other person')
    }
  })

  it('a use never overwrites a revocation', async ({ store, peer }) => {
    const owner = newId()
    for (let round = 0; round < 20; round++) {
      const { id, secretHash } = await claimed(store, owner)
      const use = (): CheckKey => ({ secretHash, now: Date.now(), policy })
      // Both instances have seen the key while it worked.
      await Promise.all([read<ApiKey>(store, id), read<ApiKey>(peer, id)])
      await Promise.all([
        retry(() => store.update(id, useKey(use()))),
        retry(() => peer.update(id, revokeKey({ owner, ...end(Date.now()) }))),
      ])
      same((await store.read(id))?.status, 'revoked', 'status')
      same((await store.update(id, useKey(use()))).outcome, 'revoked', 'use')
    }
  })
}

const testFind = (it: KeyKitTest): void => {
  /** The ids of all pages, in their order. */
  const idsOf = async (store: ApiKeyStore, owner: string, limit = 50): Promise<string[]> => {
    const ids: string[] = []
    let after: string | undefined
    for (let pages = 0; pages < MAX_PAGES; pages++) {
      const page = await store.find({ owner, after, limit })
      check(page.keys.length <= limit, `a page has ${page.keys.length} keys, limit ${limit}`)
      ids.push(...page.keys.map(({ id }) => id))
      after = page.next
      if (after === undefined) return ids
    }
    throw new Error(`After ${MAX_PAGES} pages of ${limit} keys there is still a next one`)
  }

  it('pages have all keys of an owner once, the newest approval first', async ({ store, peer }) => {
    const [ann, bob] = [newId(), newId()]
    const start = Date.now()
    // Several keys have the same time, and the order of writing is another one.
    const stored = Array.from({ length: KEYS_OF_AN_OWNER }, (_, i) => ({
      id: newKeyId(),
      key: { ...reservedKey(ann), approvedAt: start + ((i * 7) % 40) },
    }))
    await Promise.all(stored.map(({ id, key }, i) => write<ApiKey>(i % 2 ? store : peer, id, key)))
    const { id } = await claimed(store, bob)
    const expected = stored
      .toSorted((a, b) => comparePlaces(placeOf(a), placeOf(b)))
      .map((each) => each.id)
    for (const limit of [1_000, 120, 50, 7]) {
      same(await idsOf(store, ann, limit), expected, `pages of ${limit}`)
    }
    same(await idsOf(peer, ann), expected, 'pages of the other instance')
    same(await idsOf(peer, bob), [id], "Bob's keys")
    same(await idsOf(peer, newId()), [], 'keys of an unknown owner')
    const whole = await store.find({ owner: ann, limit: KEYS_OF_AN_OWNER + 1 })
    same(whole.next, undefined, 'a page with all keys has no next one')
  })

  it('a page goes on after keys that came and went', async ({ store, peer }) => {
    const owner = newId()
    const start = Date.now()
    const ids = Array.from({ length: 6 }, newKeyId)
    for (const [i, id] of ids.entries()) {
      await write<ApiKey>(store, id, { ...reservedKey(owner), approvedAt: start - i })
    }
    const first = await store.find({ owner, limit: 2 })
    same(
      first.keys.map(({ id }) => id),
      ids.slice(0, 2),
      'first page',
    )
    // More came than went, so a page that is found by its number would begin elsewhere.
    for (const approvedAt of [start + 1, start + 2]) {
      await write<ApiKey>(peer, newKeyId(), { ...reservedKey(owner), approvedAt })
    }
    // The cursor was made from this key.
    await remove(peer, ids[1] ?? '')
    const second = await peer.find({ owner, after: first.next, limit: 10 })
    same(
      second.keys.map(({ id }) => id),
      ids.slice(2),
      'second page',
    )
  })

  it('keys are found by their owner as they are now', async ({ store, peer }) => {
    const [ann, bob] = [newId(), newId()]
    const id = newKeyId()
    const expectOwner = async (owner: string | undefined): Promise<void> => {
      for (const each of [ann, bob]) {
        same(await idsOf(store, each), each === owner ? [id] : [], 'own look-up')
        same(await idsOf(peer, each), each === owner ? [id] : [], 'look-up of the other instance')
      }
    }
    await expectOwner(undefined)
    await store.update(id, reserve(ann))
    await expectOwner(ann)
    await peer.update(id, reserve(bob))
    await expectOwner(bob)
    await remove(store, id)
    await expectOwner(undefined)
  })

  it('owners that look alike are different owners', async ({ store, peer }) => {
    const owners = lookAlikes(`ann.${newId()}`)
    const ids = owners.map(newKeyId)
    for (const [i, id] of ids.entries()) {
      await write<ApiKey>(store, id, reservedKey(owners[i] ?? ''))
    }
    for (const [i, owner] of owners.entries()) {
      same(await idsOf(peer, owner), [ids[i]], `keys of ${JSON.stringify(owner)}`)
    }
  })
}

/** Owners that a careless query takes for the same. */
const lookAlikes = (owner: string): readonly string[] => [
  owner,
  owner.toUpperCase(),
  `${owner} `,
  ` ${owner}`,
  `${owner}é`,
  `${owner}e\u0301`,
  `${owner.slice(0, -1)}_`,
  `${owner.slice(0, -1)}%`,
  `${owner.slice(0, -1)}.*`,
  `${owner.slice(0, -1)}*`,
]

const end = (now: number): EndKey => ({ now, ending: { by: 'owner' }, keepMs: later() - now })

const newKeyId = (): string => keyIdOf(randomText(32))

const NAME = 'Device Link Access Key (WDJB-MJHT)'
const REQUEST = {
  clientId: 'cli "é" $x.y',
  scope: 'read write',
  device: { address: '203.0.113.7', userAgent: 'kit/1.0' },
}

const testConditions = (it: KeyKitTest): void => {
  it('keys are found by client and by status, in the same order and in pages', async ({
    store,
    peer,
  }) => {
    const clientId = newId()
    const [ann, bob] = [newId(), newId()]
    const keys: StoredApiKey[] = []
    for (const [i, owner] of [ann, bob, ann, bob, ann].entries()) {
      const key = {
        ...reservedKey(owner),
        request: { clientId, device: {} },
        approvedAt: Date.now() - 1_000 * i,
      }
      keys.push({ id: newKeyId(), key })
    }
    for (const { id, key } of keys) await write<ApiKey>(store, id, key)
    await write<ApiKey>(store, newKeyId(), reservedKey(ann))
    await write<ApiKey>(store, newKeyId(), { status: 'erased', keepUntil: later() })
    const { keys: byClient } = await peer.find({ clientId, limit: 10 })
    same(byClient, keys, 'of the client')
    const of = (person: string) => keys.filter(({ key }) => 'owner' in key && key.owner === person)
    same((await peer.find({ clientId, owner: bob, limit: 10 })).keys, of(bob), 'of a person')
    const [first] = keys
    if (!first) throw new Error('no key')
    const owner = 'owner' in first.key ? first.key.owner : ''
    await store.update(first.id, () => ({
      next: { ...reservedKey(owner), ...first.key, status: 'reserved', revokedBy: ['x'] },
      reply: undefined,
    }))
    const reserved = await peer.find({ clientId, status: 'reserved', limit: 10 })
    same(reserved.keys.length, keys.length, 'reserved keys')
    same((await peer.find({ clientId, status: 'active', limit: 10 })).keys, [], 'active keys')
    const page = await peer.find({ clientId, limit: 3 })
    const rest = await store.find({ clientId, after: page.next, limit: 3 })
    same(
      [...page.keys, ...rest.keys].map(({ id }) => id),
      keys.map(({ id }) => id),
      'two pages',
    )
    same(rest.next, undefined, 'no third page')
  })

  it('all keys are found in pages, and no erased one', async ({ store, peer }) => {
    const id = newKeyId()
    const key = { ...reservedKey(newId()), approvedAt: Date.now() + 60_000 }
    await write<ApiKey>(store, id, key)
    await write<ApiKey>(store, newKeyId(), { status: 'erased', keepUntil: later() })
    const found = new Set<string>()
    let after: string | undefined
    do {
      const page = await peer.find({ after, limit: 50 })
      for (const stored of page.keys) {
        check(stored.key.status !== 'erased', 'an erased key was found')
        found.add(stored.id)
      }
      after = page.next
    } while (after !== undefined && !found.has(id))
    check(found.has(id), 'the key was not found')
  })
}

const pendingGrant = (): PendingGrant => ({
  status: 'pending',
  request: REQUEST,
  userCode: 'WDJBMJHT',
  requestedAt: Date.now(),
  expiresAt: later(),
  intervalMs: policy.intervalMs,
  keepUntil: later() + policy.keepAfterExpiryMs,
})

const newTerms = (): KeyTerms => {
  const { keyPrefix: prefix, keyLifetimesMs } = policy
  const [lifetimeMs = later()] = keyLifetimesMs
  const deviceName = 'Maria’s laptop'
  return { name: NAME, prefix, scope: 'read', deviceName, lifetimeMs, approvedAt: Date.now() }
}

const reserve = (person: string) =>
  reserveKey({ person, terms: newTerms(), grant: pendingGrant(), policy })

/** A grant that `owner` approved, and the claim of its device. */
const newGrant = (
  owner: string,
): { readonly keyId: string; readonly claim: (now: number) => ClaimKey } => {
  const deviceCode = randomText(32)
  const keyId = keyIdOf(grantIdOf(deviceCode))
  const terms = { ...newTerms(), replaces: newId() }
  const grant: ApprovedGrant = {
    ...pendingGrant(),
    status: 'approved',
    person: owner,
    terms,
  }
  const allowed = { outcome: 'ok', scope: terms.scope } as const
  const salt = randomText(16)
  return {
    keyId,
    claim: (now) => ({ keyId, deviceCode, grant, redeemable: true, allowed, salt, now, policy }),
  }
}

const reservedKey = (owner: string): ReservedKey => ({
  status: 'reserved',
  name: NAME,
  owner,
  request: REQUEST,
  approvedAt: Date.now(),
  expiresAt: later(),
  keepUntil: later(),
})

/** A key that was issued, with its id and the hash of its secret. */
const claimed = async (
  store: ApiKeyStore,
  owner: string,
): Promise<{ readonly id: string; readonly secretHash: string }> => {
  const { keyId: id, claim } = newGrant(owner)
  const reply = await store.update(id, claimKey(claim(Date.now())))
  if (reply.outcome !== 'issued') throw new Error(`claim: expected issued, got ${reply.outcome}`)
  return { id, secretHash: secretHashOf(reply.apiKey) }
}

/** Keeps the value of a sample in the name of a key. */
const samplesIn = (keys: ApiKeyStore): StateStore<Sample> => ({
  update: (id, transition) =>
    keys.update(id, (key) => {
      const current =
        key?.status === 'reserved'
          ? { value: Number(key.name), keepUntil: key.keepUntil }
          : undefined
      const { next, reply } = transition(current)
      if (next === current) return { next: key, reply }
      if (next === undefined) return { next, reply }
      const { value, keepUntil } = next
      return { next: { ...reservedKey('kit'), name: `${value}`, keepUntil }, reply }
    }),
})
