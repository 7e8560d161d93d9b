import { hmacSha256, isSameText, sha256 } from '../crypto.ts'
import { formatApiKey } from './api-key-format.ts'
import type { DeviceAuthorizationRequest } from './device-authorization-request.ts'
import type { ApprovedGrant, KeyTerms, PendingGrant } from './device-grant.ts'
import type { EndKey, KeyEnding } from './key-ending.ts'
import type { Policy } from './policy.ts'
import type { PickUpRefusal } from './safeguard.ts'
import type { AllowedScope } from './scope.ts'
import type { Retained, Step, Transition } from './transition.ts'

interface KeyBase extends Retained {
  /** The name that its owner sees: `Device Link Access Key (WDJB-MJHT)`. */
  readonly name: string
  /** The person who approved it. */
  readonly owner: string
  readonly request: DeviceAuthorizationRequest
  /** The scopes that it has, separated by spaces. The request holds what was asked for. */
  readonly scope?: string | undefined
  /** The resources that it is for, as URIs. Absent: for every resource, or not picked up. */
  readonly resources?: readonly string[] | undefined
  /** The name that its owner gave the device. */
  readonly deviceName?: string | undefined
  /** Epoch milliseconds. */
  readonly approvedAt: number
}

/**
 * Being approved, or approved and not picked up. It has no secret and opens nothing. It decides
 * nothing: the grant alone says who owns the key.
 */
export interface ReservedKey extends KeyBase {
  readonly status: 'reserved'
  /** The device must pick the key up earlier, epoch milliseconds. */
  readonly expiresAt: number
  /** Hashes of the people who revoked their reservation. None of them gets a key from this code. */
  readonly revokedBy?: readonly string[] | undefined
  /** What ended it for its owner, if not the owner's own revocation. */
  readonly ending?: KeyEnding | undefined
  /** True if its owner renamed the device after the approval. */
  readonly isRenamed?: true | undefined
}

/** Issued to the device, but not used yet, so that the answer may be lost. */
export interface ClaimedKey extends KeyBase {
  readonly status: 'claimed'
  /** Needed to issue the same key again. Absent once that has ended. */
  readonly salt?: string | undefined
  readonly prefix: string
  readonly secretHash: string
  /** When it was first issued, epoch milliseconds. */
  readonly firstIssuedAt: number
  /** When it was last issued, epoch milliseconds. */
  readonly issuedAt: number
  /** The id of the key that its first use ends. */
  readonly replaces?: string | undefined
  /** When it stops working, epoch milliseconds. */
  readonly expiresAt: number
}

/** Used, so that it has arrived. Its secret cannot be derived any more, because the salt is gone. */
export interface ActiveKey extends KeyBase {
  readonly status: 'active'
  readonly secretHash: string
  /** When it was first issued, epoch milliseconds. Earlier versions did not keep it. */
  readonly firstIssuedAt?: number | undefined
  /** When it stops working, epoch milliseconds. */
  readonly expiresAt: number
  /** Epoch milliseconds, up to a minute behind. */
  readonly lastUsedAt: number
  /** The id of the key that it replaced. Absent once that one has ended for sure. */
  readonly replaces?: string | undefined
}

/** Revoked after pick-up. */
export interface RevokedKey extends KeyBase {
  readonly status: 'revoked'
  readonly secretHash: string
  /** Epoch milliseconds. */
  readonly revokedAt: number
  /** What ended it. Earlier versions did not keep it. */
  readonly ending?: KeyEnding | undefined
  /** True if the key had been used, so that its device code is consumed. */
  readonly used?: true | undefined
  /** Epoch milliseconds. Absent for a key that was never used. Earlier versions did not keep it. */
  readonly lastUsedAt?: number | undefined
}

/** The trace of a removed key, without personal data. It keeps a second key from being made. */
export interface ErasedKey extends Retained {
  readonly status: 'erased'
}

/** One API key. Its id is derived from its grant's id, so that one grant has one key only. */
export type ApiKey = ReservedKey | ClaimedKey | ActiveKey | RevokedKey | ErasedKey

/** The key is not issued again within so many milliseconds, because an answer is in flight. */
const ANSWER_IN_FLIGHT_MS = 2_000

/** How far `lastUsedAt` may be behind, in milliseconds. */
const LAST_USE_STEP_MS = 60_000

/** How much longer than its grant a key is kept, in milliseconds. */
export const KEEP_AFTER_GRANT_MS: number = 5 * 60_000

