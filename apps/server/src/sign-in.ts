import type { SignInFactory } from '@device-grant/http-koa'
import { demoSignIn, forwardedSignIn, oidcSignIn } from '@device-grant/http-koa'
import type { Logger } from 'pino'
import type { SignInSettings } from './config.ts'
import { describeError } from './describe-error.ts'

/** Creates the sign-in that the settings name. Its errors are logged as warnings. */
export const createSignIn = (settings: SignInSettings, log: Logger): SignInFactory => {
  switch (settings.kind) {
    case 'demo':
      return demoSignIn()
    case 'forwarded':
      return forwardedSignIn({
        header: settings.header,
        onForged: (address) => log.warn({ address }, 'ignored a sign-in header that may be forged'),
      })
    case 'oidc':
      return oidcSignIn({
        issuer: settings.issuer,
        clientId: settings.clientId,
        clientSecret: settings.clientSecret,
        onError: (error, operation) =>
          log.warn(describeError(error, log), `operation failed: ${operation}`),
      })
  }
}
