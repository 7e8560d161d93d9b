import { mock } from 'node:test'
import {
  type ActiveKey,
  type ApiKey,
  type ApiKeyStore,
  createMemoryStores,
  createPolicy,
  createUseCases,
  StoreUnavailableError,
  type UseCases,
} from '@device-grant/core'
import { TestClock } from '@device-grant/test-support/clock'
import test from 'ava'
import { dropEndedKeys, KeyCheckCache } from '#src/use-cases/key-check-cache.js'
import {
  changedKeys,
  createMemoryService,
  logIn,
  type MemoryService,
  MINUTE,
  SECOND,
} from './memory-service.ts'

const START = Date.UTC(2030, 0, 1)
const key: ActiveKey = {
  status: 'active',
  name: 'a key',
  owner: 'ann',
  request: { device: {} },
  approvedAt: START,
  secretHash: 'hash',
  expiresAt: START + 10 * MINUTE,
  lastUsedAt: START,
  keepUntil: START + 20 * MINUTE,
}
const answer = undefined
const found = { secretHash: 'hash', key, answer }

/** A cache with its clock, which is not the time of day. */
const aCache = (maxAgeMs = 1_000) => {
  let now = 5
  const cache = new KeyCheckCache({ maxAgeMs, now: () => now })
  return {
    cache,
    pass: (ms: number) => {
      now += ms
    },
    keep: (keyId = 'id', secretHash = 'hash') =>
      cache.end(cache.begin(keyId), { secretHash, key, answer }),
  }
}

test('a check is kept for the time of the policy, and no longer', (t) => {
  const { cache, pass, keep } = aCache()
  t.is(cache.get('hash'), undefined)
  keep()
  t.is(cache.get('hash')?.key, key)
  t.is(cache.get('another hash'), undefined)
  pass(999)
  t.is(cache.get('hash')?.key, key)
  pass(1)
  t.is(cache.get('hash'), undefined)
})

test('the age of a check is counted from the start of its read', (t) => {
  const { cache, pass } = aCache()
  const read = cache.begin('id')
  pass(700)
  cache.end(read, found)
  pass(299)
  t.is(cache.get('hash')?.key, key)
  pass(1)
  t.is(cache.get('hash'), undefined)
  const slow = cache.begin('id')
  pass(1_000)
  cache.end(slow, found)
  t.is(cache.get('hash'), undefined, 'a slow read is too old when it ends')
})

test('a later read replaces what an earlier one found', (t) => {
  const { cache, pass, keep } = aCache()
  keep()
  pass(600)
  keep()
  pass(600)
  t.is(cache.get('hash')?.key, key)
})

test('a read that finds nothing keeps nothing, and removes nothing', (t) => {
  const { cache, keep } = aCache()
  cache.end(cache.begin('id'))
  t.is(cache.get('hash'), undefined)
  keep()
  cache.end(cache.begin('id'))
  t.is(cache.get('hash')?.key, key)
})

test('a maximum age of 0 keeps nothing', (t) => {
  const { cache, keep } = aCache(0)
  keep()
  t.is(cache.get('hash'), undefined)
})

test('a key that is dropped is gone, and another one stays', (t) => {
  const { cache, keep } = aCache()
  keep('id', 'hash')
  keep('other', 'other hash')
  cache.drop('id')
  cache.drop('unknown')
  t.is(cache.get('hash'), undefined)
  t.is(cache.get('other hash')?.key, key)
  cache.drop('other')
  t.is(cache.get('other hash'), undefined)
})

test('a read that began before its key was dropped is void, and a later one is not', (t) => {
  const { cache } = aCache()
  const [early, earlyToo, other] = [cache.begin('id'), cache.begin('id'), cache.begin('other')]
  cache.drop('id')
  const late = cache.begin('id')
  for (const read of [early, earlyToo]) {
    cache.end(read, found)
    t.is(cache.get('hash'), undefined)
  }
  cache.end(late, found)
  t.is(cache.get('hash')?.key, key)
  cache.end(other, { secretHash: 'other hash', key, answer })
  t.is(cache.get('other hash')?.key, key)
})

test('a read that ends makes no other read of the same key valid', (t) => {
  const { cache } = aCache()
  const [one, other] = [cache.begin('id'), cache.begin('id')]
  cache.end(one)
  cache.drop('id')
  cache.end(other, found)
  t.is(cache.get('hash'), undefined)
})

