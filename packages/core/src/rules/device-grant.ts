import { sha256 } from '../crypto.ts'
import type { Origin } from './origin.ts'
import type { Policy } from './policy.ts'
import type { Keepable, Step, Transition } from './transition.ts'

interface Asked extends Keepable {
  /** The client that asked; absent when it did not say. Only the same client may poll. */
  readonly clientId?: string
  readonly scope?: string
  /** The user code as it is stored: without the mask's dashes. */
  readonly userCode: string
  readonly origin: Origin
  /** Epoch milliseconds. */
  readonly requestedAt: number
  /** Epoch milliseconds. From here on the code is expired. */
  readonly expiresAt: number
  /** The spacing that the device has to keep between polls, milliseconds (RFC 8628 section 3.5). */
  readonly intervalMs: number
}

/** Waiting for a person's decision. Expiry is not a status: it follows from `expiresAt`. */
export interface PendingGrant extends Asked {
  readonly status: 'pending'
  /** When the next poll is due, epoch milliseconds. Absent before the first poll, which is never early. */
  readonly nextPollAt?: number
  /** True once the accepted poll has had its companion. */
  readonly companion?: true
}

/** Approved: its device may pick the key up. `person` is who approved it. */
export interface ApprovedGrant extends Asked {
  readonly status: 'approved'
  readonly person: string
}

/** Denied: every further poll hears `access_denied`. `person` is who denied it. */
export interface DeniedGrant extends Asked {
  readonly status: 'denied'
  readonly person: string
}

/** One device code, from the request to the decision (RFC 8628). Its id is the hash of the device code. */
export type DeviceGrant = PendingGrant | ApprovedGrant | DeniedGrant

/** The id under which the grant of a device code is kept: its SHA-256, so a dump opens nothing. */
export const grantIdOf = (deviceCode: string): string => sha256(deviceCode)

/** How much earlier than due a poll may come without being early, milliseconds. */
const slackMs = (intervalMs: number, policy: Policy): number =>
  Math.min(policy.slackMs, intervalMs / 5)

const stay = <R>(grant: DeviceGrant | undefined, reply: R): Step<DeviceGrant, R> => ({
  next: grant,
  reply,
})

/** What a new grant is for: who asks, for which scope, from where, and the user code as it is stored. */
export interface OpenGrant {
  readonly clientId?: string
  readonly scope?: string
  readonly userCode: string
  readonly origin: Origin
}

/** Starts a grant (RFC 8628 section 3.2). A device code is never issued twice, so an id in use is refused. */
export const openGrant =
  (asked: OpenGrant, now: number, policy: Policy): Transition<DeviceGrant, 'opened' | 'taken'> =>
  (current) => {
    if (current) return stay(current, 'taken')
    const expiresAt = now + policy.codeLifetimeMs
    const next: PendingGrant = {
      status: 'pending',
      ...asked,
      requestedAt: now,
      expiresAt,
      intervalMs: policy.intervalMs,
      keepUntil: expiresAt + policy.keepAfterExpiryMs,
    }
    return { next, reply: 'opened' }
  }

/** What a poll finds: an answer of RFC 8628 section 3.5, or that the key may be claimed. Intervals in milliseconds. */
export type GrantPoll =
  | {
      readonly outcome:
        | 'authorization_pending'
        | 'access_denied'
        | 'expired_token'
        | 'invalid_grant'
    }
  | { readonly outcome: 'slow_down'; readonly intervalMs: number }
  | {
      readonly outcome: 'approved'
      readonly scope?: string
      readonly intervalMs: number
      /** False when the code has run out and only an answer already under way may still be told. */
      readonly redeemable: boolean
    }

/**
 * The device asks whether there is a decision (RFC 8628 section 3.5). A decision is told whatever
 * the pace; only a pending grant is held to one.
 */