/** The name of a key, made from the user code as people see it. */
export const keyNameOf = (shownUserCode: string): string =>
  `Device Link Access Key (${shownUserCode})`

/** The hash of a whole API key, as it is stored. */
export const secretHashOf = (apiKey: string): string => sha256(apiKey)

const personHashOf = (person: string): string => sha256(person)

const stay = <R>(key: ApiKey | undefined, reply: R): Step<ApiKey, R> => ({ next: key, reply })

/** What an approval reserves a key with. */
export interface ReserveKey {
  readonly person: string
  readonly terms: KeyTerms
  readonly grant: PendingGrant
  readonly policy: Policy
}

/** The result of a reservation. */
export type Reservation =
  | { readonly outcome: 'reserved' }
  /** This person's key was picked up before, so that the grant was approved and is forgotten. */
  | { readonly outcome: 'picked_up'; readonly key: ClaimedKey | ActiveKey }
  | { readonly outcome: 'already_processed' }

/**
 * Reserves the key of a pending grant. It replaces any other reservation, and nothing else. It always
 * writes, because a state that was only read may be forgotten in a fail-over.
 */
export const reserveKey =
  ({ person, terms, grant, policy }: ReserveKey): Transition<ApiKey, Reservation> =>
  (current) => {
    const revokedBy = current?.status === 'reserved' ? current.revokedBy : undefined
    if (revokedBy?.includes(personHashOf(person))) {
      return stay(current, { outcome: 'already_processed' })
    }
    switch (current?.status) {
      case undefined:
      case 'reserved': {
        const next: ReservedKey = {
          status: 'reserved',
          ...shownTerms(terms),
          owner: person,
          request: grant.request,
          // A device may find the approval so much later than the code's expiry.
          expiresAt: grant.expiresAt + policy.maxIntervalMs + policy.slackMs,
          revokedBy,
          keepUntil: grant.keepUntil + KEEP_AFTER_GRANT_MS,
        }
        return { next, reply: { outcome: 'reserved' } }
      }
      case 'claimed':
      case 'active':
        return stay(
          current,
          current.owner === person
            ? { outcome: 'picked_up', key: current }
            : { outcome: 'already_processed' },
        )
      default:
        return stay(current, { outcome: 'already_processed' })
    }
  }

/**
 * Brings a reservation of `person` in line with the approved grant, or removes it if there is none. The
 * hashes of those who revoked it stay.
 */
export const settleReservation =
  ({
    person,
    approved,
    now,
  }: {
    /** The person whose decision did not count. */
    readonly person: string
    /** The grant, if it was approved, by this person or another one. */
    readonly approved?: ApprovedGrant | undefined
    /** Epoch milliseconds. */
    readonly now: number
  }): Transition<ApiKey, void> =>
  (current) => {
    if (current?.status !== 'reserved' || current.owner !== person) return stay(current, undefined)
    if (approved) {
      const { person: owner, request, terms } = approved
      // The reservation of the approval itself. Its owner may have renamed the device since.
      if (owner === person && current.approvedAt === terms.approvedAt)
        return stay(current, undefined)
      return { next: { ...current, ...shownTerms(terms), owner, request }, reply: undefined }
    }
    const next = current.revokedBy ? { ...current, expiresAt: now } : undefined
    return { next, reply: undefined }
  }

/** The terms that a person sees in the list of keys. */
const shownTerms = ({ name, scope, deviceName, approvedAt }: KeyTerms) => ({
  name,
  scope,
  deviceName,
  approvedAt,
})

/** The result of a claim: the key, or why there is none to issue now. */
export type Claim =
  | {
      /** `reissued`: the first answer may be lost. */
      readonly outcome: 'issued' | 'reissued'
      readonly apiKey: string
      readonly key: ClaimedKey
    }
  | { readonly outcome: 'in_flight' | 'expired' | 'consumed' | 'revoked' }
  /** A safeguard lets the device have no key as things are. The key stays as it was. */
  | { readonly outcome: 'refused'; readonly reason: PickUpRefusal }

