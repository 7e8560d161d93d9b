import { randomText } from '../crypto.ts'
import type { ApiKeyStore, StateStore } from '../ports.ts'
import {
  type ApiKey,
  claimKey,
  confirmKey,
  keyIdOf,
  type ReservedKey,
  reserveKey,
  revokeKey,
  secretHashOf,
  useKey,
} from '../rules/api-key.ts'
import { createPolicy } from '../rules/policy.ts'
import { same } from './assertions.ts'
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
  testFindByOwner(it)
  testFindBySecretHash(it)

  testOutages(it, async ({ store, peer }) => {
    const owner = newId()
    const { id, secretHash } = await claimed(peer, owner)
    const now = Date.now()
    return {
      read: () => store.update(id, (key) => ({ next: key, reply: undefined })),
      write: () => store.update(id, useKey(now)),
      create: () => store.update(newId(), reserveKey(reservation(owner))),
      remove: () => store.update(id, () => ({ next: undefined, reply: undefined })),
      findByOwner: () => store.findByOwner(owner),
      findBySecretHash: () => store.findBySecretHash(secretHash),
    }
  })
}

type KeyKitTest = ReturnType<typeof kitTest<ApiKeyStore>>

const testKeys = (it: KeyKitTest): void => {
  it('a key comes back as it was written in every status', async ({ store, peer }) => {
    const { deviceCode, id } = aGrant()
    const reserved = reservation(newId())
    const expectBoth = async (expected: ApiKey): Promise<void> => {
      same(await read<ApiKey>(store, id), expected, 'own read')
      same(await read<ApiKey>(peer, id), expected, 'read of the other instance')
    }
    same(await store.update(id, reserveKey(reserved)), 'reserved', 'reply')
    await expectBoth({ status: 'reserved', ...reserved })
    const now = Date.now()
    const claim = await peer.update(id, claimKey({ deviceCode, redeemable: true, now, policy }))
    if (claim.outcome !== 'issued') throw new Error(`claim: expected issued, got ${claim.outcome}`)
    const secretHash = secretHashOf(claim.apiKey)
    const expiresAt = now + policy.keyLifetimeMs
    const keepUntil = expiresAt + policy.keepAfterExpiryMs
    const issued = { ...reserved, secretHash, expiresAt, keepUntil }
    await expectBoth({ ...issued, status: 'claimed', issuedAt: now })
    await store.update(id, confirmKey())
    const { salt: _, prefix: __, ...active } = issued
    await expectBoth({ ...active, status: 'active' })
    await peer.update(id, useKey(now + 1))
    await expectBoth({ ...active, status: 'active', lastUsedAt: now + 1 })
    const revocation = revokeKey({ owner: reserved.owner, now: now + 2 })
    same(await store.update(id, revocation), 'revoked', 'reply')
    const { expiresAt: ___, ...revoked } = active
    await expectBoth({ ...revoked, status: 'revoked', revokedAt: now + 2, delivered: true })
  })

  it('members that are absent stay absent', async ({ store, peer }) => {
    const { id } = aGrant()
    const bare = { ...reservation(newId()), request: { device: {} } }
    await store.update(id, reserveKey(bare))
    const expected = { status: 'reserved', ...bare }
    same(await read<ApiKey>(peer, id), expected, 'read of the other instance')
  })

  it('long texts and spaces at their ends are kept', async ({ store, peer }) => {
    const { id } = aGrant()
    const device = { address: '2001:db8::1', userAgent: longText(100) }
    const request = { clientId: longText(2_048), scope: longText(2_048), device }
    const reserved = { ...reservation(longText(256)), request }
    await store.update(id, reserveKey(reserved))
    const expected = { status: 'reserved', ...reserved }
    same(await read<ApiKey>(store, id), expected, 'own read')
    same(await read<ApiKey>(peer, id), expected, 'read of the other instance')
    const [listed] = await peer.findByOwner(reserved.owner)
    same(listed, { id, key: expected }, 'found by owner')
  })

  it('ids that differ in one character are kept apart', async ({ store }) => {
    const id = newId()
    const other = (digit: string): string => (digit === '0' ? '1' : '0')
    const ids = [id, id.slice(0, -1) + other(id.slice(-1)), other(id.slice(0, 1)) + id.slice(1)]
    for (const each of ids) await write<ApiKey>(store, each, reservedKey(each))
    for (const each of ids) same((await read<ApiKey>(store, each))?.owner, each, 'owner')
  })
}

