import { randomText } from '../crypto.ts'
import type { ClientRegistry, Clock, Events, ScopeCatalogue, StateStore } from '../ports.ts'
import {
  type ApiKey,
  type ClaimedKey,
  claimKey,
  revokeAnyKey,
  withdrawKey,
} from '../rules/api-key.ts'
import { keyIdOf } from '../rules/api-key-format.ts'
import { type CutOff, tombstoneMs } from '../rules/cut-off.ts'
import {
  type ApprovedGrant,
  type DeviceGrant,
  type GrantPoll,
  grantIdOf,
  pollGrant,
} from '../rules/device-grant.ts'
import type { EndKey } from '../rules/key-ending.ts'
import type { Policy } from '../rules/policy.ts'
import { mayUseDeviceGrant, type RegisteredClient } from '../rules/registered-client.ts'
import { targetedResources } from '../rules/resource.ts'
import { refusedAtPickUp, type Safeguard } from '../rules/safeguard.ts'
import { type AllowedScope, allowedScope, type CatalogueScopes } from '../rules/scope.ts'
import { StoreError } from '../store-errors.ts'
import type { Admission } from './admission.ts'
import { applyRevocation } from './apply-revocation.ts'
import { aboutGrant, aboutKey } from './event-members.ts'
import { findCutOff } from './find-cut-off.ts'
import { ignoreErrors } from './ignore-errors.ts'

/** One poll of a device (RFC 8628 section 3.4). */
export interface TokenRequest {
  readonly deviceCode: string
  /** Must be the client that requested the code. */
  readonly clientId?: string | undefined
  /**
   * Other ids that the client may mean, because a Basic header can be read in two ways.
   * @default clientId is the only one
   */
  readonly otherClientIds?: readonly string[] | undefined
  /**
   * Some of the requested resources (RFC 8707 section 2.2). The first answer with the key fixes them.
   * @default all that were requested
   */
  readonly resources?: readonly string[] | undefined
  /**
   * Receives the events of this poll, for example to log them with the request.
   * @default the listener of all events
   */
  readonly events?: Events | undefined
}

/** The answer to a poll (RFC 8628 section 3.5, RFC 6749 section 5). Times are in seconds. */
export type TokenReply =
  | {
      readonly outcome:
        | 'authorization_pending'
        | 'access_denied'
        | 'expired_token'
        | 'invalid_grant'
        /** The resources are not among the requested ones. The code stays as it was. */
        | 'invalid_target'
        /** The client may not use the device authorization grant. The code stays as it was. */
        | 'unauthorized_client'
    }
  | {
      readonly outcome: 'slow_down'
      /** The interval from now on. Absent if a store failed. */
      readonly interval?: number | undefined
      /** Present if a store failed. Devices give up at any other answer than `slow_down`. */
      readonly error?: StoreError | undefined
    }
  | {
      readonly outcome: 'granted'
      readonly keyId: string
      /** The key itself. It is stored nowhere. */
      readonly apiKey: string
      readonly expiresIn: number
      readonly scope?: string | undefined
    }

/**
 * Answers a poll of a device (RFC 8628 section 3.4). The same key is issued again until its first use. A
 * store that is down gives `slow_down`, never an exception.
 */
export type PollForToken = (request: TokenRequest) => Promise<TokenReply>

/** The ports of `PollForToken`. */
export interface PollForTokenDependencies {
  readonly grants: StateStore<DeviceGrant>
  readonly apiKeys: StateStore<ApiKey>
  readonly cutOffs: StateStore<CutOff>
  readonly policy: Policy
  readonly clock: Clock
  readonly events: Events
  /** @default every person is admitted */
  readonly admission?: Admission | undefined
  /** @default a client may have any scope */
  readonly clients?: ClientRegistry | undefined
  /** @default a client may have any scope */
  readonly scopes?: ScopeCatalogue | undefined
  /** @default resources are ignored */
  readonly resources?: readonly string[] | undefined
  /** @default none */
  readonly safeguards?: readonly Safeguard[] | undefined
}

/** Makes the use case that answers polls: one update while pending, one more at pick-up. */
export const createPollForToken = (dependencies: PollForTokenDependencies): PollForToken => {
  const { grants, policy, clock, clients } = dependencies
  return async ({ deviceCode, clientId, otherClientIds, resources, events: ownEvents }) => {
    const events = ownEvents ? ignoreErrors(ownEvents) : dependencies.events
    const grantId = grantIdOf(deviceCode)
    try {
      const client = clientId === undefined ? undefined : await clients?.find(clientId)
      if (client && !mayUseDeviceGrant(client)) return { outcome: 'unauthorized_client' }
      const now = clock.now()
      const transition = pollGrant({ clientId, otherClientIds, now, policy })
      const poll = await grants.update(grantId, transition)
      switch (poll.outcome) {
        case 'slow_down':
          events.emit({
            type: 'poll_too_early',
            at: now,
            grantId,
            clientId,
            intervalMs: poll.intervalMs,
          })
          return { outcome: 'slow_down', interval: Math.ceil(poll.intervalMs / 1000) }
        case 'expired_token':
          events.emit({ type: 'expired_on_poll', at: now, ...aboutGrant(grantId, poll.grant) })
          return { outcome: 'expired_token' }
        case 'other_client':
          events.emit({
            type: 'wrong_client',
            at: now,
            ...aboutGrant(grantId, poll.grant),
            callerClientId: clientId,
          })
          return { outcome: 'invalid_grant' }
        case 'approved':
          return await pickUp(
            { ...dependencies, events },
            { deviceCode, grantId, asked: resources, ...poll },
          )
        default:
          return { outcome: poll.outcome }
      }
    } catch (error) {
      if (error instanceof StoreError) return { outcome: 'slow_down', error }
      throw error
    }
  }
}

