import { TOKENS } from '@device-grant/core'
import { bind } from '@device-grant/core/inversify'
import { ContainerModule } from 'inversify'
import type { Db } from 'mongodb'
import { MongoApiKeyStore, type MongoStoreOptions } from './mongo-api-key-store.ts'
import { createMongoCutOffStore } from './mongo-cut-off-store.ts'

/** Binds the API keys and the cut-offs to a live database. The caller closes its client. */
export const mongoModule = (db: Db, options: MongoStoreOptions = {}): ContainerModule =>
  new ContainerModule((module) => {
    bind(module, TOKENS.ApiKeys)
      .toDynamicValue(() => new MongoApiKeyStore(db, options))
      .inSingletonScope()
    bind(module, TOKENS.CutOffs)
      .toDynamicValue(() => createMongoCutOffStore(db, options))
      .inSingletonScope()
  })
