import {
  type ApiKey,
  createListApiKeys,
  createStaticClientRegistry,
  DEFAULT_POLICY,
  type ListApiKeysRequest,
  type ListedKey,
  type RegisteredClient,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import test from 'ava'
import { createMemoryService, type MemoryService, MINUTE, SECOND } from './memory-service.ts'

const request = { device: {} }

/** A service in which ann has so many active keys, the last one approved now. */
const aServiceWithKeys = async (count: number) => {
  const service = createMemoryService()
  const put = (id: string, key: ApiKey) =>
    service.stores.apiKeys.update(id, () => ({ next: key, reply: undefined }))
  const now = service.clock.now()
  const aKey = (approvedAt: number): ApiKey => ({
    status: 'active',
    name: 'a key',
    owner: 'ann',
    request,
    approvedAt,
    secretHash: 'hash',
    expiresAt: now + 60 * MINUTE,
    lastUsedAt: now,
    keepUntil: now + 70 * MINUTE,
  })
  for (let i = 0; i < count; i++) await put(`key-${i}`, aKey(now - i))
  return { service, put, aKey, now }
}

const idsOf = (keys: readonly ListedKey[]): string[] => keys.map(({ id }) => id)
const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `key-${from + i}`)

/** The ids of all pages. */
const pagesOf = async (service: MemoryService, query: Omit<ListApiKeysRequest, 'after'>) => {
  const pages: string[][] = []
  let after: string | undefined
  do {
    const page = await service.listApiKeys({ ...query, after })
    pages.push(idsOf(page.keys))
    after = page.next
  } while (after !== undefined)
  return pages
}

test('keys come in pages of 50, the newest first, and the last page has no next', async (t) => {
  const { service } = await aServiceWithKeys(120)
  const first = await service.listApiKeys({ owner: 'ann' })
  t.deepEqual(idsOf(first.keys), numbered(0, 50))
  t.is(typeof first.next, 'string')
  const second = await service.listApiKeys({ owner: 'ann', after: first.next })
  t.deepEqual(idsOf(second.keys), numbered(50, 100))
  const third = await service.listApiKeys({ owner: 'ann', after: second.next })
  t.deepEqual(idsOf(third.keys), numbered(100, 120))
  t.is(third.next, undefined)
})

test('a page has as many keys as were asked for', async (t) => {
  const { service } = await aServiceWithKeys(7)
  for (const limit of [1, 2, 3, 7, 8]) {
    const pages = await pagesOf(service, { owner: 'ann', limit })
    t.deepEqual(pages.flat(), numbered(0, 7))
    for (const page of pages.slice(0, -1)) t.is(page.length, limit)
  }
})

test('keys that work no more are left out, and pages are full without them', async (t) => {
  const { service, put, aKey, now } = await aServiceWithKeys(20)
  for (let i = 0; i < 20; i += 2) {
    const { lastUsedAt: _, ...key } = aKey(now - i) as Extract<ApiKey, { status: 'active' }>
    const ended = [
      { ...key, status: 'revoked', revokedAt: now },
      { ...key, status: 'active', lastUsedAt: now, expiresAt: now },
      { ...key, status: 'parked', expiresAt: now } as unknown as ApiKey,
      { status: 'erased', keepUntil: key.keepUntil },
    ] as const
    await put(`key-${i}`, ended[(i / 2) % 4] as ApiKey)
  }
  const pages = await pagesOf(service, { owner: 'ann', limit: 4 })
  const odd = numbered(0, 20).filter((_, i) => i % 2 === 1)
  t.deepEqual(pages.flat(), odd)
  t.deepEqual(
    pages.map(({ length }) => length).filter((length) => length > 0),
    [4, 4, 2],
  )
})

test('a key with the status of a newer version is listed as unknown, if it can be shown', async (t) => {
  const { service, put, aKey, now } = await aServiceWithKeys(1)
  const parked = { ...aKey(now + 1), status: 'parked', scope: 'read', deviceName: 'Tablet' }
  await put('key-new', parked as unknown as ApiKey)
  await put('key-odd', { ...parked, name: undefined } as unknown as ApiKey)
  const { keys } = await service.listApiKeys({ owner: 'ann' })
  t.deepEqual(idsOf(keys), ['key-new', 'key-0'])
  t.like(keys[0], { status: 'unknown', scope: 'read', deviceName: 'Tablet', name: 'a key' })
})

