import { connect, createMongoCutOffStore, MongoApiKeyStore } from '@device-grant/adapter-mongo'
import type { ApiKey, ApiKeyStore, CutOff, ScannableStore } from '@device-grant/core'
import { type CommandIo, UsageError } from './command.ts'
import { readSettings } from './read-settings.ts'

/** The stores of the keys, as the settings of the server name them. */
export interface KeyStores {
  readonly apiKeys: ApiKeyStore & ScannableStore<ApiKey>
  readonly cutOffs: ScannableStore<CutOff>
}

/**
 * Connects to the stores of the keys, and closes them after the work.
 * @throws {ConfigError} if the settings are wrong
 * @throws {UsageError} if the settings name no store
 */
export const withKeyStores = async <R>(
  io: Pick<CommandIo, 'env'>,
  work: (stores: KeyStores) => Promise<R>,
): Promise<R> => {
  const { mongodbUri } = readSettings(io)
  if (mongodbUri === undefined) {
    throw new UsageError(
      'MONGODB_URI is not set. A server without it keeps its keys in its own memory, where no command can reach them',
    )
  }
  const db = connect(mongodbUri)
  try {
    return await work({ apiKeys: new MongoApiKeyStore(db), cutOffs: createMongoCutOffStore(db) })
  } finally {
    await db.client.close()
  }
}
