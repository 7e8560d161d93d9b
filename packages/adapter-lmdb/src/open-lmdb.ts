import { randomUUID } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { type Key, open, type RootDatabase } from 'lmdb'
import { damageOf } from './data-file.ts'
import { INDEX, STATE_DATABASES } from './databases.ts'
import { refuseNetwork } from './file-system.ts'
import { LmdbEnvironment } from './lmdb-environment.ts'
import { LmdbOpenError } from './lmdb-open-error.ts'
import { LOCK_FILE, MAX_READERS, makeLockFile } from './lock-file.ts'

/** Where the data is, and what an acknowledged write survives. */
export interface OpenLmdbOptions {
  /** The folder, on a local disk. It is created with mode 0700 if it is missing. */
  readonly path: string
  /**
   * What an acknowledged write survives. `'flushed'`: a power cut. `'committed'`: the end of the
   * process by any signal; a power cut may lose the last transaction, and damages nothing.
   * @default 'flushed'
   */
  readonly durability?: 'flushed' | 'committed' | undefined
  /**
   * How long one write may take, in milliseconds, above 0.
   * @default 2_500
   */
  readonly timeoutMs?: number | undefined
}

const DATA_FILE = 'data.mdb'
/** What a new folder needs at first. */
const FIRST_BYTES = 131_072
/** The version of the databases and their keys. A record has its own. */
const FORMAT = 1
const FORMAT_KEY = 'format'
const TIMEOUT_MS = 2_500
const MAX_DATABASES = 32

/**
 * Opens the LMDB environment in a folder. It looks for every error before LMDB does, because a failed
 * opening of lmdb may end the process. The processes that share it must run on one kernel, in one
 * namespace of process ids.
 * @throws {LmdbOpenError} if the folder cannot be written, is on a network file system, is damaged, or
 * was written by a newer version
 */
export const openLmdb = ({
  path,
  durability = 'flushed',
  timeoutMs = TIMEOUT_MS,
}: OpenLmdbOptions): LmdbEnvironment => {
  const folder = resolve(path)
  try {
    prepare(folder)
  } catch (cause) {
    if (cause instanceof LmdbOpenError) throw cause
    throw new LmdbOpenError(`${folder} cannot be written: ${reasonOf(cause)}`, { cause })
  }
  const environment = new LmdbEnvironment(openRoot(folder, durability === 'committed'), timeoutMs)
  try {
    checkFormat(environment.root, folder)
    openDatabases(environment, folder)
    return environment
  } catch (error) {
    void environment.close()
    throw error
  }
}

const prepare = (folder: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  refuseNetwork(folder)
  makeLockFile(folder)
  const file = join(folder, DATA_FILE)
  const isNew = !existsSync(file) || statSync(file).size === 0
  if (isNew) findRoom(folder)
  for (const path of isNew ? [] : [file, join(folder, LOCK_FILE)]) {
    accessSync(path, constants.R_OK | constants.W_OK)
  }
  const damage = isNew ? undefined : damageOf(file)
  if (damage !== undefined) throw new LmdbOpenError(`${file} is damaged: ${damage}`)
}

/** Fails if there is no room for the first pages. */
const findRoom = (folder: string): void => {
  const probe = join(folder, `probe-${randomUUID()}`)
  try {
    writeFileSync(probe, Buffer.alloc(FIRST_BYTES), { mode: 0o600, flag: 'wx' })
  } finally {
    rmSync(probe, { force: true })
  }
}

const openRoot = (path: string, noMetaSync: boolean): RootDatabase<string, Key> => {
  // Not in lmdb's types. A commit starts at the end of a turn, with all its writes.
  const more = { permissionsMode: 0o600, txnStartThreshold: Number.MAX_SAFE_INTEGER }
  try {
    return open<string, Key>({
      ...more,
      path,
      noMetaSync,
      // It would acknowledge no sooner, and is not part of LMDB itself.
      overlappingSync: false,
      // Batches of a turn have a promise of their own, whose rejection lmdb does not handle.
      eventTurnBatching: false,
      noSubdir: false,
      encoding: 'string',
      maxDbs: MAX_DATABASES,
      maxReaders: MAX_READERS,
    })
  } catch (cause) {
    throw new LmdbOpenError(`${path} cannot be opened: ${reasonOf(cause)}`, { cause })
  }
}

const checkFormat = (root: RootDatabase<string, Key>, folder: string): void => {
  let format: string | undefined
  try {
    format = root.get(FORMAT_KEY)
    if (format === undefined) root.putSync(FORMAT_KEY, String(FORMAT))
  } catch (cause) {
    throw new LmdbOpenError(`${folder} cannot be used: ${reasonOf(cause)}`, { cause })
  }
  if (format === undefined || format === String(FORMAT)) return
  throw new LmdbOpenError(
    Number(format) > FORMAT
      ? `${folder} was written by a newer version (format ${format}). Install that version`
      : `${folder} is damaged: its format is not a number`,
  )
}

/** Opens them all, so that a disk without room for them is found now. */
const openDatabases = (environment: LmdbEnvironment, folder: string): void => {
  try {
    environment.database(INDEX)
    for (const name of STATE_DATABASES) environment.database(name, { useVersions: true })
  } catch (cause) {
    throw new LmdbOpenError(`${folder} cannot be used: ${reasonOf(cause)}`, { cause })
  }
}

const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