test('keys come with what the registry and the catalogue say of them', async (t) => {
  const acme: RegisteredClient = {
    clientId: 'acme',
    name: { text: 'Acme CLI' },
    authentication: { method: 'none' },
  }
  const catalogue = new Map([['read', { description: { text: 'See your projects' } }]])
  const { service, put, aKey, now } = await aServiceWithKeys(1)
  const listApiKeys = createListApiKeys({
    apiKeys: service.stores.apiKeys,
    clock: service.clock,
    policy: DEFAULT_POLICY,
    clients: createStaticClientRegistry([acme]),
    scopes: { scopes: () => catalogue },
  })
  const key = aKey(now + 1) as Extract<ApiKey, { status: 'active' }>
  await put('key-acme', { ...key, request: { ...key.request, clientId: 'acme' } })
  const list = await listApiKeys({ owner: 'ann' })
  t.is(list.catalogue, catalogue)
  t.deepEqual(
    list.keys.map(({ client }) => client),
    [acme, undefined],
  )
})

test('a key that was approved after the first page was read moves no other one', async (t) => {
  const { service, put, aKey, now } = await aServiceWithKeys(6)
  const first = await service.listApiKeys({ owner: 'ann', limit: 3 })
  await put('key-new', aKey(now + 5))
  const second = await service.listApiKeys({ owner: 'ann', limit: 3, after: first.next })
  t.deepEqual(idsOf(second.keys), numbered(3, 6))
  t.deepEqual(idsOf((await service.listApiKeys({ owner: 'ann', limit: 1 })).keys), ['key-new'])
})

test('a person without keys has one empty page', async (t) => {
  const { service } = await aServiceWithKeys(3)
  t.deepEqual(await service.listApiKeys({ owner: 'bob' }), {
    keys: [],
    next: undefined,
    revocationDelayMs: SECOND,
  })
})

test('a text that is no cursor gives an empty page', async (t) => {
  const { service } = await aServiceWithKeys(3)
  const page = await service.listApiKeys({ owner: 'ann', after: 'no cursor' })
  t.deepEqual(page, { keys: [], next: undefined, revocationDelayMs: SECOND })
})

test('a key is waiting until its pick-up, unused until its first use, and active then', async (t) => {
  const service = createMemoryService()
  const { clock } = service
  const { deviceCode, userCode } = issued(await service.authorizeDevice({ device: {} }))
  const status = async () => (await service.listApiKeys({ owner: 'ann' })).keys[0]?.status
  t.is(await status(), undefined)
  await service.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
  t.is(await status(), 'waiting')
  const reply = await service.pollForToken({ deviceCode })
  if (reply.outcome !== 'granted') return t.fail(reply.outcome)
  t.is(await status(), 'unused')
  clock.pass(10 * MINUTE)
  t.is(await status(), 'unused')
  await service.authenticateApiKey(reply.apiKey)
  t.is(await status(), 'active')
})

test('a waiting key leaves the list when it can be picked up no more', async (t) => {
  const service = createMemoryService()
  const { userCode } = issued(await service.authorizeDevice({ device: {} }))
  await service.answerUserCode({ userCode, person: 'ann', decision: 'approve' })
  const listed = async () => (await service.listApiKeys({ owner: 'ann' })).keys.length
  service.clock.pass(10 * MINUTE + 61 * SECOND - 1)
  t.is(await listed(), 1)
  service.clock.pass(1)
  t.is(await listed(), 0)
})

test('a revocation of all keys reads them in bounded pages', async (t) => {
  const limits: number[] = []
  const { service: filled } = await aServiceWithKeys(250)
  const service = createMemoryService(undefined, () => ({
    ...filled.stores,
    apiKeys: {
      read: (id) => filled.stores.apiKeys.read(id),
      update: (id, transition) => filled.stores.apiKeys.update(id, transition),
      find: (query) => {
        limits.push(query.limit)
        return filled.stores.apiKeys.find(query)
      },
    },
  }))
  t.is(await service.revokeAllApiKeys('ann'), 250)
  t.deepEqual(limits, [100, 100, 100])
  t.deepEqual((await service.listApiKeys({ owner: 'ann' })).keys, [])
})