/** What a device brings to claim its key. */
export interface ClaimKey {
  readonly keyId: string
  readonly deviceCode: string
  readonly grant: ApprovedGrant
  /** Whether a key that was not picked up may still be. */
  readonly redeemable: boolean
  /** What the operator still allows of the granted scope, as `allowedScope` tells. */
  readonly allowed: AllowedScope
  /**
   * Why a safeguard refuses a key with these scopes, as `refusedAtPickUp` tells.
   * @default no safeguard refuses a key
   */
  readonly refuse?: ((scope: string | undefined) => PickUpRefusal | undefined) | undefined
  /** The resources that the key is for, as `targetedResources` tells. */
  readonly resources?: readonly string[] | undefined
  /** A random text for a new key. */
  readonly salt: string
  /** Epoch milliseconds. */
  readonly now: number
  readonly policy: Policy
}

/**
 * The device picks its key up. The key is made from the approved grant. Its reservation only brings a
 * later name of the device. The secret is derived from device code and salt, and neither of them reveals it.
 * So the same key can be issued again until its first use.
 */
export const claimKey =
  (claim: ClaimKey): Transition<ApiKey, Claim> =>
  (key) => {
    switch (key?.status) {
      case undefined:
        return issue(claim, key)
      case 'reserved':
        if (key.revokedBy?.includes(personHashOf(claim.grant.person))) {
          return stay(key, { outcome: 'revoked' })
        }
        return issue(claim, key)
      case 'claimed':
        return issueAgain(key, claim)
      case 'active':
        return stay(key, { outcome: 'consumed' })
      case 'revoked':
        return stay(key, { outcome: key.used ? 'consumed' : 'revoked' })
      case 'erased':
        return stay(key, { outcome: 'revoked' })
      default:
        // A newer version of this software may store a status that this one does not know.
        return stay(key, { outcome: 'consumed' })
    }
  }

const issue = (claim: ClaimKey, current: ApiKey | undefined): Step<ApiKey, Claim> => {
  const { keyId, deviceCode, grant, allowed, refuse, resources, salt, now, policy } = claim
  if (!claim.redeemable) return stay(current, { outcome: 'expired' })
  const isTooOld = grant.terms.approvedAt < policy.keysNotBefore
  if (isTooOld || allowed.outcome === 'none') return stay(current, { outcome: 'revoked' })
  const reason = refuse?.(allowed.scope)
  if (reason) return stay(current, { outcome: 'refused', reason })
  const { prefix, replaces } = grant.terms
  const renamed =
    current?.status === 'reserved' && current.isRenamed && current.owner === grant.person
      ? { deviceName: current.deviceName }
      : {}
  const apiKey = mint({ keyId, deviceCode, prefix, salt })
  // The operator may have lowered the maximum since the approval.
  const expiresAt = now + Math.min(grant.terms.lifetimeMs, policy.maxKeyLifetimeMs)
  const key: ClaimedKey = {
    status: 'claimed',
    ...shownTerms(grant.terms),
    ...renamed,
    scope: allowed.scope,
    resources,
    owner: grant.person,
    request: grant.request,
    salt,
    prefix,
    replaces,
    secretHash: secretHashOf(apiKey),
    firstIssuedAt: now,
    issuedAt: now,
    expiresAt,
    keepUntil: Math.max(
      grant.keepUntil + KEEP_AFTER_GRANT_MS,
      expiresAt + Math.max(policy.keepAfterExpiryMs, policy.keepEndedKeysMs),
    ),
  }
  return { next: key, reply: { outcome: 'issued', apiKey, key } }
}

const issueAgain = (
  key: ClaimedKey,
  { keyId, deviceCode, grant, refuse, now, policy }: ClaimKey,
): Step<ApiKey, Claim> => {
  const { prefix, salt, ...rest } = key
  if (key.owner !== grant.person || salt === undefined) return stay(key, { outcome: 'consumed' })
  if (now >= key.firstIssuedAt + policy.redeliverForMs || now >= key.expiresAt) {
    return { next: { ...rest, prefix }, reply: { outcome: 'consumed' } }
  }
  const reason = refuse?.(key.scope)
  if (reason) return stay(key, { outcome: 'refused', reason })
  if (now - key.issuedAt < ANSWER_IN_FLIGHT_MS) return stay(key, { outcome: 'in_flight' })
  const apiKey = mint({ keyId, deviceCode, prefix, salt })
  const next = { ...key, issuedAt: now }
  return { next, reply: { outcome: 'reissued', apiKey, key: next } }
}

const mint = ({
  keyId,
  deviceCode,
  prefix,
  salt,
}: {
  readonly keyId: string
  readonly deviceCode: string
  readonly prefix: string
  readonly salt: string
}): string => formatApiKey({ prefix, keyId, secret: hmacSha256(deviceCode, salt) })

