import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MongoClient } from 'mongodb'
import { MongoMemoryReplSet, MongoMemoryServer } from 'mongodb-memory-server-core'

/** A server for tests. */
export interface MongoServer {
  /** A connection string that names no database. */
  readonly uri: string
  readonly stop: () => Promise<void>
}

/** A server of our own, with its data on disk. */
export interface OwnMongoServer extends MongoServer {
  readonly port: number
  /** SIGKILL. */
  readonly kill: () => Promise<void>
  /** The same data on the same port. */
  readonly start: () => Promise<void>
}

/**
 * The path of a mongod. It is downloaded in a process of its own: the lock that keeps two downloads of
 * one file apart goes by process, and tests that run in threads of one process would all get it.
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
  'Set MONGODB_URI to a server that may be written to, or MONGOMS_SYSTEM_BINARY to a mongod, or let one be downloaded.'

/** The server of MONGODB_URI, else one of our own; without either, `undefined` and one loud line. */
export const mongoServer = async (what: string): Promise<MongoServer | undefined> => {
  const uri = process.env['MONGODB_URI']
  return uri ? { uri, stop: async () => {} } : ownMongoServer(what)
}

/** A server of our own, which may be killed; without one, `undefined` and one loud line. */
export const ownMongoServer = async (what: string): Promise<OwnMongoServer | undefined> => {
  const dbPath = await mkdtemp(join(tmpdir(), 'device-grant-mongo-'))
  const launch = async (port?: number): Promise<MongoMemoryServer> =>
    MongoMemoryServer.create({
      binary: { systemBinary: await mongod() },
      instance: {
        dbPath,
        storageEngine: 'wiredTiger',
        launchTimeout: 60_000,
        ...(port === undefined ? {} : { port, portGeneration: false }),
      },
    })
  let server: MongoMemoryServer
  try {
    server = await launch()
  } catch (fault) {
    await rm(dbPath, { recursive: true, force: true })
    if (process.env['CI'] === 'true') throw fault
    loud(`SKIPPED, no MongoDB server: ${what}. ${HOW} (${reason(fault)})`)
    return undefined
  }
  const port = Number(new URL(server.getUri()).port)
  return {
    uri: server.getUri(),
    port,
    kill: async () => {
      const child = server.instanceInfo?.instance.mongodProcess
      if (!child) throw new Error('The server does not run')
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
    start: async () => {
      server = await launch(port)
    },
    stop: async () => {
      await server.stop({ doCleanup: false })
      await rm(dbPath, { recursive: true, force: true })
    },
  }
}

/**
 * A replica set, where a real mongod can be had: that is the only thing that CI may do without. One that
 * a real mongod does not make of itself is a fault there.
 */
export const replicaSet = async (what: string): Promise<MongoServer | undefined> => {
  const uri = process.env['MONGODB_URI']
  if (uri && (await isReplicaSet(uri))) return { uri, stop: async () => {} }
  let real = false
  try {
    const systemBinary = await mongod()
    real = await isMongoDB(systemBinary)
    if (!real) throw new Error('A compatible server has none')
    const set = await MongoMemoryReplSet.create({
      binary: { systemBinary },
      replSet: { count: 1, storageEngine: 'wiredTiger' },
    })
    return { uri: set.getUri(), stop: async () => void (await set.stop()) }
  } catch (fault) {
    if (real && process.env['CI'] === 'true') throw fault
    loud(
      `SKIPPED, no MongoDB replica set: ${what}. It needs a real mongod. ${HOW} (${reason(fault)})`,
    )
    return undefined
  }
}

/** What only speaks its protocol may call itself a version of it, but tells nothing of its build. */
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

const loud = (line: string): void => {
  process.stderr.write(`\n*** ${line}\n\n`)
}

const reason = (fault: unknown): string =>
  /^.*(?:failed for url|ENOTFOUND|closed).*$/m.exec(String(fault))?.[0] ??
  String(fault).split('\n', 1).join('')

const partsOf = (uri: string) => {
  const { origin, rest } = /^(?<origin>[^:]+:\/\/[^/?]+)(?<rest>.*)$/.exec(uri)?.groups ?? {}
  if (origin === undefined || rest === undefined) throw new Error(`Not a URI: ${uri}`)
  const [path = '', query = ''] = rest.split('?')
  return { origin, database: path.slice(1), query }
}

/** The connection string with something added to its options. */
export const withOptions = (uri: string, options: string): string => {
  const { origin, database, query } = partsOf(uri)
  return `${origin}/${database}?${query ? `${query}&` : ''}${options}`
}

/** The connection string with a database of a test's own: the one that it names may hold real keys. */
export const withDatabase = (uri: string, name: string): string => {
  const { origin, database, query } = partsOf(uri)
  // Users are looked up in the database that is named, unless something else is said.
  const said = !origin.includes('@') || /\bauthSource=/i.test(query)
  const own = `${origin}/${name}${query ? `?${query}` : ''}`
  return said ? own : withOptions(own, `authSource=${database || 'admin'}`)
}
