import { randomText } from '../crypto.ts'
import type { ClientRegistry, Clock, Events, ScopeCatalogue, StateStore } from '../ports.ts'
import type { Approver, LoginHints } from '../rules/approver.ts'
import type { DeviceAuthorizationRequest } from '../rules/device-authorization-request.ts'
import { type DeviceGrant, grantIdOf, openGrant } from '../rules/device-grant.ts'
import { readDeviceName } from '../rules/device-name.ts'
import type { Policy } from '../rules/policy.ts'
import { type ClientRefusal, refuseClient } from '../rules/registered-client.ts'
import { requestedResources } from '../rules/resource.ts'
import { type RequestRefusal, refusedBySafeguards, type Safeguard } from '../rules/safeguard.ts'
import { requestedScope, scopeNames } from '../rules/scope.ts'
import { claimUserCode, newUserCode, showUserCode, type UserCodeClaim } from '../rules/user-code.ts'
import { StoreFullError } from '../store-errors.ts'
import type { AuthenticateApiKey } from './authenticate-api-key.ts'
import { ignoreErrors } from './ignore-errors.ts'

/** What a client sends to get both codes. The last three members are not kept as they are. */
export interface AuthorizeDeviceRequest extends DeviceAuthorizationRequest {
  /** The person who will approve, by id or e-mail address. Ignored where no `loginHints` are composed. */
  readonly loginHint?: string | undefined
  /** An API key of the person. Ignored unless a safeguard reads it. */
  readonly apiKey?: string | undefined
  /**
   * Receives the events of this request, for example to log them with it, but not those of a check of
   * the API key.
   * @default the listener of all events
   */
  readonly events?: Events | undefined
}

/** Both codes of a new grant (RFC 8628 section 3.2). */
export interface DeviceAuthorization {
  readonly outcome: 'issued'
  /** 43 characters, base64url. */
  readonly deviceCode: string
  /** The code as people see it, for example `WDJB-MJHT`. */
  readonly userCode: string
  /** In seconds. */
  readonly expiresIn: number
  /** In seconds. */
  readonly interval: number
  /** The default scope that the client gets, because it asked for none (RFC 6749 section 3.3). */
  readonly defaultScope?: string | undefined
}

/** Why no code was issued (RFC 6749 section 5.2). */
export type AuthorizationRefusal =
  | { readonly outcome: ClientRefusal }
  | {
      readonly outcome: 'invalid_scope'
      /** `not_allowed`: a scope is unknown, or not for this client. `none`: the client must name one. */
      readonly reason: 'not_allowed' | 'none'
    }
  /** The client may not ask for one of the resources (RFC 8707 section 2). */
  | { readonly outcome: 'invalid_target' }
  /** The name of the device is longer than 64 characters. */
  | { readonly outcome: 'device_name_too_long' }
  /** The login hint is longer than 256 characters. */
  | { readonly outcome: 'login_hint_too_long' }
  /** The API key that came with the request does not work. */
  | { readonly outcome: 'invalid_api_key' }
  /** A safeguard refuses the request. */
  | { readonly outcome: RequestRefusal }

/**
 * Issues both codes of a new grant (RFC 8628 section 3.1). With a registry, `clientId` must be the id of
 * a client whose authentication was checked before.
 * @throws {StoreError} if nothing was issued
 */
export type AuthorizeDevice = (
  request: AuthorizeDeviceRequest,
) => Promise<DeviceAuthorization | AuthorizationRefusal>

/** The ports of `AuthorizeDevice`. */
export interface AuthorizeDeviceDependencies {
  readonly grants: StateStore<DeviceGrant>
  readonly userCodes: StateStore<UserCodeClaim>
  readonly policy: Policy
  readonly clock: Clock
  readonly events: Events
  /** @default every client may ask for codes */
  readonly clients?: ClientRegistry | undefined
  /** @default a client may ask for any scope */
  readonly scopes?: ScopeCatalogue | undefined
  /**
   * The resources that keys may be for, as URIs. A registered client may have its own.
   * @default resources are ignored
   */
  readonly resources?: readonly string[] | undefined
  /** @default none */
  readonly safeguards?: readonly Safeguard[] | undefined
  /** @default login hints are ignored */
  readonly loginHints?: LoginHints | undefined
  /** @default API keys are not read, whatever the safeguards say */
  readonly authenticateApiKey?: AuthenticateApiKey | undefined
}

const USER_CODE_ATTEMPTS = 10
/** No person's id and no e-mail address is longer. */
const MAX_LOGIN_HINT = 256

