import { TOKENS } from '@device-grant/core'
import { bind } from '@device-grant/core/inversify'
import { ContainerModule } from 'inversify'
import type { LmdbStores } from './lmdb-stores.ts'

/** Binds the four short-lived states. The caller closes the stores and their environment. */
export const lmdbStateModule = (stores: LmdbStores): ContainerModule =>
  new ContainerModule((module) => {
    bind(module, TOKENS.DeviceGrants).toConstantValue(stores.grants)
    bind(module, TOKENS.UserCodeClaims).toConstantValue(stores.userCodes)
    bind(module, TOKENS.CodeAttempts).toConstantValue(stores.codeAttempts)
    bind(module, TOKENS.UsedAssertions).toConstantValue(stores.usedAssertions)
  })

/** Binds the API keys and the cut-offs. The caller closes the stores and their environment. */
export const lmdbApiKeysModule = (stores: LmdbStores): ContainerModule =>
  new ContainerModule((module) => {
    bind(module, TOKENS.ApiKeys).toConstantValue(stores.apiKeys)
    bind(module, TOKENS.CutOffs).toConstantValue(stores.cutOffs)
  })
