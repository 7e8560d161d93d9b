import type { StoreUrlChecks } from './config.ts'
import type { Variables } from './environment.ts'

/** Loads the checks of the store URLs that are set. A driver is large, so an unused one is not loaded. */
export const loadStoreUrlChecks = async (variables: Variables): Promise<StoreUrlChecks> => {
  const isSet = (name: string): boolean => Boolean(variables[name] || variables[`${name}_FILE`])
  return {
    ...(isSet('REDIS_URL') && { checkRedisUrl: (await import('./redis.ts')).checkRedisUrl }),
    ...(isSet('MONGODB_URI') && { checkMongoUri: (await import('./mongo.ts')).checkMongoUri }),
  }
}
