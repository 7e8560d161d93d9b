import { randomUUID } from 'node:crypto'
import { connect, ensureIndexes, MongoUriError, ping } from '@device-grant/adapter-mongo'
import { mongoModule } from '@device-grant/adapter-mongo/inversify'
import type { ApiKey } from '@device-grant/core'
import {
  KEY_PORTS,
  PROBE_TIMEOUT_MS,
  RETRY_MS,
  type RemoteStore,
  type RemoteStoreOptions,
} from './remote-store.ts'
import { repeatUntilDone, repeatUntilStopped } from './repeat.ts'
import { StoreWatch } from './store-watch.ts'

/** A restored backup may lack the indexes, so they are created again from time to time. */
const CREATE_INDEXES_EVERY_MS = 300_000

/**
 * Keeps API keys in MongoDB. It connects in the background, and is up while the indexes exist. It
 * creates missing ones every 5 minutes.
 */
export const connectMongo = (
  uri: string,
  { log, clock, pause }: RemoteStoreOptions,
): RemoteStore => {
  const db = connect(uri)
  let hasIndexes = false
  const createIndexes = async (): Promise<void> => {
    await ensureIndexes(db)
    if (!hasIndexes) log.info('MongoDB connected')
    hasIndexes = true
  }
  const closing = new AbortController()
  const { signal } = closing
  const store = {
    name: 'mongodb',
    probe: async () => {
      await probeMongo(db)
      if (!hasIndexes) throw new Error('The indexes do not exist yet')
    },
  }
  const watch = new StoreWatch({ store, log, clock, signal, pause })
  const repetition = {
    signal,
    pause,
    onError: (error: unknown) => {
      hasIndexes = false
      watch.failed(error, 'warn', 'MongoDB indexes not created')
    },
  }
  void repeatUntilStopped(
    () => repeatUntilDone(createIndexes, RETRY_MS, repetition),
    CREATE_INDEXES_EVERY_MS,
    repetition,
  )
  return {
    ...store,
    bindings: [mongoModule(db)],
    ports: KEY_PORTS,
    watch,
    close: async () => {
      closing.abort()
      await db.client.close()
    },
  }
}

/**
 * Reads and writes.
 * @param timeoutMs how long each may take, in milliseconds
 * @throws if the server does not answer or refuses to write
 */
export const probeMongo = async (
  db: ReturnType<typeof connect>,
  timeoutMs: number = PROBE_TIMEOUT_MS,
): Promise<void> => {
  await ping(db, timeoutMs)
  await write(db, timeoutMs)
}

/** A document that is no key for any reader. */
interface ProbeDocument {
  readonly _id: string
  readonly schema: 1
  readonly version: string
  readonly status: Extract<ApiKey['status'], 'erased'>
  readonly keepUntil: Date
}

/** Inserts a document and deletes it again. A server without a primary or a majority refuses that. */
const write = async (db: ReturnType<typeof connect>, timeoutMS: number): Promise<void> => {
  const documents = db.collection<ProbeDocument>('api_keys')
  const options = { writeConcern: { w: 'majority' }, timeoutMS } as const
  const version = randomUUID()
  const _id = `status-${version}`
  // The index on `keepUntil` removes the document if the second write fails. Its time is over for every
  // clock, because an import would refuse a file with it.
  const keepUntil = new Date(0)
  const document = { _id, schema: 1, version, status: 'erased', keepUntil } as const
  await documents.insertOne(document, options)
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
