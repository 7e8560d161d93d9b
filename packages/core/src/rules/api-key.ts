import { hmacSha256, sha256, sha256Hex } from '../crypto.ts'
import { formatApiKey } from './api-key-format.ts'
import type { Origin } from './origin.ts'
import type { Policy } from './policy.ts'
import type { Keepable, Step, Transition } from './transition.ts'

interface Owned extends Keepable {
  /** What its owner sees: `Device Link Access Key (WDJB-MJHT)`. */
  readonly name: string
  /** The person who approved it. */
  readonly owner: string
  readonly clientId?: string
  readonly scope?: string
  /** Where the device asked from. */
  readonly origin: Origin
  /** When it was approved, epoch milliseconds. */
  readonly approvedAt: number
}

/** Approved, not yet picked up: it has no secret and opens nothing. */
export interface ReservedKey extends Owned {
  readonly status: 'reserved'
  readonly salt: string
  /** What the key will begin with: told again, it has to be the same, whatever the policy says by then. */
  readonly prefix: string
  /** When the offer lapses, epoch milliseconds. */
  readonly expiresAt: number
}

/** Told to the device, but the answer may have been lost: it works, and may be told again. */
export interface ClaimedKey extends Owned {
  readonly status: 'claimed'
  readonly salt: string
  readonly prefix: string
  readonly secretHash: string
  /** When it was last told, epoch milliseconds. */
  readonly toldAt: number
  /** When it stops working, epoch milliseconds. */
  readonly expiresAt: number
}

/** Arrived at the device. Nothing is left from which its secret could be made again. */
export interface ActiveKey extends Owned {
  readonly status: 'active'
  readonly secretHash: string
  /** When it stops working, epoch milliseconds. */
  readonly expiresAt: number
  /** Epoch milliseconds, up to a minute behind. */
  readonly lastUsedAt?: number
}

/** Taken back by its owner, from whatever status. */
export interface RevokedKey extends Owned {
  readonly status: 'revoked'
  readonly revokedAt: number
  /** Absent when it was revoked before pick-up. */
  readonly secretHash?: string
  /** Present when it had arrived at its device, whose code is used up. */
  readonly delivered?: true
}

/** One API key. Its id is derived from its grant's id, so that one grant can have one key only. */
export type ApiKey = ReservedKey | ClaimedKey | ActiveKey | RevokedKey

/** An answer that tells the key is taken to be under way for this long. */
const ANSWER_UNDER_WAY_MS = 2_000

/** How far `lastUsedAt` may be behind. */
const LAST_USE_STEP_MS = 60_000

/** What a key is called: by the user code, as people saw it. */
export const keyNameOf = (shownUserCode: string): string =>
  `Device Link Access Key (${shownUserCode})`

/** The id of the key that belongs to a grant: 32 hexadecimal digits. */
export const keyIdOf = (grantId: string): string => sha256Hex(`key of ${grantId}`).slice(0, 32)

/** The hash under which a key's secret is kept and found. */
export const secretHashOf = (apiKey: string): string => sha256(apiKey)

const stay = <R>(key: ApiKey | undefined, reply: R): Step<ApiKey, R> => ({ next: key, reply })

/** Reserves the key of an approval. Harmless when repeated by the same owner; nobody else gets it. */
export const reserveKey =
  (asked: Omit<ReservedKey, 'status'>): Transition<ApiKey, 'reserved' | 'already_processed'> =>
  (current) => {
    if (!current) return { next: { status: 'reserved', ...asked }, reply: 'reserved' }
    const harmless = current.owner === asked.owner && current.status !== 'revoked'
    return stay(current, harmless ? 'reserved' : 'already_processed')
  }

/** What came of a claim: the key (`told`; `expiresAt` in epoch milliseconds), or why there is none to tell now. */
export type Claim =
  | {
      readonly outcome: 'told'
      readonly apiKey: string
      readonly expiresAt: number
      readonly again: boolean
    }
  | {
      readonly outcome:
        | 'under_way'
        | 'lapsed'
        | 'used_up'
        | 'used_up_and_expired'
        | 'revoked'
        | 'missing'
    }

/**
 * The device picks its key up. The secret is made of the device code and the salt, so it can be told
 * again until it has arrived, and neither of the two alone gives it away.
 * @param redeemable whether a key that nobody has picked up yet may still be
 */
