import {
  type CodeAttempts,
  type DeviceGrant,
  type StateStore,
  TOKENS,
  type UserCodeClaim,
} from '@device-grant/core'
import { ContainerModule } from 'inversify'
import type { RedisClient } from './redis-client.ts'
import { createRedisStores, type RedisStoresOptions } from './redis-state-store.ts'

/** Binds the three short-lived states to a live client. Whoever made the client closes it. */
export const redisModule = (
  redis: RedisClient,
  options: RedisStoresOptions = {},
): ContainerModule =>
  new ContainerModule(({ bind }) => {
    const { grants, userCodes, codeAttempts } = createRedisStores(redis, options)
    bind<StateStore<DeviceGrant>>(TOKENS.DeviceGrants).toConstantValue(grants)
    bind<StateStore<UserCodeClaim>>(TOKENS.UserCodeClaims).toConstantValue(userCodes)
    bind<StateStore<CodeAttempts>>(TOKENS.CodeAttempts).toConstantValue(codeAttempts)
  })