export const pollGrant =
  (clientId: string | undefined, now: number, policy: Policy): Transition<DeviceGrant, GrantPoll> =>
  (grant) => {
    if (!grant || grant.clientId !== clientId || now >= grant.keepUntil) {
      return stay(grant, { outcome: 'invalid_grant' })
    }
    switch (grant.status) {
      case 'denied':
        return stay(grant, { outcome: 'access_denied' })
      case 'approved':
        return stay(grant, {
          outcome: 'approved',
          ...(grant.scope === undefined ? {} : { scope: grant.scope }),
          intervalMs: grant.intervalMs,
          // A device that polls on time may find the approval just after the code's end.
          redeemable: now <= grant.expiresAt + grant.intervalMs + slackMs(grant.intervalMs, policy),
        })
      case 'pending':
        if (now >= grant.expiresAt) return stay(grant, { outcome: 'expired_token' })
        return pacePoll(grant, now, policy)
    }
  }

const withoutCompanion = (grant: PendingGrant): PendingGrant => {
  // Nearly always there is none, and a plain copy costs a tenth of one that leaves something out.
  if (!grant.companion) return grant
  const { companion: _, ...rest } = grant
  return rest
}

/** The pace of polls: slack, one companion, 5 s more for an early poll, a cap, and a way back. */
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
    }
  }
  // Both are measured from the last accepted poll, so a client with a steady pace gets back in.
  const acceptedAt = nextPollAt - intervalMs
  if (!grant.companion && now - acceptedAt <= slack) {
    return { next: { ...grant, companion: true }, reply: { outcome: 'authorization_pending' } }
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

/** What may be shown of a grant, or why there is nothing to decide. */
export type GrantReview =
  | { readonly outcome: 'pending'; readonly grant: PendingGrant }
  | { readonly outcome: 'expired'; readonly clientId?: string }
  /** Somebody else has decided: nobody is told on what. */
  | { readonly outcome: 'already_processed'; readonly yours?: never }
  | {
      readonly outcome: 'already_processed'
      /** What this very person decided. */
      readonly yours: 'approve' | 'deny'
      readonly clientId?: string
    }

/** Looks whether `person` may decide on this grant now; changes nothing. */
export const reviewGrant =
  (person: string, now: number): Transition<DeviceGrant, GrantReview> =>
  (grant) =>
    stay(grant, review(grant, person, now))

const review = (grant: DeviceGrant | undefined, person: string, now: number): GrantReview => {
  // A code whose grant is lost has run out, as far as a person can tell.
  if (!grant || now >= grant.keepUntil) return { outcome: 'expired' }
  if (grant.status === 'pending') {
    return now < grant.expiresAt
      ? { outcome: 'pending', grant }
      : { outcome: 'expired', ...clientOf(grant) }
  }
  if (grant.person !== person) return { outcome: 'already_processed' }
  const yours = grant.status === 'approved' ? 'approve' : 'deny'
  return { outcome: 'already_processed', yours, ...clientOf(grant) }
}

const clientOf = ({ clientId }: Asked): { readonly clientId?: string } =>
  clientId === undefined ? {} : { clientId }

/** Whether the decision counts, or why there was nothing left to decide. */
export type GrantDecision =
  | { readonly outcome: 'decided'; readonly clientId?: string }
  | Exclude<GrantReview, { readonly outcome: 'pending' }>

/** Approves or denies a pending grant (RFC 8628 section 3.3). Of several decisions the first one holds. */
export const decideGrant =
  (
    decision: 'approve' | 'deny',
    person: string,
    now: number,
  ): Transition<DeviceGrant, GrantDecision> =>
  (grant) => {
    const found = review(grant, person, now)
    if (found.outcome !== 'pending') return stay(grant, found)
    const { nextPollAt: _, companion: __, ...asked } = found.grant
    const status = decision === 'approve' ? 'approved' : 'denied'
    return { next: { ...asked, status, person }, reply: { outcome: 'decided', ...clientOf(asked) } }
  }
