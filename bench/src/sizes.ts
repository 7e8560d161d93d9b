import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createLmdbStores, openLmdb } from '@device-grant/adapter-lmdb'
import { connect, ensureIndexes, MongoApiKeyStore } from '@device-grant/adapter-mongo'
import {
  createMemoryStores,
  createPolicy,
  createUseCases,
  type UseCaseDependencies,
} from '@device-grant/core'
import { issued } from '@device-grant/test-support/issued'
import { ownMongoServer } from '@device-grant/test-support/mongo-server'
import { say } from './report.ts'
import { flags } from './settings.ts'

const LOGINS = flags.quick ? 2_000 : 20_000
const UNDER_WAY = 500

type Stores = Partial<Pick<UseCaseDependencies, 'grants' | 'userCodes' | 'apiKeys'>>

const device = {
  address: '192.0.2.1',
  userAgent: 'acme-cli/2.1 (macOS 15)',
}

/** Makes so many codes on these stores. Each is of another person, and may end in an active key. */
const logIn = async (stores: Stores, end: 'pending' | 'active'): Promise<void> => {
  const clock = { now: Date.now }
  const { authorizeDevice, answerUserCode, pollForToken, authenticateApiKey } = createUseCases({
    ...createMemoryStores({ clock, capacity: 4 * LOGINS }),
    ...stores,
    clock,
    policy: createPolicy({ codeLifetimeMs: 3_600_000 }),
  })
  const one = async (person: number): Promise<void> => {
    const request = { clientId: 'acme-cli', scope: 'read write', device }
    const { deviceCode, userCode } = issued(await authorizeDevice(request))
    if (end === 'pending') return
    await answerUserCode({ userCode, person: `person-${person}`, decision: 'approve' })
    const reply = await pollForToken({ deviceCode, clientId: 'acme-cli' })
    if (reply.outcome !== 'granted') throw new Error(`The poll ended with ${reply.outcome}`)
    await authenticateApiKey(reply.apiKey)
  }
  let next = 0
  const work = async (): Promise<void> => {
    while (next < LOGINS) await one(next++)
  }
  await Promise.all(Array.from({ length: UNDER_WAY }, work))
}

const each = (bytes: number): string => `${(bytes / LOGINS).toFixed(0)} bytes`

const measureLmdb = async (folder: string, end: 'pending' | 'active'): Promise<void> => {
  const path = join(folder, `sizes-${end}`)
  const environment = openLmdb({ path, durability: 'committed' })
  const stores = createLmdbStores(environment)
  await logIn(stores, end)
  await stores.close()
  await environment.close()
  const { size } = await stat(join(path, 'data.mdb'))
  const what = end === 'pending' ? 'a pending code' : 'a login with its code and its key'
  say(`LMDB: ${what} takes ${each(size)} of the file`)
}

const measureMongo = async (): Promise<void> => {
  const mongo = await ownMongoServer('the sizes of the benchmark')
  if (!mongo) return
  const db = connect(mongo.uri)
  await ensureIndexes(db)
  await logIn({ apiKeys: new MongoApiKeyStore(db) }, 'active')
  const { size, storageSize, indexSizes } = await db.command({ collStats: 'api_keys' })
  say(`MongoDB: an active key takes ${each(size)}, and ${each(storageSize)} on disk`)
  for (const [name, bytes] of Object.entries<number>(indexSizes)) {
    say(`  index ${name}: ${each(bytes)}`)
  }
  await db.client.close()
  await mongo.stop()
}

/** Prints how much room codes and keys take. */
export const measureSizes = async (folder: string): Promise<void> => {
  say(`\nsizes, of ${LOGINS} each`)
  await measureLmdb(folder, 'pending')
  await measureLmdb(folder, 'active')
  await measureMongo()
}
