import { type Db, MongoClient, type MongoClientOptions } from 'mongodb'

const DEFAULT_DATABASE = 'device_grant'

/** What holds unless the connection string says otherwise. The times are milliseconds. */
const DEFAULTS = {
  appName: 'device-grant',
  serverSelectionTimeoutMS: 2_000,
  connectTimeoutMS: 2_000,
  // A store gives up waiting much earlier; this one frees the connection, and lets indexes be built.
  socketTimeoutMS: 30_000,
  maxPoolSize: 50,
  waitQueueTimeoutMS: 2_000,
  // Connections that fell silent are given up this much and a connectTimeoutMS later.
  heartbeatFrequencyMS: 3_000,
  maxIdleTimeMS: 60_000,
} satisfies MongoClientOptions

/** The connection string is of no use. Its message holds nothing of user name or password. */
export class MongoUriError extends Error {
  override readonly name = 'MongoUriError'
}

/**
 * The database that a connection string names, or `device_grant` when it names none, on a client of
 * its own that connects with the first command. Close it with `db.client.close()`.
 * @param options the driver's own; they come before the connection string
 * @throws {MongoUriError} the connection string cannot be understood
 */
export const connect = (uri: string, options: MongoClientOptions = {}): Db => {
  const client = clientOf(uri, options)
  return database(uri) === '' ? client.db(DEFAULT_DATABASE) : client.db()
}

const clientOf = (uri: string, options: MongoClientOptions): MongoClient => {
  const credentials = /^[^:]*:\/\/(.*)@/s.exec(uri)?.[1] ?? ''
  if (/[/?#@[\]]/.test(credentials)) {
    throw new MongoUriError(
      'The MongoDB connection string is not valid: percent-encode / ? # @ [ ] in user name, password and options',
    )
  }
  const said = new Set(
    [...new URLSearchParams(uri.split('?')[1]).keys()].map((name) => name.toLowerCase()),
  )
  const defaults = Object.fromEntries(
    Object.entries(DEFAULTS).filter(([name]) => !said.has(name.toLowerCase())),
  )
  try {
    // The store recognises its own writes, so it needs no help that some servers lack.
    return new MongoClient(uri, { ...defaults, retryWrites: false, ...options })
  } catch (fault) {
    // Without its cause: that one may quote the whole string.
    throw new MongoUriError(`The MongoDB connection string is not valid${reason(fault, uri)}`)
  }
}

const reason = (fault: unknown, uri: string): string => {
  const message = fault instanceof Error ? fault.message : ''
  const quoted = message.includes(uri) || message.includes('://')
  return quoted || message === '' ? '' : `: ${message}`
}

const database = (uri: string): string => /^[^:]*:\/\/[^/?]*\/([^?]*)/.exec(uri)?.[1] ?? ''