/** Makes the use case that issues both codes (RFC 8628 section 3.2). It writes twice and never reads. */
export const createAuthorizeDevice = (
  dependencies: AuthorizeDeviceDependencies,
): AuthorizeDevice => {
  const { grants, userCodes, policy, clock, loginHints } = dependencies
  return async (given) => {
    const events = given.events ? ignoreErrors(given.events) : dependencies.events
    const checked = await checkRequest({ ...dependencies, events }, given)
    if (checked.outcome !== 'ok') return checked
    const { request, owner } = checked
    const deviceCode = randomText(32)
    const grantId = grantIdOf(deviceCode)
    const now = clock.now()
    const keepUntil = now + policy.codeLifetimeMs + policy.keepAfterExpiryMs
    const approver = approverOf({ owner, hint: loginHints && given.loginHint, grantId, loginHints })
    const claim = claimUserCode({ grantId, keepUntil, approver, now })
    const userCode = await takeUserCode(userCodes, claim, policy)
    await grants.update(grantId, openGrant({ request, userCode, now, policy }))
    events.emit({ type: 'authorization_requested', at: now, grantId, ...request })
    return {
      outcome: 'issued',
      deviceCode,
      userCode: showUserCode(userCode, policy),
      expiresIn: Math.floor(policy.codeLifetimeMs / 1000),
      interval: Math.ceil(policy.intervalMs / 1000),
      defaultScope: scopeNames(given.scope).length === 0 ? request.scope : undefined,
    }
  }
}

const approverOf = ({
  owner,
  hint,
  grantId,
  loginHints,
}: {
  readonly owner: string | undefined
  readonly hint: string | undefined
  readonly grantId: string
  readonly loginHints: LoginHints | undefined
}): Approver | undefined =>
  owner === undefined && hint === undefined
    ? undefined
    : { owner, hint: hint === undefined ? undefined : loginHints?.mark(hint, grantId) }

/** Checks the client first, so that an error tells nothing about the scopes of another client. */
const checkRequest = async (
  dependencies: AuthorizeDeviceDependencies,
  given: AuthorizeDeviceRequest,
): Promise<
  | {
      readonly outcome: 'ok'
      readonly request: DeviceAuthorizationRequest
      /** The owner of the API key that came with the request. */
      readonly owner: string | undefined
    }
  | AuthorizationRefusal
> => {
  const { clients, scopes, resources: allowed, clock, events, loginHints } = dependencies
  const { clientId, scope: asked, deviceName, clientAuthenticated, device } = given
  const client = clientId === undefined ? undefined : await clients?.find(clientId)
  const refusal = clients && refuseClient(client, { device })
  if (refusal) {
    events.emit({ type: 'client_refused', at: clock.now(), clientId, reason: refusal, device })
    return { outcome: refusal }
  }
  const catalogue = scopes?.scopes()
  const scope = requestedScope(asked, { client, catalogue })
  if (scope.outcome !== 'ok') return scope
  const target = requestedResources(given.resources, client?.resources ?? allowed)
  if (target.outcome !== 'ok') return target
  const name = readDeviceName(deviceName)
  if (name.outcome !== 'ok') return { outcome: 'device_name_too_long' }
  if (loginHints && (given.loginHint?.length ?? 0) > MAX_LOGIN_HINT) {
    return { outcome: 'login_hint_too_long' }
  }
  const sender = await findSender(dependencies, given.apiKey)
  if (sender.outcome !== 'ok') return sender
  const { owner } = sender
  const refused = refusedBySafeguards(dependencies.safeguards ?? [], {
    clientAuthenticated: clientAuthenticated === true,
    sender: owner,
    scope: scope.scope,
    catalogue,
  })
  if (refused) {
    if (refused === 'unknown_person') {
      events.emit({ type: 'client_refused', at: clock.now(), clientId, reason: refused, device })
    }
    return { outcome: refused }
  }
  return {
    outcome: 'ok',
    owner,
    request: {
      clientId,
      scope: scope.scope,
      resources: target.resources,
      deviceName: name.name,
      clientAuthenticated,
      device,
    },
  }
}

/** Finds whose API key came with a request, if a safeguard reads it. */
const findSender = async (
  { safeguards = [], authenticateApiKey }: AuthorizeDeviceDependencies,
  apiKey: string | undefined,
): Promise<
  | { readonly outcome: 'ok'; readonly owner?: string | undefined }
  | { readonly outcome: 'invalid_api_key' }
> => {
  const isRead = safeguards.some(({ readsApiKey = false }) => readsApiKey)
  if (!isRead || apiKey === undefined || !authenticateApiKey) return { outcome: 'ok' }
  const key = await authenticateApiKey(apiKey)
  return key.outcome === 'valid'
    ? { outcome: 'ok', owner: key.owner }
    : { outcome: 'invalid_api_key' }
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
