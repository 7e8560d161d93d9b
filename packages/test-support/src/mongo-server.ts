import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MongoClient } from 'mongodb'
import { MongoMemoryReplSet, MongoMemoryServer } from 'mongodb-memory-server-core'
import { freePort } from './free-port.ts'
import { reportSkipped } from './skipped-tests.ts'

/** A MongoDB server for tests. */
export interface MongoServer {
  /** A connection string that names no database. */
  readonly uri: string
  readonly stop: () => Promise<void>
}

/** A server that a test may kill, with its data on disk. */
export interface OwnMongoServer extends MongoServer {
  readonly port: number
  /** Kills it with SIGKILL and keeps its data. */
  readonly kill: () => Promise<void>
  /** Starts it again with the same data on the same port. */
  readonly start: () => Promise<void>
}

/**
 * The path of a mongod. Another process downloads it, because the lock on downloads is held per process
 * and test files run in threads of one process.
 */
const mongod = async (): Promise<string> => {
  const given = process.env['MONGOMS_SYSTEM_BINARY']
  if (given) return given
  const script =
    "import('mongodb-memory-server-core').then(async ({ MongoBinary }) => console.log(await MongoBinary.getPath()))"
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
    cwd: import.meta.dirname,
  })
  const path = stdout.trim().split('\n').at(-1)
  if (!path) throw new Error('No mongod')
  return path
}

const HOW =
  'Set MONGODB_URI to a server for tests, or MONGOMS_SYSTEM_BINARY to a mongod, or allow its download.'

/** The server of MONGODB_URI, or else one that is started. Undefined if there is neither. */
export const mongoServer = async (what: string): Promise<MongoServer | undefined> => {
  const uri = process.env['MONGODB_URI']
  return uri ? { uri, stop: async () => {} } : ownMongoServer(what)
}

/** Starts a server that may be killed. Undefined if there is no mongod. */
export const ownMongoServer = async (what: string): Promise<OwnMongoServer | undefined> => {
  const dbPath = await mkdtemp(join(tmpdir(), 'device-grant-mongo-'))
  const port = await freePort()
  const launch = async (): Promise<MongoMemoryServer> =>
    MongoMemoryServer.create({
      binary: { systemBinary: await mongod() },
      instance: {
        dbPath,
        storageEngine: 'wiredTiger',
        launchTimeout: 60_000,
        port,
        portGeneration: false,
      },
    })
  let server: MongoMemoryServer
  try {
    server = await launch()
  } catch (error) {
    await rm(dbPath, { recursive: true, force: true })
    if (process.env['CI'] === 'true') throw error
    reportSkipped(`no MongoDB server: ${what}. ${HOW} (${reason(error)})`)
    return undefined
  }
  return {
    uri: server.getUri(),
    port,
    kill: async () => {
      const child = server.instanceInfo?.instance.mongodProcess
      if (!child) throw new Error('The server is not running')
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    start: async () => {
      server = await launch()
    },
    stop: async () => {
      await server.stop({ doCleanup: false })
      await rm(dbPath, { recursive: true, force: true })
    },
  }
}

/**
 * Starts a replica set. Undefined without a real mongod, in CI too, because compatible servers have
 * no replica sets.
 * @throws if a real mongod starts none and `CI` is `true`
 */
export const replicaSet = async (what: string): Promise<MongoServer | undefined> => {
  const uri = process.env['MONGODB_URI']
  if (uri && (await isReplicaSet(uri))) return { uri, stop: async () => {} }
  let real = false
  try {
    const systemBinary = await mongod()
    real = await isMongoDB(systemBinary)
    if (!real) throw new Error('A compatible server has no replica sets')
    const set = await MongoMemoryReplSet.create({
      binary: { systemBinary },
      replSet: { count: 1, storageEngine: 'wiredTiger' },
    })
    return { uri: set.getUri(), stop: async () => void (await set.stop()) }
  } catch (error) {
    if (real && process.env['CI'] === 'true') throw error
    process.stderr.write(
      `\n*** SKIPPED: no MongoDB replica set: ${what}. It needs a real mongod. ${HOW} (${reason(error)})\n\n`,
    )
    return undefined
  }
}

/** A compatible server may print a version of MongoDB, but no build information. */
const isMongoDB = async (binary: string): Promise<boolean> => {
  const { stdout } = await promisify(execFile)(binary, ['--version'], { timeout: 10_000 }).catch(
    () => ({ stdout: '' }),
  )
  return /^Build Info: /m.test(stdout)
}

const isReplicaSet = async (uri: string): Promise<boolean> => {
  const client = new MongoClient(uri)
  try {
    return 'setName' in (await client.db('admin').command({ hello: 1 }))
  } finally {
    await client.close()
  }
}

const reason = (error: unknown): string =>
  /^.*(?:failed for url|ENOTFOUND|closed).*$/m.exec(String(error))?.[0] ??
  String(error).split('\n', 1).join('')

const partsOf = (uri: string) => {
  const { origin, rest } = /^(?<origin>[^:]+:\/\/[^/?]+)(?<rest>.*)$/.exec(uri)?.groups ?? {}
  if (origin === undefined || rest === undefined) throw new Error(`Not a URI: ${uri}`)
  const [path = '', query = ''] = rest.split('?')
  return { origin, database: path.slice(1), query }
}

/** Adds options to a connection string. */
export const withOptions = (uri: string, options: string): string => {
  const { origin, database, query } = partsOf(uri)
  return `${origin}/${database}?${query ? `${query}&` : ''}${options}`
}

/** Names another database in a connection string, because the given one may hold real keys. */
export const withDatabase = (uri: string, name: string): string => {
  const { origin, database, query } = partsOf(uri)
  // MongoDB looks users up in the named database, unless `authSource` names another one.
  const isGiven = !origin.includes('@') || /\bauthSource=/i.test(query)
  const own = `${origin}/${name}${query ? `?${query}` : ''}`
  return isGiven ? own : withOptions(own, `authSource=${database || 'admin'}`)
}