/** Whether a key works, and whether this is its first use. */
export type KeyCheck =
  | { readonly outcome: 'valid'; readonly key: ClaimedKey | ActiveKey }
  | { readonly outcome: 'no_such_key' | 'revoked' | 'expired' }

/** What the policy says about keys that were picked up. */
export type KeyLimits = Pick<Policy, 'keyIdleMs' | 'keysNotBefore'>

/** What is checked of a key that came with a request. */
export interface CheckKey {
  /** The hash of the whole API key. */
  readonly secretHash: string
  /** Epoch milliseconds. */
  readonly now: number
  readonly policy: KeyLimits
  /**
   * The latest use whose write failed, epoch milliseconds. It keeps the key from counting as unused.
   * @default no write has failed
   */
  readonly unwrittenUseAt?: number | undefined
}

/**
 * Tells whether a key works. The hash is compared first and in constant time, so that an id alone tells
 * nothing about a key.
 */
export const checkKey = (key: ApiKey | undefined, check: CheckKey): KeyCheck => {
  return hasSecret(key, check.secretHash) ? checkKnownKey(key, check) : { outcome: 'no_such_key' }
}

/** Tells whether a key works whose secret was compared before. */
export const checkKnownKey = (
  key: ApiKey,
  { now, policy, unwrittenUseAt = 0 }: Omit<CheckKey, 'secretHash'>,
): KeyCheck => {
  switch (key.status) {
    case 'revoked':
      return { outcome: 'revoked' }
    case 'claimed':
    case 'active':
      return now < key.expiresAt &&
        key.approvedAt >= policy.keysNotBefore &&
        (now < idleExpiryOf(key, policy) || now < unwrittenUseAt + policy.keyIdleMs)
        ? { outcome: 'valid', key }
        : { outcome: 'expired' }
    default:
      // A newer version of this software may store a status that this one does not know.
      return { outcome: 'no_such_key' }
  }
}

/**
 * When a key that is not used any more expires, epoch milliseconds. `Infinity` if the policy has no such
 * limit.
 */
export const idleExpiryOf = (
  key: ClaimedKey | ActiveKey,
  { keyIdleMs }: Pick<Policy, 'keyIdleMs'>,
): number => {
  if (keyIdleMs === 0) return Number.POSITIVE_INFINITY
  return (key.status === 'active' ? key.lastUsedAt : key.firstIssuedAt) + keyIdleMs
}

/** Whether a use must be written at `now`, epoch milliseconds: the first one, and then one a minute. */
export const isUseWorthWriting = (key: ClaimedKey | ActiveKey, now: number): boolean =>
  key.status === 'claimed' || now - key.lastUsedAt >= LAST_USE_STEP_MS

/** The result of writing a use. */
export type KeyUse = KeyCheck & {
  /** True if this use was the first one. */
  readonly first?: boolean | undefined
}

/** Writes the use of a key. The first use proves that the key has arrived. */
export const useKey =
  (check: CheckKey): Transition<ApiKey, KeyUse> =>
  (current) => {
    const found = checkKey(current, check)
    if (found.outcome !== 'valid' || !isUseWorthWriting(found.key, check.now)) {
      return stay(current, found)
    }
    const { key } = found
    const next: ActiveKey =
      key.status === 'claimed' ? activate(key, check.now) : { ...key, lastUsedAt: check.now }
    return { next, reply: { outcome: 'valid', key: next, first: key.status === 'claimed' } }
  }

const activate = (
  { salt: _, prefix: __, issuedAt: ___, ...key }: ClaimedKey,
  now: number,
): ActiveKey => ({ ...key, status: 'active', lastUsedAt: now })

/** The result of a revocation. `no_such_key` also stands for another person's key. */
export type Revocation = 'revoked' | 'already_revoked' | 'no_such_key'

/**
 * Its owner revokes the key, before pick-up too. It always writes, because a state that was only read
 * may be forgotten in a fail-over.
 */
export const revokeKey =
  ({ owner, ...end }: EndKey & { readonly owner: string }): Transition<ApiKey, Revocation> =>
  (key) => {
    if (!key || key.status === 'erased' || key.owner !== owner) return stay(key, 'no_such_key')
    switch (key.status) {
      case 'revoked':
        return { next: { ...key }, reply: 'already_revoked' }
      case 'reserved': {
        const hash = personHashOf(owner)
        const { revokedBy = [] } = key
        return revokedBy.includes(hash)
          ? { next: { ...key }, reply: 'already_revoked' }
          : {
              next: {
                ...key,
                revokedBy: [...revokedBy, hash],
                ...(end.ending.by !== 'owner' && { ending: end.ending }),
              },
              reply: 'revoked',
            }
      }
      default:
        return { next: revoked(key, end), reply: 'revoked' }
    }
  }

