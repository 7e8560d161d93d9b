import type { Clock, EventOf, Events } from '@device-grant/core'
import type { SignInFactory } from '@device-grant/http-koa'
import { demoSignIn, forwardedSignIn, oidcSignIn } from '@device-grant/http-koa'
import type { Logger } from 'pino'
import type { SignInSettings } from './config.ts'
import { describeError } from './describe-error.ts'
import { refuseClaims } from './oidc-allow.ts'
import { createThrottleByKind } from './throttle.ts'

/** What a sign-in reports to. */
interface SignInParts {
  readonly log: Logger
  readonly clock: Clock
  readonly events: Events
  /** The client secret at the OpenID provider at present. */
  readonly clientSecret: () => string
  /** How long ago people may have signed in at the provider, in seconds. Absent: any time ago. */
  readonly maxAgeSeconds?: number | undefined
  /** Whether sessions keep the verified e-mail address. */
  readonly keepsEmail: boolean
}

/**
 * Creates the sign-in that the settings name. Failed sign-ins are events. Its errors are logged as
 * warnings, at most one of each kind every 5 s, because every request can cause one.
 */
export const createSignIn = (
  settings: SignInSettings,
  { log, clock, events, clientSecret, maxAgeSeconds, keepsEmail }: SignInParts,
): SignInFactory => {
  const throttle = createThrottleByKind(clock)
  const emitFailed = (
    reason: EventOf<'sign_in_failed'>['reason'],
    address: string | undefined,
  ): void => events.emit({ type: 'sign_in_failed', at: clock.now(), reason, address })
  const emitNotAdmitted = (person: string, reason: string): void =>
    events.emit({
      type: 'person_not_admitted',
      at: clock.now(),
      person,
      during: 'sign_in',
      reason,
    })
  switch (settings.kind) {
    case 'demo':
      return demoSignIn()
    case 'forwarded':
      return forwardedSignIn({
        header: settings.header,
        groups: settings.groups,
        onForged: (address) => {
          emitFailed('forged_header', address)
          throttle('forged', (leftOut) =>
            log.warn({ address, leftOut }, 'ignored a sign-in header that may be forged'),
          )
        },
        onInvalid: (address) => {
          emitFailed('invalid_header', address)
          throttle('invalid', (leftOut) =>
            log.warn({ address, leftOut }, 'ignored a sign-in header that is no id'),
          )
        },
        onNotAdmitted: (person) => emitNotAdmitted(person, 'none of the groups is allowed'),
      })
    case 'oidc':
      return oidcSignIn({
        issuer: settings.issuer,
        clientId: settings.clientId,
        clientSecret,
        scope: settings.scope,
        maxAgeSeconds,
        keepsEmail,
        refuseClaims: settings.allow && refuseClaims(settings.allow),
        onNotAdmitted: emitNotAdmitted,
        onFailed: emitFailed,
        onError: (error, operation) =>
          throttle(operation, (leftOut) =>
            log.warn({ ...describeError(error, log), leftOut }, `operation failed: ${operation}`),
          ),
      })
  }
}
