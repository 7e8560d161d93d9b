import { sha256 } from '../crypto.ts'
import type { Decision } from './decision.ts'
import type { DeviceAuthorizationRequest } from './device-authorization-request.ts'
import type { Policy } from './policy.ts'
import type { Retained, Step, Transition } from './transition.ts'

interface GrantBase extends Retained {
  readonly request: DeviceAuthorizationRequest
  /** The user code as it is stored, without the mask's separators. */
  readonly userCode: string
  /** Epoch milliseconds. */
  readonly requestedAt: number
  /** The code is expired from here on, epoch milliseconds. */
  readonly expiresAt: number
  /** The spacing that the device must keep between polls, in milliseconds (RFC 8628 section 3.5). */
  readonly intervalMs: number
}

/** Waits for a person's decision. Expiry is not a status, because it follows from `expiresAt`. */
export interface PendingGrant extends GrantBase {
  readonly status: 'pending'
  /** When the next poll is due, epoch milliseconds. Absent before the first poll, which is never early. */
  readonly nextPollAt?: number | undefined
  /** True once the accepted poll has had its companion poll. */
  readonly companion?: true | undefined
}

/** What the key of an approved grant will be. */
export interface KeyTerms {
  /** The key's name: `Device Link Access Key (WDJB-MJHT)`. */
  readonly name: string
  /** The first characters of the key. */
  readonly prefix: string
  /** The scopes that the person granted, separated by spaces. */
  readonly scope?: string | undefined
  /** The name of the device, as the person left it. */
  readonly deviceName?: string | undefined
  /** The id of the key that this one replaces: its first use ends the other one. */
  readonly replaces?: string | undefined
  /** How long the key works from pick-up, in milliseconds. */
  readonly lifetimeMs: number
  /** Epoch milliseconds. */
  readonly approvedAt: number
}

interface DecidedBase extends GrantBase {
  readonly person: string
  /** True once the person said that they did not start the login. */
  readonly isReported?: true | undefined
}

/** Approved by `person`: the device may pick its key up. It holds everything that the key will be. */
export interface ApprovedGrant extends DecidedBase {
  readonly status: 'approved'
  readonly terms: KeyTerms
  /** What the safeguards noted at the approval. Absent for nothing. */
  readonly met?: readonly string[] | undefined
}

/** Denied by `person`: every further poll is answered `access_denied`. */
export interface DeniedGrant extends DecidedBase {
  readonly status: 'denied'
}

/** One device code from request to decision (RFC 8628). Its id is the hash of the device code. */
export type DeviceGrant = PendingGrant | ApprovedGrant | DeniedGrant

/** The id of a device code's grant: its SHA-256, so that a dump of the store redeems nothing. */
export const grantIdOf = (deviceCode: string): string => sha256(deviceCode)

/** How much earlier than due a poll may come without being early, in milliseconds. */
const slackMs = (intervalMs: number, policy: Policy): number =>
  Math.min(policy.slackMs, intervalMs / 5)

const stay = <R>(grant: DeviceGrant | undefined, reply: R): Step<DeviceGrant, R> => ({
  next: grant,
  reply,
})

/** What a new grant is made from. */
export interface OpenGrant {
  readonly request: DeviceAuthorizationRequest
  /** The user code as it is stored, without the mask's separators. */
  readonly userCode: string
  /** Epoch milliseconds. */
  readonly now: number
  readonly policy: Policy
}

/** Starts a grant (RFC 8628 section 3.2). An id in use is refused, because a device code is issued once. */
export const openGrant =
  ({ request, userCode, now, policy }: OpenGrant): Transition<DeviceGrant, 'opened' | 'taken'> =>
  (current) => {
    if (current) return stay(current, 'taken')
    const expiresAt = now + policy.codeLifetimeMs
    const next: PendingGrant = {
      status: 'pending',
      request,
      userCode,
      requestedAt: now,
      expiresAt,
      intervalMs: policy.intervalMs,
      keepUntil: expiresAt + policy.keepAfterExpiryMs,
    }
    return { next, reply: 'opened' }
  }

/** The result of a poll: an answer of RFC 8628 section 3.5, or leave to claim the key. */
export type GrantPoll =
  | {
      readonly outcome: 'authorization_pending' | 'access_denied' | 'invalid_grant'
    }
  | {
      /** `other_client`: answered `invalid_grant`, because another client requested the code. */
      readonly outcome: 'expired_token' | 'other_client'
      readonly grant: DeviceGrant
    }
  | {
      readonly outcome: 'slow_down'
      /** In milliseconds. */
      readonly intervalMs: number
    }
  | {
      readonly outcome: 'approved'
      readonly grant: ApprovedGrant
      /** False once the code has expired: then only a key that was picked up may be issued again. */
      readonly redeemable: boolean
    }

/**
 * A device polls (RFC 8628 section 3.5). A poll that comes too early gets a decision too, because
 * `slow_down` means "still pending".
 */
export const pollGrant =
  ({
    clientId,
    otherClientIds = [],
    now,
    policy,
  }: {
    readonly clientId: string | undefined
    /** Other ids that the client may mean. */
    readonly otherClientIds?: readonly string[] | undefined
    /** Epoch milliseconds. */
    readonly now: number
    readonly policy: Policy
  }): Transition<DeviceGrant, GrantPoll> =>
  (grant) => {
    if (!grant || now >= grant.keepUntil) return stay(grant, { outcome: 'invalid_grant' })
    const { clientId: requester } = grant.request
    if (requester !== clientId && !otherClientIds.some((id) => id === requester)) {
      return stay(grant, { outcome: 'other_client', grant })
    }
    switch (grant.status) {
      case 'denied':
        return stay(grant, { outcome: 'access_denied' })
      case 'approved':
        return stay(grant, {
          outcome: 'approved',
          grant,
          // A device that polls on time may find the approval just after the code's expiry.
          redeemable: now <= grant.expiresAt + grant.intervalMs + slackMs(grant.intervalMs, policy),
        })
      case 'pending':
        if (now >= grant.expiresAt) return stay(grant, { outcome: 'expired_token', grant })
        return pacePoll(grant, now, policy)
    }
  }