export const claimKey =
  (
    deviceCode: string,
    redeemable: boolean,
    now: number,
    policy: Policy,
  ): Transition<ApiKey, Claim> =>
  (key) => {
    if (!key) return stay(key, { outcome: 'missing' })
    switch (key.status) {
      case 'reserved': {
        if (!redeemable) return stay(key, { outcome: 'lapsed' })
        const apiKey = mint(deviceCode, key)
        const expiresAt = now + policy.keyLifetimeMs
        const next: ClaimedKey = {
          ...key,
          status: 'claimed',
          secretHash: secretHashOf(apiKey),
          toldAt: now,
          expiresAt,
          keepUntil: Math.max(key.keepUntil, expiresAt + policy.keepAfterExpiryMs),
        }
        return { next, reply: { outcome: 'told', apiKey, expiresAt, again: false } }
      }
      case 'claimed': {
        if (now >= key.expiresAt) return stay(key, { outcome: 'used_up' })
        if (now - key.toldAt < ANSWER_UNDER_WAY_MS) return stay(key, { outcome: 'under_way' })
        const apiKey = mint(deviceCode, key)
        return {
          next: { ...key, toldAt: now },
          reply: { outcome: 'told', apiKey, expiresAt: key.expiresAt, again: true },
        }
      }
      case 'active':
        return stay(key, usedUp(redeemable))
      case 'revoked':
        return stay(key, key.delivered ? usedUp(redeemable) : { outcome: 'revoked' })
    }
  }

const usedUp = (redeemable: boolean): Claim => ({
  outcome: redeemable ? 'used_up' : 'used_up_and_expired',
})

const mint = (deviceCode: string, { prefix, salt }: ReservedKey | ClaimedKey): string =>
  formatApiKey(prefix, hmacSha256(deviceCode, salt))

/** The key has arrived at the device: it is never told again. */
export const confirmKey = (): Transition<ApiKey, void> => (key) =>
  key?.status === 'claimed' ? { next: activate(key), reply: undefined } : stay(key, undefined)

const activate = ({ salt: _, prefix: __, toldAt: ___, ...key }: ClaimedKey): ActiveKey => ({
  ...key,
  status: 'active',
})

/** Whether a key works, and whether this is its first use. */
export type KeyUse =
  | { readonly outcome: 'valid'; readonly key: ClaimedKey | ActiveKey; readonly first: boolean }
  | { readonly outcome: 'unknown' | 'revoked' | 'expired' }

/** Whether a key works now. */
export const checkKey = (key: ApiKey | undefined, now: number): KeyUse => {
  switch (key?.status) {
    case undefined:
    case 'reserved':
      return { outcome: 'unknown' }
    case 'revoked':
      return { outcome: 'revoked' }
    case 'claimed':
    case 'active':
      return now < key.expiresAt
        ? { outcome: 'valid', key, first: key.status === 'claimed' || key.lastUsedAt === undefined }
        : { outcome: 'expired' }
  }
}

/** Whether a use has to be written down: the first one, and then one a minute. */
export const isUseWorthWriting = (key: ClaimedKey | ActiveKey, now: number): boolean =>
  key.status === 'claimed' ||
  key.lastUsedAt === undefined ||
  now - key.lastUsedAt >= LAST_USE_STEP_MS

/** Writes a use down; the first one proves that the key has arrived. */
export const useKey =
  (now: number): Transition<ApiKey, KeyUse> =>
  (current) => {
    const use = checkKey(current, now)
    if (use.outcome !== 'valid' || !isUseWorthWriting(use.key, now)) return stay(current, use)
    const active = use.key.status === 'claimed' ? activate(use.key) : use.key
    return { next: { ...active, lastUsedAt: now }, reply: use }
  }

/** What came of taking a key back; `unknown` when there is no such key or it is somebody else's. */
export type Revocation = 'revoked' | 'already_revoked' | 'unknown'

/** Its owner takes the key back, from whatever status, before pick-up too. */
export const revokeKey =
  (owner: string, now: number): Transition<ApiKey, Revocation> =>
  (key) => {
    if (!key || key.owner !== owner) return stay(key, 'unknown')
    switch (key.status) {
      case 'revoked':
        return stay(key, 'already_revoked')
      case 'reserved':
      case 'claimed':
      case 'active': {
        const { name, clientId, scope, origin, approvedAt, keepUntil } = key
        const next: RevokedKey = {
          status: 'revoked',
          name,
          owner,
          ...(clientId === undefined ? {} : { clientId }),
          ...(scope === undefined ? {} : { scope }),
          origin,
          approvedAt,
          revokedAt: now,
          ...(key.status === 'reserved' ? {} : { secretHash: key.secretHash }),
          ...(key.status === 'active' ? { delivered: true } : {}),
          keepUntil,
        }
        return { next, reply: 'revoked' }
      }
    }
  }
