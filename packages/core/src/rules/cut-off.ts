import { sha256 } from '../crypto.ts'
import { KEEP_AFTER_GRANT_MS } from './api-key.ts'
import type { Policy } from './policy.ts'
import type { Retained, Transition } from './transition.ts'

/**
 * The time at which all keys of a person or of a client were revoked. Grants that were approved earlier
 * give no key any more, even if their keys were not found.
 */
export interface CutOff extends Retained {
  /** Epoch milliseconds. */
  readonly at: number
  /** True if the person's data was erased, so that nothing of it is written again. */
  readonly erases?: true | undefined
}

/** The id of a person's cut-off. It is a hash, because some stores limit the characters of ids. */
export const ownerCutOffId = (owner: string): string => sha256(`owner ${owner}`)

/** The id of a client's cut-off. Grants without a client have none. */
export const clientCutOffId = (clientId: string): string => sha256(`client ${clientId}`)

/** How far two servers' clocks may differ, in milliseconds. */
const CLOCK_SKEW_MS = 1_000

/** Sets a cut-off at `now`, epoch milliseconds. It is kept as long as a grant can live. */
export const setCutOff =
  ({
    now,
    policy,
    erases,
  }: {
    readonly now: number
    readonly policy: Policy
    readonly erases?: true | undefined
  }): Transition<CutOff, void> =>
  (current) => {
    const at = Math.max(now, current?.at ?? 0)
    const next = { at, erases: erases ?? current?.erases, keepUntil: at + grantLifeMs(policy) }
    return { next, reply: undefined }
  }

/** How long the trace of an erased key is kept, in milliseconds: longer than its grant can live. */
export const tombstoneMs = (policy: Pick<Policy, 'codeLifetimeMs' | 'keepAfterExpiryMs'>): number =>
  grantLifeMs(policy) + KEEP_AFTER_GRANT_MS

/** How long a revoked key is kept, in milliseconds: as the policy says, and longer than its grant can live. */
export const keepEndedMs = (
  policy: Pick<Policy, 'codeLifetimeMs' | 'keepAfterExpiryMs' | 'keepEndedKeysMs'>,
): number => Math.max(policy.keepEndedKeysMs, tombstoneMs(policy))

/** How long a grant can live at most, in milliseconds. */
const grantLifeMs = ({
  codeLifetimeMs,
  keepAfterExpiryMs,
}: Pick<Policy, 'codeLifetimeMs' | 'keepAfterExpiryMs'>): number =>
  codeLifetimeMs + keepAfterExpiryMs + CLOCK_SKEW_MS

/** Whether a grant approved at `approvedAt`, epoch milliseconds, gives no key any more. */
export const isCutOff = (cutOff: CutOff | undefined, approvedAt: number): boolean =>
  cutOff !== undefined && approvedAt <= cutOff.at + CLOCK_SKEW_MS
