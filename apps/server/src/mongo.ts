import { randomUUID } from 'node:crypto'
import { connect, ensureIndexes, MongoUriError, ping } from '@device-grant/adapter-mongo'
import { mongoModule } from '@device-grant/adapter-mongo/inversify'
import type { Logger } from 'pino'
import { describeError } from './describe-error.ts'
import { PROBE_TIMEOUT_MS, RETRY_MS, type RemoteStore } from './remote-store.ts'
import { repeatUntilDone } from './repeat.ts'

/**
 * Keeps API keys in MongoDB. It connects in the background, and is ready once the indexes exist.
 */
export const connectMongo = (uri: string, log: Logger): RemoteStore => {
  const db = connect(uri)
  let hasIndexes = false
  const createIndexes = async (): Promise<void> => {
    await ensureIndexes(db)
    hasIndexes = true
    log.info('MongoDB connected')
  }
  const closing = new AbortController()
  void repeatUntilDone(createIndexes, RETRY_MS, {
    signal: closing.signal,
    onError: (error) => log.warn(describeError(error, log), 'MongoDB indexes not created'),
  })
  return {
    name: 'mongodb',
    bindings: mongoModule(db),
    probe: async () => {
      await ping(db, PROBE_TIMEOUT_MS)
      await write(db)
      if (!hasIndexes) throw new Error('The indexes do not exist yet')
    },
    close: async () => {
      closing.abort()
      await db.client.close()
    },
  }
}

/** Inserts a document and deletes it again. A server without a primary or a majority refuses that. */
const write = async (db: ReturnType<typeof connect>): Promise<void> => {
  const documents = db.collection<{ _id: string; keepUntil: Date }>('api_keys')
  const options = { writeConcern: { w: 'majority' }, timeoutMS: PROBE_TIMEOUT_MS } as const
  const _id = `status-${randomUUID()}`
  // The index on `keepUntil` removes the document if the second write fails.
  await documents.insertOne({ _id, keepUntil: new Date() }, options)
  await documents.deleteOne({ _id }, options)
}

/**
 * Returns what is wrong with a connection string, without the string, or `undefined`. Connects to
 * nothing.
 */
export const checkMongoUri = (uri: string): string | undefined => {
  try {
    connect(uri)
    return undefined
  } catch (error) {
    if (error instanceof MongoUriError) return error.message
    throw error
  }
}
