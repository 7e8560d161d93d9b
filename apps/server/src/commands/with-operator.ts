import { connect, createMongoCutOffStore, MongoApiKeyStore } from '@device-grant/adapter-mongo'
import { createOperatorUseCases, type OperatorUseCases } from '@device-grant/core'
import { type CommandIo, UsageError } from './command.ts'
import { readSettings } from './read-settings.ts'

/**
 * Connects to the store of the keys, as the settings of the server say, and closes it after the work.
 * @throws {ConfigError} if the settings are wrong
 * @throws {UsageError} if the settings name no store
 */
export const withOperator = async <R>(
  io: Pick<CommandIo, 'env'>,
  work: (operator: OperatorUseCases) => Promise<R>,
): Promise<R> => {
  const { mongodbUri, policy } = readSettings(io)
  if (mongodbUri === undefined) {
    throw new UsageError(
      'MONGODB_URI is not set. A server without it keeps its keys in its own memory, where no command can reach them',
    )
  }
  const db = connect(mongodbUri)
  try {
    return await work(
      createOperatorUseCases({
        apiKeys: new MongoApiKeyStore(db),
        cutOffs: createMongoCutOffStore(db),
        clock: { now: Date.now },
        policy,
      }),
    )
  } finally {
    await db.client.close()
  }
}
