import type { Clock } from '@device-grant/core'
import type { SignInFactory } from '@device-grant/http-koa'
import { demoSignIn, forwardedSignIn, oidcSignIn } from '@device-grant/http-koa'
import type { Logger } from 'pino'
import type { SignInSettings } from './config.ts'
import { describeError } from './describe-error.ts'
import { createThrottleByKind } from './throttle.ts'

/**
 * Creates the sign-in that the settings name. Its errors are logged as warnings, at most one of each
 * kind every 5 s, because every request can cause one.
 */
export const createSignIn = (
  settings: SignInSettings,
  log: Logger,
  clock: Clock,
): SignInFactory => {
  const throttle = createThrottleByKind(clock)
  switch (settings.kind) {
    case 'demo':
      return demoSignIn()
    case 'forwarded':
      return forwardedSignIn({
        header: settings.header,
        onForged: (address) =>
          throttle('forged', (leftOut) =>
            log.warn({ address, leftOut }, 'ignored a sign-in header that may be forged'),
          ),
        onInvalid: (address) =>
          throttle('invalid', (leftOut) =>
            log.warn({ address, leftOut }, 'ignored a sign-in header that is no id'),
          ),
      })
    case 'oidc':
      return oidcSignIn({
        issuer: settings.issuer,
        clientId: settings.clientId,
        clientSecret: settings.clientSecret,
        onError: (error, operation) =>
          throttle(operation, (leftOut) =>
            log.warn({ ...describeError(error, log), leftOut }, `operation failed: ${operation}`),
          ),
      })
  }
}
