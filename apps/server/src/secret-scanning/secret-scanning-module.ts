import { TOKENS } from '@device-grant/core'
import { get } from '@device-grant/core/inversify'
import { addressSet, clientAddress } from '@device-grant/http-koa'
import type { Settings } from '../config.ts'
import { describeError } from '../describe-error.ts'
import type { ServerModule } from '../server-module.ts'
import { createThrottle } from '../throttle.ts'
import { GITHUB_KEYS_URL, GithubKeys } from './github-keys.ts'
import { createGithubRoutes } from './github-route.ts'

/**
 * Makes the route that revokes leaked keys, if `GITHUB_SECRET_SCANNING` is on.
 * @param keysUrl where the public keys are
 */
export const secretScanningModule = (
  {
    githubSecretScanning,
    trustedProxies,
  }: Pick<Settings, 'githubSecretScanning' | 'trustedProxies'>,
  keysUrl: string = GITHUB_KEYS_URL,
): readonly ServerModule[] => {
  if (!githubSecretScanning) return []
  const trusted = addressSet(trustedProxies)
  const module: ServerModule = {
    routes: ({ container, log, clock, pause, onError, countLimit }) => {
      const throttleBusy = createThrottle(clock)
      return createGithubRoutes({
        operator: get(container, TOKENS.OperatorUseCases),
        keys: new GithubKeys({
          url: keysUrl,
          clock,
          onError: (error) =>
            log.error(describeError(error, log), 'public keys of GitHub not fetched'),
        }),
        addressOf: ({ req }) => clientAddress(req, trusted),
        pause,
        onError,
        onMessage: (counts) => log.info(counts, 'message of GitHub secret scanning'),
        onBusy: () => {
          countLimit('secret_scanning')
          throttleBusy((leftOut) =>
            log.warn({ leftOut }, 'message of secret scanning refused, because too many are read'),
          )
        },
      })
    },
  }
  return [module]
}