const testRaces = (it: KeyKitTest): void => {
  it('only one of many parallel claims issues the key', async ({ store, peer }) => {
    for (let round = 0; round < 10; round++) {
      const { deviceCode, id } = aGrant()
      await store.update(id, reserveKey(reservation(newId())))
      // Both instances have seen the key, so a store with a cache writes without reading.
      await read<ApiKey>(peer, id)
      const now = Date.now()
      const claims = await Promise.all(
        Array.from({ length: CLAIMS }, (_, i) =>
          retry(() =>
            (i % 2 ? store : peer).update(
              id,
              claimKey({ deviceCode, redeemable: true, now, policy }),
            ),
          ),
        ),
      )
      const outcomes = claims.map(({ outcome }) => outcome)
      same(outcomes.filter((outcome) => outcome === 'issued').length, 1, 'issued')
      same(outcomes.filter((outcome) => outcome === 'in_flight').length, CLAIMS - 1, 'in flight')
    }
  })

  it('only one of two parallel reservations owns the key', async ({ store, peer }) => {
    for (let round = 0; round < 20; round++) {
      const { id } = aGrant()
      const [ann, bob] = [newId(), newId()]
      const replies = await Promise.all([
        retry(() => store.update(id, reserveKey(reservation(ann)))),
        retry(() => peer.update(id, reserveKey(reservation(bob)))),
      ])
      same(replies.toSorted(), ['already_processed', 'reserved'], 'replies')
      same((await read<ApiKey>(store, id))?.owner, replies[0] === 'reserved' ? ann : bob, 'owner')
    }
  })

  it('a use never overwrites a revocation', async ({ store, peer }) => {
    const owner = newId()
    for (let round = 0; round < 20; round++) {
      const { id } = await claimed(store, owner)
      // Both instances have seen the key while it worked.
      await Promise.all([read<ApiKey>(store, id), read<ApiKey>(peer, id)])
      await Promise.all([
        retry(() => store.update(id, useKey(Date.now()))),
        retry(() => peer.update(id, revokeKey({ owner, now: Date.now() }))),
      ])
      same((await read<ApiKey>(store, id))?.status, 'revoked', 'status')
      same((await store.update(id, useKey(Date.now()))).outcome, 'revoked', 'use')
    }
  })
}

const testFindByOwner = (it: KeyKitTest): void => {
  const idsOf = async (store: ApiKeyStore, owner: string): Promise<readonly string[]> =>
    (await store.findByOwner(owner)).map(({ id }) => id).toSorted()

  it('all keys of an owner are found, and no others', async ({ store, peer }) => {
    const [ann, bob] = [newId(), newId()]
    const ids = Array.from({ length: KEYS_OF_AN_OWNER }, newId)
    await Promise.all(ids.map((id, i) => write<ApiKey>(i % 2 ? store : peer, id, reservedKey(ann))))
    const { id } = await claimed(store, bob)
    same(await idsOf(store, ann), ids.toSorted(), "Ann's keys")
    same(await idsOf(peer, ann), ids.toSorted(), "Ann's keys by the other instance")
    same(await idsOf(peer, bob), [id], "Bob's keys")
    same(await idsOf(peer, newId()), [], 'keys of an unknown owner')
  })

  it('keys are found by their owner as they are now, in every status', async ({ store, peer }) => {
    const owner = newId()
    const { deviceCode, id } = aGrant()
    const expectFound = async (status: ApiKey['status'] | undefined): Promise<void> => {
      const key = await read<ApiKey>(store, id)
      same(key?.status, status, 'status')
      const expected = key ? [{ id, key }] : []
      same(await store.findByOwner(owner), expected, `own look-up, ${status}`)
      same(await peer.findByOwner(owner), expected, `look-up of the other instance, ${status}`)
    }
    await expectFound(undefined)
    await store.update(id, reserveKey(reservation(owner)))
    await expectFound('reserved')
    const now = Date.now()
    await peer.update(id, claimKey({ deviceCode, redeemable: true, now, policy }))
    await expectFound('claimed')
    await store.update(id, confirmKey())
    await expectFound('active')
    await peer.update(id, revokeKey({ owner, now }))
    await expectFound('revoked')
    await remove(store, id)
    await expectFound(undefined)
  })

  it('owners that look alike are different owners', async ({ store, peer }) => {
    const owners = lookAlikes(`ann.${newId()}`)
    const ids = owners.map(newId)
    for (const [i, id] of ids.entries()) {
      await write<ApiKey>(store, id, reservedKey(owners[i] ?? ''))
    }
    for (const [i, owner] of owners.entries()) {
      same(await idsOf(peer, owner), [ids[i]], `keys of ${JSON.stringify(owner)}`)
    }
  })
}

