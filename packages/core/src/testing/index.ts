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
import type { Retained } from '../rules/transition.ts'
import { StoreConflictError } from '../store-errors.ts'

/** A test runner's `test`: ava's, node:test's or vitest's will do. */
export type Test = (title: string, run: (t: unknown) => Promise<void>) => unknown

/** ava wants to hear that something was checked; other runners do not mind. */
const pass = (t: unknown): void => {
  if (t instanceof Object && 'pass' in t && typeof t.pass === 'function') t.pass()
}

/** Two instances on the same data: two processes, as far as the store can tell. */
export interface StorePair<Store> {
  readonly store: Store
  /** For stores that live in one process only: the same object again. */
  readonly peer: Store
  readonly close?: (() => Promise<void>) | undefined
}

/** The state that the kit for `StateStore` keeps. */
export interface Sample extends Retained {
  readonly value: number
  readonly by?: string | undefined
  readonly nested?: { readonly text: string; readonly list: readonly number[] }
}

const later = (): number => Date.now() + 600_000
const anId = (): string => `kit-${randomText(16)}`

const check = (holds: boolean, message: string): void => {
  if (!holds) throw new Error(message)
}

const same = (actual: unknown, expected: unknown, what: string): void => {
  const [a, b] = [canonical(actual), canonical(expected)]
  check(a === b, `${what}: expected ${b}, got ${a}`)
}

const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  ) ?? 'undefined'

const read = <S extends Retained>(store: StateStore<S>, id: string): Promise<S | undefined> =>
  store.update(id, (state) => ({ next: state, reply: state }))

/** Tries again after a lost race, as a caller may: nothing was written then. */
const insist = async <R>(update: () => Promise<R>): Promise<R> => {
  for (;;) {
    try {
      return await update()
    } catch (fault) {
      if (!(fault instanceof StoreConflictError)) throw fault
    }
  }
}

const titled = <Store>(
  test: Test,
  create: () => Promise<StorePair<Store>>,
): ((title: string, run: (pair: StorePair<Store>) => Promise<void>) => void) => {
  return (title, run) => {
    test(title, async (t) => {
      const pair = await create()
      try {
        await run(pair)
      } finally {
        await pair.close?.()
      }
      pass(t)
    })
  }
}

/**
 * What every `StateStore` has to do, as tests: call it with your runner's `test` and a function that
 * makes two instances of your store on the same data.
 */