/**
 * The result of a revocation by a caller that has the key itself (RFC 7009). `no_such_key` also stands for
 * a wrong secret.
 */
export type PresentedKeyRevocation = Revocation | 'other_client'

/**
 * A caller that presents a key revokes it, but a client may not revoke a key of another client. It always
 * writes, because a state that was only read may be forgotten in a fail-over.
 */
export const revokePresentedKey =
  ({
    secretHash,
    clientId,
    otherClientIds = [],
    ...end
  }: EndKey & {
    /** The hash of the whole API key. It is compared first and in constant time. */
    readonly secretHash: string
    /** The client that presents the key. */
    readonly clientId: string | undefined
    /** Other ids that the client may mean. */
    readonly otherClientIds?: readonly string[] | undefined
  }): Transition<ApiKey, PresentedKeyRevocation> =>
  (key) => {
    if (!hasSecret(key, secretHash)) return stay(key, 'no_such_key')
    const { clientId: owner } = key.request
    if (owner !== undefined && owner !== clientId && !otherClientIds.includes(owner)) {
      return stay(key, 'other_client')
    }
    return revokeIssued(key, end)
  }

/**
 * Revokes a key that was found where it should not be, whatever its client. The whole key is compared,
 * because ids stand in logs. It always writes, because a state that was only read may be forgotten in a
 * fail-over.
 */
export const revokeLeakedKey =
  ({
    secretHash,
    ...end
  }: EndKey & {
    /** The hash of the whole API key. It is compared first and in constant time. */
    readonly secretHash: string
  }): Transition<ApiKey, Revocation> =>
  (key) =>
    hasSecret(key, secretHash) ? revokeIssued(key, end) : stay(key, 'no_such_key')

const revokeIssued = (
  key: ClaimedKey | ActiveKey | RevokedKey,
  end: EndKey,
): Step<ApiKey, Revocation> => {
  switch (key.status) {
    case 'revoked':
      return { next: { ...key }, reply: 'already_revoked' }
    case 'claimed':
    case 'active':
      return { next: revoked(key, end), reply: 'revoked' }
    default:
      // A newer version of this software may store a status that this one does not know.
      return stay(key, 'no_such_key')
  }
}

/** Whether a key has this secret. The hashes of whole keys are compared in constant time. */
export const hasSecret = (
  key: ApiKey | undefined,
  secretHash: string,
): key is ClaimedKey | ActiveKey | RevokedKey => {
  const kept: unknown = key && 'secretHash' in key ? key.secretHash : undefined
  return typeof kept === 'string' && isSameText(kept, secretHash)
}

const revoked = (key: ClaimedKey | ActiveKey, { now, ending, keepMs }: EndKey): RevokedKey => {
  const { expiresAt: _, replaces: __, ...ended } = key
  const how = { status: 'revoked', revokedAt: now, ending, keepUntil: now + keepMs } as const
  if (ended.status === 'active') {
    const { firstIssuedAt: ___, ...kept } = ended
    return { ...kept, ...how, used: true }
  }
  const { salt: ___, prefix: ____, firstIssuedAt: _____, issuedAt: ______, ...kept } = ended
  return { ...kept, ...how }
}

/**
 * An operator revokes a key of any owner. A reservation lists its owner's hash, as if the owner had
 * revoked it.
 */
export const revokeAnyKey =
  (end: EndKey): Transition<ApiKey, Revocation> =>
  (key) =>
    !key || key.status === 'erased'
      ? stay(key, 'no_such_key')
      : revokeKey({ owner: key.owner, ...end })(key)

/**
 * Removes the personal data of a key. What is left keeps a second key from being made of its grant, and
 * is forgotten `keepMs` later, in milliseconds. Of a reservation, only the hashes of the people who
 * revoked it are left, because another person may approve the code.
 */
export const eraseKey =
  ({
    owner,
    now,
    keepMs,
  }: {
    readonly owner: string
    /** Epoch milliseconds. */
    readonly now: number
    readonly keepMs: number
  }): Transition<ApiKey, 'erased' | 'no_such_key'> =>
  (key) => {
    if (!key || key.status === 'erased' || key.owner !== owner) return stay(key, 'no_such_key')
    const next = key.status === 'reserved' ? emptyReservation(key, now) : erased(now + keepMs)
    return { next, reply: 'erased' }
  }

