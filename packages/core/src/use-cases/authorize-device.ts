import { randomText } from '../crypto.ts'
import type { Clock, Events, StateStore } from '../ports.ts'
import type { DeviceAuthorizationRequest } from '../rules/device-authorization-request.ts'
import { type DeviceGrant, grantIdOf, openGrant } from '../rules/device-grant.ts'
import type { Policy } from '../rules/policy.ts'
import { claimUserCode, newUserCode, showUserCode, type UserCodeClaim } from '../rules/user-code.ts'
import { StoreFullError } from '../store-errors.ts'

/** Both codes of a new grant (RFC 8628 section 3.2). */
export interface DeviceAuthorization {
  /** 43 characters, base64url. */
  readonly deviceCode: string
  /** The code as people see it, for example `WDJB-MJHT`. */
  readonly userCode: string
  /** In seconds. */
  readonly expiresIn: number
  /** In seconds. */
  readonly interval: number
}

/**
 * Issues both codes of a new grant (RFC 8628 section 3.1).
 * @throws {StoreError} if nothing was issued
 */
export type AuthorizeDevice = (request: DeviceAuthorizationRequest) => Promise<DeviceAuthorization>

/** The ports of `AuthorizeDevice`. */
export interface AuthorizeDeviceDependencies {
  readonly grants: StateStore<DeviceGrant>
  readonly userCodes: StateStore<UserCodeClaim>
  readonly policy: Policy
  readonly clock: Clock
  readonly events: Events
}

const USER_CODE_ATTEMPTS = 10

/** Makes the use case that issues both codes (RFC 8628 section 3.2). It writes twice and never reads. */
export const createAuthorizeDevice =
  ({ grants, userCodes, policy, clock, events }: AuthorizeDeviceDependencies): AuthorizeDevice =>
  async ({ clientId, scope, device }) => {
    const request: DeviceAuthorizationRequest = { clientId, scope, device }
    const deviceCode = randomText(32)
    const grantId = grantIdOf(deviceCode)
    const now = clock.now()
    const keepUntil = now + policy.codeLifetimeMs + policy.keepAfterExpiryMs
    const claim = claimUserCode({ grantId, keepUntil, now })
    const userCode = await takeUserCode(userCodes, claim, policy)
    await grants.update(grantId, openGrant({ request, userCode, now, policy }))
    events.emit({ type: 'authorization_requested', at: now, grantId, request })
    return {
      deviceCode,
      userCode: showUserCode(userCode, policy),
      expiresIn: Math.floor(policy.codeLifetimeMs / 1000),
      interval: Math.ceil(policy.intervalMs / 1000),
    }
  }

const takeUserCode = async (
  userCodes: StateStore<UserCodeClaim>,
  claim: ReturnType<typeof claimUserCode>,
  policy: Policy,
): Promise<string> => {
  for (let attempt = 0; attempt < USER_CODE_ATTEMPTS; attempt++) {
    const userCode = newUserCode(policy)
    if ((await userCodes.update(userCode, claim)) === 'claimed') return userCode
  }
  throw new StoreFullError(`No free user code in ${USER_CODE_ATTEMPTS} attempts`)
}
