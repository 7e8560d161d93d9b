import { resolve } from 'node:path'
import type { ApiKey, ApiKeyStore, CutOff, ScannableStore } from '@device-grant/core'
import { type CommandIo, UsageError } from './command.ts'
import { readVariables } from './read-variables.ts'

/** The stores of the keys, as the settings of the server name them. */
interface KeyStores {
  readonly apiKeys: ApiKeyStore & ScannableStore<ApiKey>
  readonly cutOffs: ScannableStore<CutOff>
}

/** Works on the stores. The place names where they are, without an address or a secret. */
type Work<R> = (stores: KeyStores, place: string) => Promise<R>

/** How long one operation of a store may take, in milliseconds. A command may wait longer than a request. */
const TIMEOUT_MS = 10_000

/**
 * Opens the stores of the keys, and closes them after the work.
 * @param folder whether a folder without data is an error, or gets its first data
 * @throws {ConfigError} if the settings are wrong, or name a folder without data
 * @throws {UsageError} if the settings name no store
 */
export const withKeyStores = async <R>(
  io: Pick<CommandIo, 'env'>,
  work: Work<R>,
  folder: 'existing' | 'new' = 'existing',
): Promise<R> => {
  const { mongodbUri, dataDir } = await readVariables(io)
  if (mongodbUri !== undefined) return withMongo(mongodbUri, work)
  if (dataDir !== undefined) return withFolder(dataDir, folder, work)
  throw new UsageError(
    'STORES=memory keeps the keys in the memory of the server, where no command can reach them',
  )
}

const withMongo = async <R>(uri: string, work: Work<R>): Promise<R> => {
  // Databases are large, so what the settings do not use is not loaded.
  const { connect, createMongoCutOffStore, MongoApiKeyStore } = await import(
    '@device-grant/adapter-mongo'
  )
  const db = connect(uri)
  try {
    const stores = {
      apiKeys: new MongoApiKeyStore(db, { timeoutMs: TIMEOUT_MS }),
      cutOffs: createMongoCutOffStore(db, { timeoutMs: TIMEOUT_MS }),
    }
    return await work(stores, `MongoDB, database ${db.databaseName}`)
  } finally {
    await db.client.close()
  }
}

const withFolder = async <R>(
  path: string,
  folder: 'existing' | 'new',
  work: Work<R>,
): Promise<R> => {
  const { createLmdbStores } = await import('@device-grant/adapter-lmdb')
  const { openExistingFolder, openFolder } = await import('../data-folder/data-folder.ts')
  const open = folder === 'new' ? openFolder : openExistingFolder
  const environment = open(path, TIMEOUT_MS)
  const stores = createLmdbStores(environment)
  try {
    return await work(stores, `the folder ${resolve(path)}`)
  } finally {
    await stores.close()
    await environment.close()
  }
}
