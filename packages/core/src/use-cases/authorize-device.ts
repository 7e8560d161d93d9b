import { randomText } from '../crypto.ts'
import type { Clock, Events, StateStore } from '../ports.ts'
import type { DeviceGrant } from '../rules/device-grant.ts'
import { grantIdOf, openGrant } from '../rules/device-grant.ts'
import type { Origin } from '../rules/origin.ts'
import type { Policy } from '../rules/policy.ts'
import { claimUserCode, newUserCode, showUserCode, type UserCodeClaim } from '../rules/user-code.ts'
import { StoreFullError } from '../store-errors.ts'

/** Who asks for codes, and what for (RFC 8628 section 3.1). */
export interface DeviceAuthorizationRequest {
  readonly clientId?: string
  readonly scope?: string
  readonly origin: Origin
}

/** Both codes of a new grant (RFC 8628 section 3.2). Times in whole seconds. */
export interface DeviceAuthorization {
  readonly deviceCode: string
  /** As people see it. */
  readonly userCode: string
  readonly expiresIn: number
  readonly interval: number
}

/**
 * A device asks for its codes (RFC 8628 section 3.1).
 * @throws {StoreError} nothing was issued
 */
export type AuthorizeDevice = (request: DeviceAuthorizationRequest) => Promise<DeviceAuthorization>

export interface AuthorizeDeviceDependencies {
  readonly grants: StateStore<DeviceGrant>
  readonly userCodes: StateStore<UserCodeClaim>
  readonly policy: Policy
  readonly clock: Clock
  readonly events: Events
}

const USER_CODE_TRIES = 10

/** Makes the use case that issues both codes (RFC 8628 section 3.2): two writes, no read. */
export const createAuthorizeDevice =
  ({ grants, userCodes, policy, clock, events }: AuthorizeDeviceDependencies): AuthorizeDevice =>
  async ({ clientId, scope, origin }) => {
    const deviceCode = randomText(32)
    const grantId = grantIdOf(deviceCode)
    const now = clock.now()
    const keepUntil = now + policy.codeLifetimeMs + policy.keepAfterExpiryMs
    const userCode = await takeUserCode(userCodes, grantId, keepUntil, now, policy)
    const asked = {
      ...(clientId === undefined ? {} : { clientId }),
      ...(scope === undefined ? {} : { scope }),
      origin,
    }
    await grants.update(grantId, openGrant({ ...asked, userCode }, now, policy))
    events.emit({ type: 'authorization_requested', at: now, grantId, ...asked })
    return {
      deviceCode,
      userCode: showUserCode(userCode, policy),
      expiresIn: Math.floor(policy.codeLifetimeMs / 1000),
      interval: Math.ceil(policy.intervalMs / 1000),
    }
  }

const takeUserCode = async (
  userCodes: StateStore<UserCodeClaim>,
  grantId: string,
  keepUntil: number,
  now: number,
  policy: Policy,
): Promise<string> => {
  for (let tries = 0; tries < USER_CODE_TRIES; tries++) {
    const userCode = newUserCode(policy)
    const claim = await userCodes.update(userCode, claimUserCode(grantId, keepUntil, now))
    if (claim === 'claimed') return userCode
  }
  throw new StoreFullError(`No free user code in ${USER_CODE_TRIES} tries`)
}