const erased = (keepUntil: number): ErasedKey => ({ status: 'erased', keepUntil })

const emptyReservation = (
  { revokedBy, approvedAt, keepUntil }: ReservedKey,
  now: number,
): ReservedKey | undefined =>
  revokedBy && {
    status: 'reserved',
    name: '',
    owner: '',
    request: { device: {} },
    approvedAt,
    expiresAt: now,
    revokedBy,
    keepUntil,
  }

/**
 * Ends a key that was just issued, and whose answer was not sent. Its grant is older than the erasure of its
 * owner's data. No personal data is left.
 */
export const withdrawKey =
  ({
    issuedAt,
    traceMs,
    ...end
  }: EndKey & {
    /** When this call issued it, epoch milliseconds. */
    readonly issuedAt: number
    /** How long its trace is kept, in milliseconds. */
    readonly traceMs: number
  }): Transition<ApiKey, Revocation> =>
  (key) => {
    if (!key || key.status === 'erased') return stay(key, 'no_such_key')
    return key.status === 'claimed' && key.firstIssuedAt === issuedAt
      ? { next: erased(end.now + traceMs), reply: 'revoked' }
      : revokeAnyKey(end)(key)
  }

/** Removes the mark of a key whose replaced key has ended for sure. */
export const forgetReplaced =
  (replaced: string): Transition<ApiKey, void> =>
  (key) => {
    if (key?.status !== 'active' || key.replaces !== replaced) return stay(key, undefined)
    const { replaces: _, ...next } = key
    return { next, reply: undefined }
  }

/** The result of renaming a device. `no_such_key` also stands for another person's key. */
export type Renaming = 'renamed' | 'no_such_key'

/** Its owner gives the device another name, or none. */
export const renameDevice =
  ({
    owner,
    deviceName,
    now,
    policy,
  }: {
    readonly owner: string
    /** As `readDeviceName` cleans it. */
    readonly deviceName: string | undefined
    /** Epoch milliseconds. */
    readonly now: number
    readonly policy: KeyLimits
  }): Transition<ApiKey, Renaming> =>
  (key) => {
    if (!key || !isLive(key, { now, policy }) || key.owner !== owner)
      return stay(key, 'no_such_key')
    const next =
      key.status === 'reserved'
        ? { ...key, deviceName, isRenamed: true as const }
        : { ...key, deviceName }
    return { next, reply: 'renamed' }
  }

/** Whether the person who reserved a key has revoked it. */
export const isRevokedByOwner = ({ owner, revokedBy }: ReservedKey): boolean =>
  revokedBy?.includes(personHashOf(owner)) ?? false

/** A revocation that a fail-over may still forget is younger than this, in milliseconds. */
const REVOKED_AGAIN_MS = 10 * 60_000

/**
 * Whether a revocation of all keys writes a key: each that has not expired. Keys that were just revoked are
 * written again, because a state that was only read may be forgotten in a fail-over.
 */
export const isWorthRevoking = (key: ApiKey, now: number): boolean => {
  if (key.status === 'erased') return false
  if (key.status === 'revoked') return now - key.revokedAt <= REVOKED_AGAIN_MS
  return now < key.expiresAt
}

/** Whether a person's key works or may be picked up at `now`, epoch milliseconds. */
export const isLive = (
  key: ApiKey,
  { now, policy }: { readonly now: number; readonly policy: KeyLimits },
): key is ReservedKey | ClaimedKey | ActiveKey => {
  switch (key.status) {
    case 'reserved':
      return now < key.expiresAt && key.approvedAt >= policy.keysNotBefore && !isRevokedByOwner(key)
    case 'claimed':
    case 'active':
      return (
        now < key.expiresAt &&
        now < idleExpiryOf(key, policy) &&
        key.approvedAt >= policy.keysNotBefore
      )
    default:
      return false
  }
}

const STATUSES: Readonly<Record<ApiKey['status'], true>> = {
  reserved: true,
  claimed: true,
  active: true,
  revoked: true,
  erased: true,
}

/** Whether a newer version of this software wrote a key, with a status that this one does not know. */
export const isOfUnknownStatus = ({ status }: ApiKey): boolean => !Object.hasOwn(STATUSES, status)
