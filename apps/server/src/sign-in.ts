import type { Clock } from '@device-grant/core'
import type { SignInFactory } from '@device-grant/http-koa'
import { demoSignIn, forwardedSignIn, oidcSignIn } from '@device-grant/http-koa'
import type { Logger } from 'pino'
import type { SignInSettings } from './config.ts'
import { describeError } from './describe-error.ts'
import { refuseClaims } from './oidc-allow.ts'
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
  const reportNotAdmitted = (person: string, reason: string): void =>
    throttle('not admitted', (leftOut) =>
      log.warn({ person, during: 'sign_in', reason, leftOut }, 'person_not_admitted'),
    )
  switch (settings.kind) {
    case 'demo':
      return demoSignIn()
    case 'forwarded':
      return forwardedSignIn({
        header: settings.header,
        groups: settings.groups,
        onForged: (address) =>
          throttle('forged', (leftOut) =>
            log.warn({ address, leftOut }, 'ignored a sign-in header that may be forged'),
          ),
        onInvalid: (address) =>
          throttle('invalid', (leftOut) =>
            log.warn({ address, leftOut }, 'ignored a sign-in header that is no id'),
          ),
        onNotAdmitted: (person) => reportNotAdmitted(person, 'none of the groups is allowed'),
      })
    case 'oidc':
      return oidcSignIn({
        issuer: settings.issuer,
        clientId: settings.clientId,
        clientSecret: settings.clientSecret,
        scope: settings.scope,
        refuseClaims: settings.allow && refuseClaims(settings.allow),
        onNotAdmitted: reportNotAdmitted,
        onError: (error, operation) =>
          throttle(operation, (leftOut) =>
            log.warn({ ...describeError(error, log), leftOut }, `operation failed: ${operation}`),
          ),
      })
  }
}
