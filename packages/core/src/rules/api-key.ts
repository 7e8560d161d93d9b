import { hmacSha256, sha256, sha256Hex } from '../crypto.ts'
import { formatApiKey } from './api-key-format.ts'
import type { DeviceAuthorizationRequest } from './device-authorization-request.ts'
import type { Policy } from './policy.ts'
import type { Retained, Step, Transition } from './transition.ts'

interface KeyBase extends Retained {
  /** The name that its owner sees: `Device Link Access Key (WDJB-MJHT)`. */
  readonly name: string
  /** The person who approved it. */
  readonly owner: string
  readonly request: DeviceAuthorizationRequest
  /** Epoch milliseconds. */
  readonly approvedAt: number
}

/** Approved but not picked up. It has no secret and opens nothing. */
export interface ReservedKey extends KeyBase {
  readonly status: 'reserved'
  readonly salt: string
  /** Kept, so that a reissued key is the same one after a change of the policy. */
  readonly prefix: string
  /** The device must pick the key up earlier, epoch milliseconds. */
  readonly expiresAt: number
}

/** Issued to the device, but the answer may be lost. The key works and may be issued again. */
export interface ClaimedKey extends KeyBase {
  readonly status: 'claimed'
  readonly salt: string
  readonly prefix: string
  readonly secretHash: string
  /** When it was last issued, epoch milliseconds. */
  readonly issuedAt: number
  /** When it stops working, epoch milliseconds. */
  readonly expiresAt: number
}

/** Arrived at the device. Its secret cannot be derived any more, because the salt is gone. */
export interface ActiveKey extends KeyBase {
  readonly status: 'active'
  readonly secretHash: string
  /** When it stops working, epoch milliseconds. */
  readonly expiresAt: number
  /** Epoch milliseconds, up to a minute behind. */
  readonly lastUsedAt?: number | undefined
}

/** Revoked by its owner, from any other status. */
export interface RevokedKey extends KeyBase {
  readonly status: 'revoked'
  /** Epoch milliseconds. */
  readonly revokedAt: number
  /** Absent if the key was revoked before pick-up. */
  readonly secretHash?: string | undefined
  /** True if the key had arrived at its device, so that the device code is consumed. */
  readonly delivered?: true | undefined
}

/** One API key. Its id is derived from its grant's id, so that one grant has one key only. */
export type ApiKey = ReservedKey | ClaimedKey | ActiveKey | RevokedKey

/** An answer with the key counts as in flight for so many milliseconds. */
const ANSWER_IN_FLIGHT_MS = 2_000

/** How far `lastUsedAt` may be behind, in milliseconds. */
const LAST_USE_STEP_MS = 60_000

/** The name of a key, made from the user code as people see it. */
export const keyNameOf = (shownUserCode: string): string =>
  `Device Link Access Key (${shownUserCode})`

/** The id of the key that belongs to a grant: 32 hexadecimal digits. */
export const keyIdOf = (grantId: string): string => sha256Hex(`key of ${grantId}`).slice(0, 32)

/** The hash under which a key's secret is kept and found. */
export const secretHashOf = (apiKey: string): string => sha256(apiKey)

const stay = <R>(key: ApiKey | undefined, reply: R): Step<ApiKey, R> => ({ next: key, reply })

/** Reserves the key of an approval. The same owner may repeat it; another person is refused. */
export const reserveKey =
  (
    reservation: Omit<ReservedKey, 'status'>,
  ): Transition<ApiKey, 'reserved' | 'already_processed'> =>
  (current) => {
    if (!current) return { next: { status: 'reserved', ...reservation }, reply: 'reserved' }
    const isRepeated = current.owner === reservation.owner && current.status !== 'revoked'
    return stay(current, isRepeated ? 'reserved' : 'already_processed')
  }

/** The result of a claim: the key, or why there is none to issue now. */
export type Claim =
  | {
      /** `reissued`: the first answer may be lost. */
      readonly outcome: 'issued' | 'reissued'
      readonly apiKey: string
      /** Epoch milliseconds. */
      readonly expiresAt: number
    }
  | {
      readonly outcome:
        | 'in_flight'
        | 'expired'
        | 'consumed'
        | 'consumed_and_expired'
        | 'revoked'
        | 'no_such_key'
    }

/** What a device brings to claim its key. */
export interface ClaimKey {
  readonly deviceCode: string
  /** Whether a key that was not picked up may still be. */
  readonly redeemable: boolean
  /** Epoch milliseconds. */
  readonly now: number
  readonly policy: Policy
}

/**
 * The device picks its key up. The secret is derived from device code and salt, so that the key can be
 * issued again until it has arrived, and neither of the two reveals it.
 */