export const testStateStore = (
  test: Test,
  create: () => Promise<StorePair<StateStore<Sample>>>,
): void => {
  const it = titled(test, create)

  it('an unknown id has no state', async ({ store }) => {
    same(await read(store, anId()), undefined, 'state')
  })

  it('a state comes back as it was written, from either instance', async ({ store, peer }) => {
    const id = anId()
    const state: Sample = {
      value: Number.MAX_SAFE_INTEGER,
      by: 'Zoë "\\ \u0000 \u2028 😀 {x} $set',
      nested: { text: '', list: [0, -1, 1.5] },
      keepUntil: later(),
    }
    same(await store.update(id, () => ({ next: state, reply: 'written' })), 'written', 'reply')
    same(await read(store, id), state, 'own read')
    same(await read(peer, id), state, 'read of the other instance')
  })

  it('ids are kept apart, whatever their characters', async ({ store }) => {
    const base = anId()
    const ids = ['', ':', '.', '$', '{a}', '*', ' ', 'A', 'a', 'é'].map((tail) => base + tail)
    for (const [value, id] of ids.entries()) {
      await store.update(id, () => ({ next: { value, keepUntil: later() }, reply: undefined }))
    }
    for (const [value, id] of ids.entries()) same((await read(store, id))?.value, value, id)
  })

  it('the same reference writes nothing, and undefined removes', async ({ store, peer }) => {
    const id = anId()
    await store.update(id, () => ({ next: { value: 1, keepUntil: later() }, reply: undefined }))
    same(await store.update(id, (s) => ({ next: s, reply: s?.value })), 1, 'reply')
    same((await read(peer, id))?.value, 1, 'kept')
    await store.update(id, () => ({ next: undefined, reply: undefined }))
    same(await read(store, id), undefined, 'removed')
    same(await read(peer, id), undefined, 'removed for the other instance')
    await peer.update(id, (s) => ({
      next: { value: s ? -1 : 2, keepUntil: later() },
      reply: undefined,
    }))
    same((await read(store, id))?.value, 2, 'written anew')
  })

  it('a reply never comes from a state that is not true any more', async ({ store, peer }) => {
    const id = anId()
    const set = (value: number) => () => ({ next: { value, keepUntil: later() }, reply: undefined })
    await store.update(id, set(1))
    await peer.update(id, set(2))
    same((await read(store, id))?.value, 2, 'a reply that writes nothing')
    await peer.update(id, set(3))
    const seen = await store.update(id, (s) => ({
      next: { value: 4, keepUntil: later() },
      reply: s?.value,
    }))
    same(seen, 3, 'a reply that writes')
    await peer.update(id, () => ({ next: undefined, reply: undefined }))
    same(await read(store, id), undefined, 'a removal by the other instance')
  })

  it('a transition that throws writes nothing', async ({ store }) => {
    const id = anId()
    const fault = new Error('on purpose')
    let caught: unknown
    try {
      await store.update(id, () => {
        throw fault
      })
    } catch (error) {
      caught = error
    }
    check(caught === fault, 'the very error reaches the caller')
    same(await read(store, id), undefined, 'state')
  })

  it('parallel increments from two instances are all counted, each once', async ({
    store,
    peer,
  }) => {
    const id = anId()
    const replies = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        insist(() =>
          (i % 2 ? store : peer).update(id, (s) => {
            const value = (s?.value ?? 0) + 1
            return { next: { value, keepUntil: later() }, reply: value }
          }),
        ),
      ),
    )
    same(
      replies.toSorted((a, b) => a - b),
      Array.from({ length: 60 }, (_, i) => i + 1),
      'replies',
    )
    same((await read(store, id))?.value, 60, 'sum')
  })

  it('of many who create the same id one succeeds', async ({ store, peer }) => {
    for (let round = 0; round < 10; round++) {
      const id = anId()
      const created = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          insist(() =>
            (i % 2 ? store : peer).update(id, (s) =>
              s
                ? { next: s, reply: false }
                : { next: { value: i, keepUntil: later() }, reply: true },
            ),
          ),
        ),
      )
      same(created.filter(Boolean).length, 1, 'winners')
      same((await read(store, id))?.value, created.indexOf(true), 'the winner is the one kept')
    }
  })

  it('of two opposite decisions one wins, and both callers hear which', async ({ store, peer }) => {
    for (let round = 0; round < 50; round++) {
      const id = anId()
      await store.update(id, () => ({ next: { value: 0, keepUntil: later() }, reply: undefined }))
      // Both instances have seen it, so both go straight for the write.
      await read(peer, id)
      const decide = (by: string) => (s: Sample | undefined) =>
        s && s.by === undefined
          ? { next: { ...s, by }, reply: by }
          : { next: s, reply: s?.by ?? 'lost' }
      const [one, two] = await Promise.all([
        insist(() => store.update(id, decide('one'))),
        insist(() => peer.update(id, decide('two'))),
      ])
      same(one, two, 'both replies')
      same((await read(peer, id))?.by, one, 'what is kept')
    }
  })

  it('a later keepUntil keeps a state longer', async ({ store, peer }) => {
    const id = anId()
    await store.update(id, () => ({
      next: { value: 1, keepUntil: Date.now() + 50 },
      reply: undefined,
    }))
    await store.update(id, () => ({ next: { value: 2, keepUntil: later() }, reply: undefined }))
    const end = Date.now() + 100
    while (Date.now() < end) await read(peer, id)
    same((await read(peer, id))?.value, 2, 'state')
  })
}

