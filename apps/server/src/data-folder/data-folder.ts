import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import {
  createLmdbStores,
  type LmdbEnvironment,
  LmdbOpenError,
  openLmdb,
  ping,
} from '@device-grant/adapter-lmdb'
import { lmdbApiKeysModule, lmdbStateModule } from '@device-grant/adapter-lmdb/inversify'
import { ConfigError, type Settings } from '../config.ts'
import {
  KEY_PORTS,
  type RemoteStore,
  type RemoteStoreOptions,
  STATE_PORTS,
} from '../remote-store.ts'
import { StoreWatch } from '../store-watch.ts'

/**
 * Opens the folder of the data, and creates it if it is missing.
 * @param timeoutMs how long one write may take, in milliseconds
 * @throws {ConfigError} if it cannot be used
 */
export const openFolder = (path: string, timeoutMs?: number): LmdbEnvironment => {
  try {
    return openLmdb({ path, timeoutMs })
  } catch (error) {
    if (!(error instanceof LmdbOpenError)) throw error
    throw new ConfigError([`DATA_DIR: ${error.message}`])
  }
}

/**
 * Opens the folder of a server. A command that created one in a wrong place would find no keys there.
 * @throws {ConfigError} if there is no data in it, or it cannot be used
 */
export const openExistingFolder: typeof openFolder = (path, timeoutMs) => {
  if (hasData(path)) return openFolder(path, timeoutMs)
  throw new ConfigError([
    `DATA_DIR: ${resolve(path)} has no data. Run this where the server runs, after its first start`,
  ])
}

/** Whether a server has kept data in the folder. */
export const hasData = (path: string): boolean => existsSync(join(path, 'data.mdb'))

/**
 * Reads and writes.
 * @throws {StoreError} if the folder cannot be read or written
 */
export const probeFolder = async (environment: LmdbEnvironment): Promise<void> => {
  await ping(environment)
  await environment.write(false, () => environment.root.put('probe', String(Date.now())))
}

/**
 * Keeps in a folder what neither Redis nor MongoDB keeps.
 * @throws {ConfigError} if the folder cannot be used
 */
export const openDataFolder = (
  path: string,
  { redisUrl, mongodbUri }: Pick<Settings, 'redisUrl' | 'mongodbUri'>,
  { log, clock, pause }: RemoteStoreOptions,
): RemoteStore => {
  const environment = openFolder(path)
  const stores = createLmdbStores(environment, { clock })
  const parts = [
    ...(redisUrl === undefined ? [{ module: lmdbStateModule(stores), ports: STATE_PORTS }] : []),
    ...(mongodbUri === undefined ? [{ module: lmdbApiKeysModule(stores), ports: KEY_PORTS }] : []),
  ]
  const closing = new AbortController()
  const store = { name: 'lmdb', probe: () => probeFolder(environment) }
  return {
    ...store,
    bindings: parts.map(({ module }) => module),
    ports: parts.flatMap(({ ports }) => ports),
    watch: new StoreWatch({ store, log, clock, signal: closing.signal, pause }),
    close: async () => {
      closing.abort()
      await stores.close()
      await environment.close()
    },
  }
}
