import { TOKENS } from '@device-grant/core'
import { bind } from '@device-grant/core/inversify'
import { ContainerModule } from 'inversify'
import type { RedisClient } from './redis-client.ts'
import { createRedisStores, type RedisStoresOptions } from './redis-state-store.ts'

/** Binds the four short-lived states to a live client. The caller closes the client. */
export const redisModule = (
  redis: RedisClient,
  options: RedisStoresOptions = {},
): ContainerModule =>
  new ContainerModule((module) => {
    const { grants, userCodes, codeAttempts, usedAssertions } = createRedisStores(redis, options)
    bind(module, TOKENS.DeviceGrants).toConstantValue(grants)
    bind(module, TOKENS.UserCodeClaims).toConstantValue(userCodes)
    bind(module, TOKENS.CodeAttempts).toConstantValue(codeAttempts)
    bind(module, TOKENS.UsedAssertions).toConstantValue(usedAssertions)
  })
