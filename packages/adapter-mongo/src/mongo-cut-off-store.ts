import { CompareAndSwapStore, type CutOff, type StateStore } from '@device-grant/core'
import type { Db } from 'mongodb'
import { cutOffCollection } from './collections.ts'
import { COMMAND_TIMEOUT_MS } from './command.ts'
import type { MongoStoreOptions } from './mongo-api-key-store.ts'
import { MongoDriver } from './mongo-driver.ts'

/** Keeps the cut-offs beside the API keys, so that both survive the same fail-overs. */
export const createMongoCutOffStore = (
  db: Db,
  options: MongoStoreOptions = {},
): StateStore<CutOff> => {
  const documents = cutOffCollection(db, options)
  const timeoutMs = options.timeoutMs ?? COMMAND_TIMEOUT_MS
  return new CompareAndSwapStore(new MongoDriver<CutOff>(documents, timeoutMs), options)
}