export const claimKey =
  ({ deviceCode, redeemable, now, policy }: ClaimKey): Transition<ApiKey, Claim> =>
  (key) => {
    if (!key) return stay(key, { outcome: 'no_such_key' })
    switch (key.status) {
      case 'reserved': {
        if (!redeemable) return stay(key, { outcome: 'expired' })
        const apiKey = mint(deviceCode, key)
        const expiresAt = now + policy.keyLifetimeMs
        const next: ClaimedKey = {
          ...key,
          status: 'claimed',
          secretHash: secretHashOf(apiKey),
          issuedAt: now,
          expiresAt,
          keepUntil: Math.max(key.keepUntil, expiresAt + policy.keepAfterExpiryMs),
        }
        return { next, reply: { outcome: 'issued', apiKey, expiresAt } }
      }
      case 'claimed': {
        if (now >= key.expiresAt) return stay(key, { outcome: 'consumed' })
        if (now - key.issuedAt < ANSWER_IN_FLIGHT_MS) return stay(key, { outcome: 'in_flight' })
        const apiKey = mint(deviceCode, key)
        return {
          next: { ...key, issuedAt: now },
          reply: { outcome: 'reissued', apiKey, expiresAt: key.expiresAt },
        }
      }
      case 'active':
        return stay(key, consumed(redeemable))
      case 'revoked':
        return stay(key, key.delivered ? consumed(redeemable) : { outcome: 'revoked' })
    }
  }

const consumed = (redeemable: boolean): Claim => ({
  outcome: redeemable ? 'consumed' : 'consumed_and_expired',
})

const mint = (deviceCode: string, { prefix, salt }: ReservedKey | ClaimedKey): string =>
  formatApiKey(prefix, hmacSha256(deviceCode, salt))

/** The key has arrived at the device and is never issued again. */
export const confirmKey = (): Transition<ApiKey, void> => (key) =>
  key?.status === 'claimed' ? { next: activate(key), reply: undefined } : stay(key, undefined)

const activate = ({ salt: _, prefix: __, issuedAt: ___, ...key }: ClaimedKey): ActiveKey => ({
  ...key,
  status: 'active',
})

/** Whether a key works, and whether this is its first use. */
export type KeyUse =
  | { readonly outcome: 'valid'; readonly key: ClaimedKey | ActiveKey; readonly first: boolean }
  | { readonly outcome: 'no_such_key' | 'revoked' | 'expired' }

/** Tells whether a key works at `now`, epoch milliseconds. */
export const checkKey = (key: ApiKey | undefined, now: number): KeyUse => {
  switch (key?.status) {
    case undefined:
    case 'reserved':
      return { outcome: 'no_such_key' }
    case 'revoked':
      return { outcome: 'revoked' }
    case 'claimed':
    case 'active':
      return now < key.expiresAt
        ? { outcome: 'valid', key, first: key.status === 'claimed' || key.lastUsedAt === undefined }
        : { outcome: 'expired' }
  }
}

/** Whether a use must be written at `now`, epoch milliseconds: the first one, and then one a minute. */
export const isUseWorthWriting = (key: ClaimedKey | ActiveKey, now: number): boolean =>
  key.status === 'claimed' ||
  key.lastUsedAt === undefined ||
  now - key.lastUsedAt >= LAST_USE_STEP_MS

/** Writes a use at `now`, epoch milliseconds. The first use proves that the key has arrived. */
export const useKey =
  (now: number): Transition<ApiKey, KeyUse> =>
  (current) => {
    const use = checkKey(current, now)
    if (use.outcome !== 'valid' || !isUseWorthWriting(use.key, now)) return stay(current, use)
    const active = use.key.status === 'claimed' ? activate(use.key) : use.key
    return { next: { ...active, lastUsedAt: now }, reply: use }
  }

/** The result of a revocation. `no_such_key` also stands for another person's key. */
export type Revocation = 'revoked' | 'already_revoked' | 'no_such_key'

/** Its owner revokes the key, from any status, before pick-up too. */
export const revokeKey =
  ({
    owner,
    now,
  }: {
    readonly owner: string
    /** Epoch milliseconds. */
    readonly now: number
  }): Transition<ApiKey, Revocation> =>
  (key) => {
    if (!key || key.owner !== owner) return stay(key, 'no_such_key')
    switch (key.status) {
      case 'revoked':
        return stay(key, 'already_revoked')
      case 'reserved':
      case 'claimed':
      case 'active': {
        const { name, request, approvedAt, keepUntil } = key
        const next: RevokedKey = {
          status: 'revoked',
          name,
          owner,
          request,
          approvedAt,
          revokedAt: now,
          secretHash: key.status === 'reserved' ? undefined : key.secretHash,
          delivered: key.status === 'active' ? true : undefined,
          keepUntil,
        }
        return { next, reply: 'revoked' }
      }
    }
  }