/** What every `ApiKeyStore` has to do, as tests; called like `testStateStore`. */
export const testApiKeyStore = (
  test: Test,
  create: () => Promise<StorePair<ApiKeyStore>>,
): void => {
  const it = titled(test, create)
  const policy = createPolicy()
  const aGrant = () => ({ deviceCode: randomText(32), id: keyIdOf(randomText(32)) })
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
  const claimed = async (store: ApiKeyStore, owner: string) => {
    const { deviceCode, id } = aGrant()
    await store.update(id, reserveKey(reservation(owner)))
    const claim = await store.update(
      id,
      claimKey({ deviceCode, redeemable: true, now: Date.now(), policy }),
    )
    if (claim.outcome !== 'issued') throw new Error(`not told but ${claim.outcome}`)
    return { id, deviceCode, apiKey: claim.apiKey, hash: secretHashOf(claim.apiKey) }
  }

  it('a key comes back as it was written in every status', async ({ store, peer }) => {
    const { deviceCode, id } = aGrant()
    const asked = reservation(anId())
    const expectBoth = async (expected: ApiKey): Promise<void> => {
      same(await read<ApiKey>(store, id), expected, 'own read')
      same(await read<ApiKey>(peer, id), expected, 'read of the other instance')
    }
    same(await store.update(id, reserveKey(asked)), 'reserved', 'reply')
    await expectBoth({ status: 'reserved', ...asked })
    const now = Date.now()
    const claim = await peer.update(id, claimKey({ deviceCode, redeemable: true, now, policy }))
    if (claim.outcome !== 'issued') throw new Error(`not told but ${claim.outcome}`)
    const secretHash = secretHashOf(claim.apiKey)
    const expiresAt = now + policy.keyLifetimeMs
    const keepUntil = expiresAt + policy.keepAfterExpiryMs
    const works = { ...asked, secretHash, expiresAt, keepUntil }
    await expectBoth({ ...works, status: 'claimed', issuedAt: now })
    await store.update(id, confirmKey())
    const { salt: _, prefix: __, ...active } = works
    await expectBoth({ ...active, status: 'active' })
    await peer.update(id, useKey(now + 1))
    await expectBoth({ ...active, status: 'active', lastUsedAt: now + 1 })
    same(
      await store.update(id, revokeKey({ owner: asked.owner, now: now + 2 })),
      'revoked',
      'reply',
    )
    const { expiresAt: ___, ...revoked } = active
    await expectBoth({ ...revoked, status: 'revoked', revokedAt: now + 2, delivered: true })
  })

  it('members that are absent stay absent', async ({ store, peer }) => {
    const { id } = aGrant()
    const bare = { ...reservation(anId()), request: { device: {} } }
    await store.update(id, reserveKey(bare))
    same(
      await read<ApiKey>(peer, id),
      { status: 'reserved', ...bare },
      'read of the other instance',
    )
  })

  it('a key is found by its secret from claim to revocation, never before', async ({
    store,
    peer,
  }) => {
    const owner = anId()
    same(await store.findBySecretHash(secretHashOf('nothing')), undefined, 'unknown secret')
    const { id, hash } = await claimed(store, owner)
    const second = await claimed(store, owner)
    same((await peer.findBySecretHash(hash))?.id, id, 'claimed')
    await store.update(id, confirmKey())
    same((await peer.findBySecretHash(hash))?.key.status, 'active', 'active')
    await peer.update(id, revokeKey({ owner, now: Date.now() }))
    same((await store.findBySecretHash(hash))?.key.status, 'revoked', 'revoked')
    same((await store.findBySecretHash(second.hash))?.id, second.id, 'the other one')
  })

  it('an owner finds their own keys, all of them and no others', async ({ store, peer }) => {
    const [ann, bob] = [anId(), anId()]
    const keys = [await claimed(store, ann), await claimed(peer, ann)]
    const reserved = aGrant().id
    await store.update(reserved, reserveKey(reservation(ann)))
    const other = await claimed(store, bob)
    const idsOf = async (owner: string) =>
      (await peer.findByOwner(owner)).map(({ id }) => id).sort()
    same(await idsOf(ann), [reserved, ...keys.map(({ id }) => id)].sort(), "Ann's")
    same(await idsOf(bob), [other.id], "Bob's")
    same(await idsOf(anId()), [], "nobody's")
  })

  it('of many who claim one key one is told', async ({ store, peer }) => {
    for (let round = 0; round < 10; round++) {
      const { deviceCode, id } = aGrant()
      await store.update(id, reserveKey(reservation(anId())))
      // Both instances have seen it, so both go straight for the write.
      await read<ApiKey>(peer, id)
      const claims = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          insist(() =>
            (i % 2 ? store : peer).update(
              id,
              claimKey({ deviceCode, redeemable: true, now: Date.now(), policy }),
            ),
          ),
        ),
      )
      const outcomes = claims.map(({ outcome }) => outcome)
      same(outcomes.filter((outcome) => outcome === 'issued').length, 1, 'issued')
      same(outcomes.filter((outcome) => outcome === 'in_flight').length, 39, 'told to wait')
    }
  })

  it('of two who reserve one key one owns it', async ({ store, peer }) => {
    for (let round = 0; round < 20; round++) {
      const { id } = aGrant()
      const [ann, bob] = [anId(), anId()]
      const replies = await Promise.all([
        insist(() => store.update(id, reserveKey(reservation(ann)))),
        insist(() => peer.update(id, reserveKey(reservation(bob)))),
      ])
      same(replies.toSorted(), ['already_processed', 'reserved'], 'replies')
      same((await read<ApiKey>(store, id))?.owner, replies[0] === 'reserved' ? ann : bob, 'owner')
    }
  })

  it('a use is never written over a revocation', async ({ store, peer }) => {
    const owner = anId()
    for (let round = 0; round < 20; round++) {
      const { id, hash } = await claimed(store, owner)
      // Both instances have seen the key while it worked.
      await Promise.all([store.findBySecretHash(hash), peer.findBySecretHash(hash)])
      await Promise.all([
        insist(() => store.update(id, useKey(Date.now()))),
        insist(() => peer.update(id, revokeKey({ owner, now: Date.now() }))),
      ])
      same((await store.findBySecretHash(hash))?.key.status, 'revoked', 'status')
      same((await store.update(id, useKey(Date.now()))).outcome, 'revoked', 'use')
    }
  })
}
