import { TOKENS } from '@device-grant/core'
import { bind } from '@device-grant/core/inversify'
import { ContainerModule } from 'inversify'
import type { Db } from 'mongodb'
import { MongoApiKeyStore, type MongoApiKeyStoreOptions } from './mongo-api-key-store.ts'

/** Binds the API keys to a live database. The caller closes its client. */
export const mongoModule = (db: Db, options: MongoApiKeyStoreOptions = {}): ContainerModule =>
  new ContainerModule((module) => {
    bind(module, TOKENS.ApiKeys)
      .toDynamicValue(() => new MongoApiKeyStore(db, options))
      .inSingletonScope()
  })
