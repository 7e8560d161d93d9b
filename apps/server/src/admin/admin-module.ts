import { TOKENS } from '@device-grant/core'
import { get } from '@device-grant/core/inversify'
import { addressSet, clientAddress } from '@device-grant/http-koa'
import type { Settings } from '../config.ts'
import type { ServerModule } from '../server-module.ts'
import { createThrottle } from '../throttle.ts'
import { createAdminRoutes } from './admin-routes.ts'
import { AdminTokens } from './admin-tokens.ts'

/**
 * Makes the routes for operators, if `ADMIN_TOKENS_FILE` is set.
 * @throws {ConfigError} if the file has a mistake
 */
export const adminModule = async ({
  adminTokensFile,
  trustedProxies,
}: Pick<Settings, 'adminTokensFile' | 'trustedProxies'>): Promise<readonly ServerModule[]> => {
  if (adminTokensFile === undefined) return []
  const tokens = await AdminTokens.load(adminTokensFile)
  const trusted = addressSet(trustedProxies)
  const module: ServerModule = {
    routes: ({ container, log, clock, onError }) => {
      const throttleRefused = createThrottle(clock)
      return createAdminRoutes({
        operator: get(container, TOKENS.OperatorUseCases),
        tokens,
        addressOf: ({ req }) => clientAddress(req, trusted),
        onError,
        onAction: (action) => log.info(action, 'admin request'),
        onRefused: (address) =>
          throttleRefused((leftOut) => log.warn({ address, leftOut }, 'admin token refused')),
      })
    },
    reload: (log) => tokens.reload(log),
  }
  return [module]
}
