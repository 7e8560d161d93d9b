import { type ApiKeyStore, TOKENS } from '@device-grant/core'
import { ContainerModule } from 'inversify'
import type { Db } from 'mongodb'
import { MongoApiKeyStore, type MongoApiKeyStoreOptions } from './mongo-api-key-store.ts'

/** Binds the API keys to a live database. Whoever made the client closes it. */
export const mongoModule = (db: Db, options: MongoApiKeyStoreOptions = {}): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind<ApiKeyStore>(TOKENS.ApiKeys)
      .toDynamicValue(() => new MongoApiKeyStore(db, options))
      .inSingletonScope()
  })