const withoutCompanion = (grant: PendingGrant): PendingGrant => {
  // Destructuring costs ten times a plain copy, and most grants have no companion.
  if (!grant.companion) return grant
  const { companion: _, ...rest } = grant
  return rest
}

/**
 * Applies the pace of polls: slack, one companion, a longer interval for an early poll, and its cap. A
 * lost time only makes the next poll count as on time. A longer interval is kept, because the device
 * uses it.
 */
const pacePoll = (
  grant: PendingGrant,
  now: number,
  policy: Policy,
): Step<DeviceGrant, GrantPoll> => {
  const { nextPollAt, intervalMs } = grant
  const slack = slackMs(intervalMs, policy)
  if (nextPollAt === undefined || now >= nextPollAt - slack) {
    return {
      next: { ...withoutCompanion(grant), nextPollAt: now + intervalMs },
      reply: { outcome: 'authorization_pending' },
      isEphemeral: true,
    }
  }
  // Measured from the last accepted poll, so that a client with a steady pace recovers.
  const acceptedAt = nextPollAt - intervalMs
  if (!grant.companion && now - acceptedAt <= slack) {
    return {
      next: { ...grant, companion: true },
      reply: { outcome: 'authorization_pending' },
      isEphemeral: true,
    }
  }
  const longer = Math.max(
    intervalMs,
    Math.min(intervalMs + policy.intervalStepMs, policy.maxIntervalMs),
  )
  const reply = { outcome: 'slow_down', intervalMs: longer } as const
  return longer === intervalMs
    ? stay(grant, reply)
    : { next: { ...grant, intervalMs: longer, nextPollAt: acceptedAt + longer }, reply }
}

/** What a person's look at a grant finds. */
export type GrantReview =
  | { readonly outcome: 'pending'; readonly grant: PendingGrant }
  /** `grant` is absent if it is forgotten. */
  | { readonly outcome: 'expired'; readonly grant?: PendingGrant | undefined }
  | { readonly outcome: 'decided'; readonly grant: ApprovedGrant | DeniedGrant }

/** Tells whether a grant is open for a decision at `now`, epoch milliseconds. Changes nothing. */
export const reviewGrant =
  (now: number): Transition<DeviceGrant, GrantReview> =>
  (grant) =>
    stay(grant, review(grant, now))

const review = (grant: DeviceGrant | undefined, now: number): GrantReview => {
  // A person cannot tell a lost grant from an expired one.
  if (!grant || now >= grant.keepUntil) return { outcome: 'expired' }
  if (grant.status !== 'pending') return { outcome: 'decided', grant }
  return now < grant.expiresAt ? { outcome: 'pending', grant } : { outcome: 'expired', grant }
}

/** Ends a pending grant, as if its code had expired. Tells whether it was pending. */
export const endGrant =
  (now: number): Transition<DeviceGrant, boolean> =>
  (grant) =>
    review(grant, now).outcome === 'pending' && grant
      ? { next: { ...grant, expiresAt: now }, reply: true }
      : stay(grant, false)

/** A decision on a grant. An approval brings the terms of the key. */
export type DecideGrant = {
  readonly person: string
  /** Epoch milliseconds. */
  readonly now: number
} & (
  | ({ readonly decision: Extract<Decision, 'approve'> } & Pick<ApprovedGrant, 'terms' | 'met'>)
  | { readonly decision: Extract<Decision, 'deny'> }
)

/** The result of a decision: it counts, or there was nothing left to decide. */
export type GrantDecision =
  | { readonly outcome: 'won'; readonly grant: ApprovedGrant | DeniedGrant }
  | Exclude<GrantReview, { readonly outcome: 'pending' }>

/** Approves or denies a pending grant (RFC 8628 section 3.3). The first of several decisions counts. */
export const decideGrant =
  (decide: DecideGrant): Transition<DeviceGrant, GrantDecision> =>
  (grant) => {
    const found = review(grant, decide.now)
    if (found.outcome !== 'pending') return stay(grant, found)
    const { nextPollAt: _, companion: __, ...base } = found.grant
    const { person } = decide
    const next: ApprovedGrant | DeniedGrant =
      decide.decision === 'approve'
        ? { ...base, status: 'approved', person, terms: decide.terms, ...noted(decide.met) }
        : { ...base, status: 'denied', person }
    return { next, reply: { outcome: 'won', grant: next } }
  }

const noted = (met: ApprovedGrant['met'] = []) => (met.length > 0 ? { met } : {})

/** Whether a report of this person is new, so that a form that is sent twice reports once. */
export const isNewReport = (grant: ApprovedGrant | DeniedGrant, person: string): boolean =>
  grant.person === person && grant.isReported !== true

/** Records that the person who decided did not start the login. */
export const reportGrant =
  (person: string): Transition<DeviceGrant, void> =>
  (grant) =>
    !grant || grant.status === 'pending' || !isNewReport(grant, person)
      ? stay(grant, undefined)
      : { next: { ...grant, isReported: true }, reply: undefined }