const testFindBySecretHash = (it: KeyKitTest): void => {
  it('a key is found by its secret from its claim on, in every status', async ({ store, peer }) => {
    const owner = newId()
    same(await store.findBySecretHash(secretHashOf('nothing')), undefined, 'unknown secret')
    const { id, secretHash } = await claimed(store, owner)
    const second = await claimed(store, owner)
    same((await peer.findBySecretHash(secretHash))?.id, id, 'claimed')
    await store.update(id, confirmKey())
    same((await peer.findBySecretHash(secretHash))?.key.status, 'active', 'active')
    await peer.update(id, revokeKey({ owner, now: Date.now() }))
    same((await store.findBySecretHash(secretHash))?.key.status, 'revoked', 'revoked')
    same((await store.findBySecretHash(second.secretHash))?.id, second.id, 'the second key')
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

const aGrant = (): { readonly deviceCode: string; readonly id: string } => ({
  deviceCode: randomText(32),
  id: keyIdOf(randomText(32)),
})

const reservation = (owner: string): Omit<ReservedKey, 'status'> => ({
  name: 'Device Link Access Key (WDJB-MJHT)',
  owner,
  request: {
    clientId: 'cli "é" $x.y',
    scope: 'read write',
    device: { address: '203.0.113.7', userAgent: 'kit/1.0' },
  },
  approvedAt: Date.now(),
  salt: randomText(16),
  prefix: 'dg_',
  expiresAt: later(),
  keepUntil: later(),
})

const reservedKey = (owner: string): ReservedKey => ({
  status: 'reserved',
  ...reservation(owner),
})

/** A key that was issued, with its id and the hash of its secret. */
const claimed = async (
  store: ApiKeyStore,
  owner: string,
): Promise<{ readonly id: string; readonly secretHash: string }> => {
  const { deviceCode, id } = aGrant()
  await store.update(id, reserveKey(reservation(owner)))
  const claim = await store.update(
    id,
    claimKey({ deviceCode, redeemable: true, now: Date.now(), policy }),
  )
  if (claim.outcome !== 'issued') throw new Error(`claim: expected issued, got ${claim.outcome}`)
  return { id, secretHash: secretHashOf(claim.apiKey) }
}

/** Keeps the value of a sample in the name of a key. */
const samplesIn = (keys: ApiKeyStore): StateStore<Sample> => ({
  update: (id, transition) =>
    keys.update(id, (key) => {
      const current = key && { value: Number(key.name), keepUntil: key.keepUntil }
      const { next, reply } = transition(current)
      if (next === current) return { next: key, reply }
      if (next === undefined) return { next, reply }
      const { value, keepUntil } = next
      return { next: { ...reservedKey('kit'), name: `${value}`, keepUntil }, reply }
    }),
})
