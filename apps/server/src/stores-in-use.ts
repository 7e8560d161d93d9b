import { resolve } from 'node:path'
import type { Logger } from 'pino'
import type { Settings } from './config.ts'

type StoreSettings = Pick<Settings, 'dataDir' | 'redisUrl' | 'mongodbUri'>

/** Where pending logins and API keys are. */
export interface StoresInUse {
  readonly codes: 'redis' | 'lmdb' | 'memory'
  readonly apiKeys: 'mongodb' | 'lmdb' | 'memory'
  /** The absolute path of the folder, if it is in use. */
  readonly folder?: string | undefined
}

/** Tells where the settings keep pending logins and API keys. */
export const storesInUse = ({ dataDir, redisUrl, mongodbUri }: StoreSettings): StoresInUse => {
  const here = dataDir === undefined ? 'memory' : 'lmdb'
  return {
    codes: redisUrl === undefined ? here : 'redis',
    apiKeys: mongodbUri === undefined ? here : 'mongodb',
    folder: dataDir === undefined ? undefined : resolve(dataDir),
  }
}

const PLACES = {
  redis: 'in Redis',
  mongodb: 'in MongoDB',
  lmdb: 'in the folder',
  memory: 'in memory',
}

/** Logs the stores in use, with a warning if servers on other machines would miss a part of the data. */
export const logStoresInUse = (settings: StoreSettings, log: Logger): void => {
  const stores = storesInUse(settings)
  const { codes, apiKeys } = stores
  const text = `codes are kept ${PLACES[codes]}, API keys ${PLACES[apiKeys]}`
  if (codes === 'redis' && apiKeys !== 'mongodb') {
    log.warn(stores, `${text}: without MONGODB_URI, API keys are on this machine alone`)
  } else if (apiKeys === 'mongodb' && codes !== 'redis') {
    log.warn(stores, `${text}: without REDIS_URL, codes are on this machine alone`)
  } else log.info(stores, text)
}