test('10 000 checks are kept at most, and the oldest makes room', (t) => {
  const { cache, keep } = aCache()
  for (let i = 0; i < 10_000; i++) keep(`id ${i}`, `hash ${i}`)
  keep('id 1', 'hash 1')
  keep('one more', 'hash of one more')
  t.is(cache.get('hash 0'), undefined)
  const kept = Array.from({ length: 10_000 }, (_, i) => cache.get(`hash ${i}`))
  t.is(kept.filter((each) => each !== undefined).length, 9_999)
  t.is(cache.get('hash of one more')?.key, key)
  keep('another', 'hash of another')
  t.is(cache.get('hash 2'), undefined, 'the check of id 1 was renewed')
  cache.drop('id 1')
  t.is(cache.get('hash 1'), undefined)
})

/** A store whose updates and reads wait until a test lets them go on. */
const heldKeys = (apiKeys: ApiKeyStore) => {
  const waiting: (() => void)[] = []
  let held = false
  const wait = async (): Promise<void> => {
    if (held) await new Promise<void>((resolve) => waiting.push(resolve))
  }
  return {
    hold: () => {
      held = true
    },
    release: () => {
      held = false
      for (const resolve of waiting.splice(0)) resolve()
    },
    store: changedKeys(apiKeys, {
      read: async (id) => {
        const read = await apiKeys.read(id)
        await wait()
        return read
      },
    }),
  }
}

/** Counts the commands of a key store. */
const counted = (apiKeys: ApiKeyStore, count: (command: string) => void): ApiKeyStore =>
  changedKeys(apiKeys, {
    read: (id) => {
      count('read')
      return apiKeys.read(id)
    },
    update: (id, transition) => {
      count('update')
      return apiKeys.update(id, transition)
    },
  })

/** A service that counts the commands of its key store. */
const aCountingService = (policy = createPolicy()) => {
  const commands: string[] = []
  const service = createMemoryService(policy, (stores) => ({
    ...stores,
    apiKeys: counted(stores.apiKeys, (command) => commands.push(command)),
  }))
  /** Checks a key. Returns the outcome and the commands that it took. */
  const check = async (apiKey: string): Promise<string> => {
    commands.length = 0
    const { outcome } = await service.authenticateApiKey(apiKey)
    return [outcome, ...commands].join(' ')
  }
  return { service, check }
}

test('a key that is checked again within a second is not read again', async (t) => {
  const { service, check } = aCountingService()
  const { apiKey } = await logIn(service)
  t.is(await check(apiKey), 'valid read update', 'the first use')
  service.clock.pass(999)
  t.is(await check(apiKey), 'valid')
  service.clock.pass(1)
  t.is(await check(apiKey), 'valid read')
})

test('keyCheckMaxAgeMs 0 reads the key each time', async (t) => {
  const { service, check } = aCountingService(createPolicy({ keyCheckMaxAgeMs: 0 }))
  const { apiKey } = await logIn(service)
  await check(apiKey)
  t.is(await check(apiKey), 'valid read')
  t.is(await check(apiKey), 'valid read')
})

test('a kept check does not delay the use that is written once a minute', async (t) => {
  const { service, check } = aCountingService()
  const { apiKey } = await logIn(service)
  await check(apiKey)
  service.clock.pass(MINUTE - 500)
  t.is(await check(apiKey), 'valid read')
  service.clock.pass(499)
  t.is(await check(apiKey), 'valid')
  service.clock.pass(1)
  t.is(await check(apiKey), 'valid read update')
})

test('a kept check says nothing about another secret of the same key', async (t) => {
  const { service, check } = aCountingService()
  const [one, two] = [await logIn(service), await logIn(service)]
  await check(one.apiKey)
  t.is(await check(two.apiKey), 'valid read update')
  t.is(await check(`${one.apiKey.slice(0, -1)}`), 'malformed')
})

test('the expiry of a kept check is looked at each time', async (t) => {
  const policy = createPolicy({ keyCheckMaxAgeMs: MINUTE, keyLifetimesMs: [5 * SECOND] })
  const { service, check } = aCountingService(policy)
  const { apiKey } = await logIn(service)
  await check(apiKey)
  service.clock.pass(5 * SECOND - 1)
  t.is(await check(apiKey), 'valid')
  service.clock.pass(1)
  t.is(await check(apiKey), 'expired')
})

