import { type Db, MongoClient, type MongoClientOptions } from 'mongodb'

const DEFAULT_DATABASE = 'device_grant'

/** Options that apply unless the connection string sets them. Times are in milliseconds. */
const DEFAULTS = {
  appName: 'device-grant',
  serverSelectionTimeoutMS: 2_000,
  connectTimeoutMS: 2_000,
  // The stores time out much earlier. This frees the connection, and lets indexes be built.
  socketTimeoutMS: 30_000,
  maxPoolSize: 50,
  waitQueueTimeoutMS: 2_000,
  // Silent connections are dropped after this and a connectTimeoutMS.
  heartbeatFrequencyMS: 3_000,
  maxIdleTimeMS: 60_000,
} satisfies MongoClientOptions

/** Thrown when a connection string is invalid. The message holds no user name and no password. */
export class MongoUriError extends Error {
  override readonly name = 'MongoUriError'
}

/**
 * Makes a client that connects with its first command, and returns the database that the connection
 * string names, or `device_grant`. Close it with `db.client.close()`.
 * @param options options of the MongoDB driver; they override the connection string
 * @throws {MongoUriError} if the connection string is invalid
 */
export const connect = (uri: string, options: MongoClientOptions = {}): Db => {
  const client = createClient(uri, options)
  return databaseIn(uri) === '' ? client.db(DEFAULT_DATABASE) : client.db()
}

const createClient = (uri: string, options: MongoClientOptions): MongoClient => {
  const credentials = /^[^:]*:\/\/(.*)@/s.exec(uri)?.[1] ?? ''
  if (/[/?#@[\]]/.test(credentials)) {
    throw new MongoUriError(
      'The MongoDB connection string is not valid: percent-encode / ? # @ [ ] in user name, password and options',
    )
  }
  const inUri = new Set(
    [...new URLSearchParams(uri.split('?')[1]).keys()].map((name) => name.toLowerCase()),
  )
  const defaults = Object.fromEntries(
    Object.entries(DEFAULTS).filter(([name]) => !inUri.has(name.toLowerCase())),
  )
  try {
    // The store recognises its own writes, and some servers have no retryable writes.
    return new MongoClient(uri, { ...defaults, retryWrites: false, ...options })
  } catch (error) {
    // Without the cause, which may quote the connection string.
    throw new MongoUriError(`The MongoDB connection string is not valid${reason(error, uri)}`)
  }
}

const reason = (error: unknown, uri: string): string => {
  const message = error instanceof Error ? error.message : ''
  const isQuoted = message.includes(uri) || message.includes('://')
  return isQuoted || message === '' ? '' : `: ${message}`
}

const databaseIn = (uri: string): string => /^[^:]*:\/\/[^/?]*\/([^?]*)/.exec(uri)?.[1] ?? ''
