import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLmdbStores, openLmdb } from '@device-grant/adapter-lmdb'
import {
  connect,
  createMongoCutOffStore,
  ensureIndexes,
  MongoApiKeyStore,
} from '@device-grant/adapter-mongo'
import {
  type ActiveKey,
  type ApiKeyStore,
  createPolicy,
  createUseCases,
  formatApiKey,
  grantIdOf,
  keyIdOf,
  type RevokedKey,
  secretHashOf,
  type UseCaseDependencies,
} from '@device-grant/core'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { own } from '@device-grant/test-support/owned-process'
import test from 'ava'
import { MAIN } from './server-process.ts'

const mongo = await ownMongoServer('100 000 keys on the move')
const it = mongo ? test : test.skip
test.after.always(() => mongo?.stop())

const KEYS = 100_000
const AT_ONCE = 500
/** Every tenth key is revoked. */
const REVOKED_EVERY = 10
const BOUND_MS = 1_200_000

const clock = { now: Date.now }

/** Does something many times, a bounded number at once. Returns the results in their order. */
const times = async <R>(count: number, act: (i: number) => Promise<R>): Promise<readonly R[]> => {
  const results: R[] = []
  for (let from = 0; from < count; from += AT_ONCE) {
    const length = Math.min(AT_ONCE, count - from)
    results.push(...(await Promise.all(Array.from({ length }, (_, i) => act(from + i)))))
  }
  return results
}

/** Runs a command of the program, which must end well. Returns its standard output. */
const run = async (env: Readonly<Record<string, string>>, ...args: readonly string[]) => {
  const child = own(
    spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  const printed = { out: '', err: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    printed.out += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    printed.err += text
  })
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`${args.join(' ')}: ${printed.out}${printed.err}`)
  return printed.out
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** A key that was used, or used and revoked. It counts as used for an hour, so that no check writes. */
const keyOf = (i: number, secretHash: string): ActiveKey | RevokedKey => {
  const now = clock.now()
  const kept = {
    name: 'Device Link Access Key (WDJB-MJHT)',
    owner: `person ${i % 5_000}`,
    request: { clientId: 'cli', device: { address: '192.0.2.1' } },
    secretHash,
    approvedAt: now,
    keepUntil: now + DAY_MS,
  }
  return i % REVOKED_EVERY === 0
    ? { ...kept, status: 'revoked', revokedAt: now, used: true }
    : { ...kept, status: 'active', expiresAt: now + DAY_MS, lastUsedAt: now + HOUR_MS }
}

const useCasesOn = (stores: Omit<UseCaseDependencies, 'clock' | 'policy'>) =>
  createUseCases({ ...stores, clock, policy: createPolicy({ keyCheckMaxAgeMs: 0 }) })

it('100 000 keys move from a folder to MongoDB and back, and each authenticates', async (t) => {
  t.timeout(BOUND_MS)
  if (!mongo) return t.fail()
  const folder = await mkdtemp(join(tmpdir(), 'move-keys-'))
  t.teardown(() => rm(folder, { recursive: true }))
  const startedAt = performance.now()
  const log = (text: string): void =>
    t.log(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s: ${text}`)

  const from = join(folder, 'from')
  const environment = openLmdb({ path: from, durability: 'committed', timeoutMs: 60_000 })
  const stores = createLmdbStores(environment)
  const apiKeys = await times(KEYS, async (i) => {
    const keyId = keyIdOf(grantIdOf(`device code ${i}`))
    const apiKey = formatApiKey({ prefix: 'dg_', keyId, secret: randomBytes(32) })
    const next = keyOf(i, secretHashOf(apiKey))
    await stores.apiKeys.update(keyId, () => ({ next, reply: undefined }))
    return apiKey
  })
  await stores.close()
  await environment.close()
  log(`${KEYS} keys are in the folder`)

  /** Counts the outcomes of all keys. */
  const check = async (authenticate: ReturnType<typeof useCasesOn>['authenticateApiKey']) => {
    const outcomes = await times(KEYS, async (i) => {
      const { outcome } = await authenticate(apiKeys[i] ?? '')
      return outcome === (i % REVOKED_EVERY === 0 ? 'revoked' : 'valid')
    })
    t.is(outcomes.filter(Boolean).length, KEYS)
  }
  const counts = { imported: KEYS, ended: 0, kept: 0, forgotten: 0 }
  const MONGODB_URI = mongo.uri
  const there = join(folder, 'there.jsonl')
  log((await run({ DATA_DIR: from }, 'keys', 'export', there)).trim())
  t.deepEqual(JSON.parse(await run({ MONGODB_URI }, 'keys', 'import', there, '--json')), counts)
  log('imported into MongoDB')
  // More reads at once than the pool has connections.
  const db = connect(MONGODB_URI, { waitQueueTimeoutMS: 60_000 })
  t.teardown(() => db.client.close())
  await ensureIndexes(db)
  const inMongo: ApiKeyStore = new MongoApiKeyStore(db, { timeoutMs: 60_000 })
  const cutOffs = createMongoCutOffStore(db)
  await check(useCasesOn({ ...stores, apiKeys: inMongo, cutOffs }).authenticateApiKey)
  log('each authenticates in MongoDB')

  const back = join(folder, 'back.jsonl')
  const to = join(folder, 'to')
  log((await run({ MONGODB_URI }, 'keys', 'export', back)).trim())
  t.deepEqual(JSON.parse(await run({ DATA_DIR: to }, 'keys', 'import', back, '--json')), counts)
  const again = JSON.parse(await run({ DATA_DIR: to }, 'keys', 'import', there, '--json'))
  t.deepEqual(again, { imported: 0, ended: 0, kept: KEYS, forgotten: 0 })
  log('imported into another folder, twice')
  const other = openLmdb({ path: to, timeoutMs: 60_000 })
  const otherStores = createLmdbStores(other)
  await check(useCasesOn(otherStores).authenticateApiKey)
  await otherStores.close()
  await other.close()
  log('each authenticates in that folder')
})