test.serial('by default the age of a check is measured by performance.now', async (t) => {
  let now = 1_000
  const monotonic = mock.method(performance, 'now', () => now)
  try {
    const clock = new TestClock()
    const { apiKeys, ...stores } = createMemoryStores({ clock })
    let reads = 0
    const counting = counted(apiKeys, (command) => {
      if (command === 'read') reads += 1
    })
    const service = createUseCases({ ...stores, apiKeys: counting, clock })
    const { apiKey } = await logIn(service)
    for (const [ms, expected] of [
      [0, 1],
      [999, 1],
      [1, 2],
    ] as const) {
      now += ms
      t.is((await service.authenticateApiKey(apiKey)).outcome, 'valid')
      t.is(reads, expected, `after ${ms} ms`)
    }
  } finally {
    monotonic.mock.restore()
  }
})

/** Two processes on the same stores, with a second of kept checks. */
const twoProcesses = () => {
  const clock = new TestClock()
  const stores = createMemoryStores({ clock })
  const process = (): UseCases => createUseCases({ ...stores, clock, monotonic: clock.now })
  return { clock, here: process(), elsewhere: process() }
}

test('a revocation holds at once in its process, and within a second in others', async (t) => {
  for (const revoke of [
    (service: UseCases, keyId: string) => service.revokeApiKey({ owner: 'ann', keyId }),
    (service: UseCases) => service.revokeAllApiKeys('ann'),
  ]) {
    const { clock, here, elsewhere } = twoProcesses()
    const { apiKey, keyId } = await logIn(here)
    for (const service of [here, elsewhere]) await service.authenticateApiKey(apiKey)
    await revoke(here, keyId)
    t.is((await here.authenticateApiKey(apiKey)).outcome, 'revoked')
    t.is((await elsewhere.authenticateApiKey(apiKey)).outcome, 'valid')
    clock.pass(999)
    t.is((await elsewhere.authenticateApiKey(apiKey)).outcome, 'valid')
    clock.pass(1)
    t.is((await elsewhere.authenticateApiKey(apiKey)).outcome, 'revoked')
  }
})

test('a use elsewhere does not lengthen a kept check', async (t) => {
  const { clock, here, elsewhere } = twoProcesses()
  const { apiKey, keyId } = await logIn(here)
  await elsewhere.authenticateApiKey(apiKey)
  clock.pass(500)
  await elsewhere.authenticateApiKey(apiKey)
  await here.revokeApiKey({ owner: 'ann', keyId })
  clock.pass(500)
  t.is((await elsewhere.authenticateApiKey(apiKey)).outcome, 'revoked')
})

test('a check whose read was answered before a revocation is not kept after it', async (t) => {
  const held: { keys?: ReturnType<typeof heldKeys> } = {}
  const service = createMemoryService(undefined, (stores) => {
    held.keys = heldKeys(stores.apiKeys)
    return { ...stores, apiKeys: held.keys.store }
  })
  const { keys } = held
  if (!keys) return t.fail()
  const { apiKey, keyId } = await logIn(service)
  await service.authenticateApiKey(apiKey)
  service.clock.pass(SECOND)
  keys.hold()
  const check = service.authenticateApiKey(apiKey)
  await service.revokeApiKey({ owner: 'ann', keyId })
  keys.release()
  t.is((await check).outcome, 'valid', 'it was valid when it was read')
  t.is((await service.authenticateApiKey(apiKey)).outcome, 'revoked')
})

test('while a revocation is being written keys are read, and not kept after it', async (t) => {
  const held: { writing?: () => void; answered?: Promise<void> } = {}
  let reads = 0
  const service = createMemoryService(undefined, ({ apiKeys, ...stores }) => ({
    ...stores,
    apiKeys: changedKeys(apiKeys, {
      read: (id) => {
        reads += 1
        return apiKeys.read(id)
      },
      update: async (id, transition) => {
        if (!held.answered) return apiKeys.update(id, transition)
        // The rule has run, and the write is on its way.
        const step = transition(await apiKeys.read(id))
        held.writing?.()
        await held.answered
        return apiKeys.update(id, () => step)
      },
    }),
  }))
  const { apiKey, keyId } = await logIn(service)
  await service.authenticateApiKey(apiKey)
  let answer = (): void => {}
  held.answered = new Promise((resolve) => {
    answer = resolve
  })
  const writing = new Promise<void>((resolve) => {
    held.writing = resolve
  })
  const revocation = service.revokeApiKey({ owner: 'ann', keyId })
  await writing
  reads = 0
  t.is((await service.authenticateApiKey(apiKey)).outcome, 'valid')
  t.is(reads, 1, 'the check of before is dropped')
  answer()
  t.is(await revocation, 'revoked')
  t.is((await service.authenticateApiKey(apiKey)).outcome, 'revoked')
})