const pickUp = async (
  dependencies: PollForTokenDependencies,
  {
    deviceCode,
    grantId,
    grant,
    asked,
    redeemable,
  }: Extract<GrantPoll, { readonly outcome: 'approved' }> & {
    readonly deviceCode: string
    readonly grantId: string
    readonly asked: readonly string[] | undefined
  },
): Promise<TokenReply> => {
  const { apiKeys, policy, clock, events, admission } = dependencies
  const keyId = keyIdOf(grantId)
  if (admission && !(await admission.isAdmitted(grant.person))) {
    events.emit({
      type: 'person_not_admitted',
      at: clock.now(),
      person: grant.person,
      during: 'pick_up',
      ...aboutGrant(grantId, grant),
    })
    return { outcome: 'access_denied' }
  }
  const { clientId, resources: approved } = grant.request
  const client = clientId === undefined ? undefined : await dependencies.clients?.find(clientId)
  const may = client?.resources ?? dependencies.resources
  const target = targetedResources(approved, asked, may)
  if (target.outcome !== 'ok') return target
  const { resources } = target
  const catalogue = dependencies.scopes?.scopes()
  const allowed = allowedScopeOf(dependencies, { client, catalogue, grant })
  const refuse = (scope: string | undefined) =>
    refusedAtPickUp(dependencies.safeguards ?? [], { scope, catalogue, met: grant.met ?? [] })
  const now = clock.now()
  const salt = randomText(16)
  const claim = await apiKeys.update(
    keyId,
    claimKey({
      keyId,
      deviceCode,
      grant,
      redeemable,
      allowed,
      refuse,
      resources,
      salt,
      now,
      policy,
    }),
  )
  switch (claim.outcome) {
    case 'issued':
    case 'reissued': {
      const { apiKey, key } = claim
      // Read after the claim was written, so that a revocation of all keys misses none.
      if (await endIfCutOff(dependencies, keyId, key)) {
        return { outcome: 'access_denied' }
      }
      const reissued = claim.outcome === 'reissued'
      events.emit({
        type: 'key_claimed',
        at: now,
        grantId,
        ...aboutKey(keyId, key),
        reissued,
        scope: key.scope,
        expiresAt: key.expiresAt,
      })
      const expiresIn = Math.max(1, Math.floor((key.expiresAt - now) / 1000))
      return { outcome: 'granted', keyId, apiKey, expiresIn, scope: key.scope }
    }
    case 'in_flight':
      return { outcome: 'slow_down', interval: Math.ceil(grant.intervalMs / 1000) }
    case 'expired':
      events.emit({ type: 'expired_on_poll', at: now, ...aboutGrant(grantId, grant) })
      return { outcome: 'expired_token' }
    case 'refused':
      events.emit({
        type: 'pick_up_refused',
        at: now,
        person: grant.person,
        ...aboutGrant(grantId, grant),
        reason: claim.reason,
      })
      return { outcome: 'access_denied' }
    case 'revoked':
      return { outcome: 'access_denied' }
    case 'consumed':
      return { outcome: 'invalid_grant' }
  }
}

/** What the operator allows of a granted scope now, because clients and scopes may have changed. */
const allowedScopeOf = (
  { clients }: PollForTokenDependencies,
  {
    client,
    catalogue,
    grant: { terms },
  }: {
    readonly client: RegisteredClient | undefined
    readonly catalogue: CatalogueScopes | undefined
    readonly grant: ApprovedGrant
  },
): AllowedScope => {
  if (clients && !mayUseDeviceGrant(client)) return { outcome: 'none' }
  return allowedScope(terms.scope, { client, catalogue })
}

/** Ends a key that was approved before all keys of its owner or client were revoked. Returns whether it was. */
const endIfCutOff = async (
  { apiKeys, cutOffs, clock, events, policy }: PollForTokenDependencies,
  keyId: string,
  { owner, request: { clientId }, approvedAt, issuedAt }: ClaimedKey,
): Promise<boolean> => {
  const cutOff = await findCutOff(cutOffs, { owner, clientId, approvedAt })
  if (!cutOff) return false
  const now = clock.now()
  const traceMs = tombstoneMs(policy)
  const revoke = cutOff.erases
    ? (end: EndKey) => withdrawKey({ issuedAt, traceMs, ...end })
    : revokeAnyKey
  await applyRevocation({ apiKeys, events, policy }, { keyId, now, revoke, by: 'cut_off' })
  return true
}