test('a revocation whose answer is lost drops the check too', async (t) => {
  const outage = { fails: false }
  const service = createMemoryService(undefined, (stores) => ({
    ...stores,
    apiKeys: changedKeys(stores.apiKeys, {
      update: async (id, transition) => {
        const reply = await stores.apiKeys.update(id, transition)
        if (outage.fails) throw new StoreUnavailableError('answer lost')
        return reply
      },
    }),
  }))
  const { apiKey, keyId } = await logIn(service)
  await service.authenticateApiKey(apiKey)
  outage.fails = true
  await t.throwsAsync(service.revokeApiKey({ owner: 'ann', keyId }))
  t.is((await service.authenticateApiKey(apiKey)).outcome, 'revoked')
})

/** A service whose key store can be switched off. */
const aServiceWithOutages = (policy = createPolicy()) => {
  const down = { read: false, update: false }
  const service: MemoryService = createMemoryService(policy, (stores) => ({
    ...stores,
    apiKeys: changedKeys(stores.apiKeys, {
      read: async (id) => {
        if (down.read) throw new StoreUnavailableError('down')
        return stores.apiKeys.read(id)
      },
      update: async (id, transition) => {
        if (down.update) throw new StoreUnavailableError('down')
        return stores.apiKeys.update(id, transition)
      },
    }),
  }))
  return { service, down }
}

test('an outage never extends a kept check', async (t) => {
  const { service, down } = aServiceWithOutages()
  const { apiKey } = await logIn(service)
  await service.authenticateApiKey(apiKey)
  down.read = true
  service.clock.pass(999)
  t.is((await service.authenticateApiKey(apiKey)).outcome, 'valid')
  service.clock.pass(1)
  for (let i = 0; i < 2; i++) {
    await t.throwsAsync(service.authenticateApiKey(apiKey), { instanceOf: StoreUnavailableError })
  }
})

test('a check whose due write failed is valid, and is not kept', async (t) => {
  const { service, down } = aServiceWithOutages(createPolicy({ keyCheckMaxAgeMs: MINUTE }))
  const { apiKey } = await logIn(service)
  const check = async () => (await service.authenticateApiKey(apiKey)).outcome
  down.update = true
  t.is(await check(), 'valid', 'the first use')
  down.read = true
  await t.throwsAsync(check(), { instanceOf: StoreUnavailableError })
  down.read = false
  down.update = false
  t.is(await check(), 'valid')
  service.clock.pass(MINUTE)
  down.update = true
  t.is(await check(), 'valid', 'a later use')
  down.read = true
  await t.throwsAsync(check(), { instanceOf: StoreUnavailableError })
})

test('a key is dropped before and after every write that ends it, and by no other write', async (t) => {
  const clock = new TestClock(START)
  const { apiKeys } = createMemoryStores({ clock })
  const { cache, keep } = aCache()
  const dropping = dropEndedKeys(apiKeys, cache)
  const claimed = {
    ...key,
    status: 'claimed',
    prefix: 'dg_',
    firstIssuedAt: 0,
    issuedAt: 0,
  } as const
  const erased = { status: 'erased', keepUntil: key.keepUntil } as const
  const revoked = { ...key, status: 'revoked', revokedAt: START } as const
  const unknown = { ...key, status: 'parked' } as unknown as ApiKey
  for (const [next, ends] of [
    [claimed, false],
    [key, false],
    [revoked, true],
    [erased, true],
    [unknown, true],
    [undefined, true],
  ] as const) {
    await apiKeys.update('id', () => ({ next: key, reply: undefined }))
    keep()
    await dropping.update('id', () => ({ next, reply: undefined }))
    t.is(cache.get('hash') === undefined, ends, next?.status)
    keep()
    await dropping.update('id', (current) => ({ next: current, reply: undefined }))
    t.not(cache.get('hash'), undefined, 'nothing was written')
  }
  t.deepEqual(await dropping.find({ owner: 'ann', limit: 5 }), { keys: [], next: undefined })
  t.is(await dropping.read('id'), undefined)
})
