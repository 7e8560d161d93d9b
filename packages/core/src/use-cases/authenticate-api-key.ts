import type { EventOf } from '../events.ts'
import type { ApiKeyStore, Clock, Events } from '../ports.ts'
import {
  type ActiveKey,
  type ApiKey,
  type CheckKey,
  type ClaimedKey,
  checkKey,
  checkKnownKey,
  idleExpiryOf,
  isUseWorthWriting,
  type KeyCheck,
  type KeyUse,
  secretHashOf,
  useKey,
} from '../rules/api-key.ts'
import { parseApiKey } from '../rules/api-key-format.ts'
import type { Policy } from '../rules/policy.ts'
import { StoreError } from '../store-errors.ts'
import type { Admission } from './admission.ts'
import { endReplacedKey } from './end-replaced-key.ts'
import { aboutKey } from './event-members.ts'
import type { KeyCheckCache } from './key-check-cache.ts'
import type { UnwrittenUses } from './unwritten-uses.ts'

/** The owner of a key and what the key may do. */
export interface AuthenticatedKey {
  readonly outcome: 'valid'
  readonly keyId: string
  readonly name: string
  readonly owner: string
  readonly clientId?: string | undefined
  readonly scope?: string | undefined
  /** The resources that it is for, as URIs. Absent: for every resource. */
  readonly resources?: readonly string[] | undefined
  /** The name that its owner gave the device. */
  readonly deviceName?: string | undefined
  /** When it was first issued, epoch milliseconds. */
  readonly issuedAt: number
  /** Epoch milliseconds. */
  readonly expiresAt: number
  /** When it expires if it is not used until then, epoch milliseconds. Absent without such a limit. */
  readonly idleExpiresAt?: number | undefined
}

/**
 * The owner of a key, or why it opens nothing. `malformed` keys are not looked up. `not_admitted`: its
 * owner may have no keys at present.
 */
export type Authentication =
  | AuthenticatedKey
  | { readonly outcome: 'malformed' | 'no_such_key' | 'expired' | 'revoked' | 'not_admitted' }

/**
 * Checks an API key that came with a request (RFC 6750), and writes its use once a minute. A valid check
 * may be reused for `keyCheckMaxAgeMs`.
 * @throws {StoreError} if the key could not be looked up
 */
export type AuthenticateApiKey = (apiKey: string) => Promise<Authentication>

/** The ports of `AuthenticateApiKey`. */
export interface AuthenticateApiKeyDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly events: Events
  /** Shared with the use cases that revoke keys. */
  readonly keyChecks: KeyCheckCache<AuthenticatedKey>
  readonly policy: Policy
  /** @default every person is admitted */
  readonly admission?: Admission | undefined
  readonly unwrittenUses: UnwrittenUses
}

/**
 * Makes the use case that checks API keys: checksum, one read by id, a comparison in constant time, and
 * at most one write a minute.
 */
export const createAuthenticateApiKey = (
  dependencies: AuthenticateApiKeyDependencies,
): AuthenticateApiKey => {
  const { apiKeys, clock, events, keyChecks, policy, admission, unwrittenUses } = dependencies
  return async (apiKey) => {
    const secretHash = secretHashOf(apiKey)
    const now = clock.now()
    const kept = keyChecks.get(secretHash)
    if (kept && !isUseWorthWriting(kept.key, now)) {
      // The hash of the whole key has found the check, so it needs no other comparison.
      const { outcome } = checkKnownKey(kept.key, { now, policy })
      if (outcome === 'valid') return kept.answer
      return refuse(dependencies, now, outcome, aboutKey(kept.answer.keyId, kept.key))
    }
    const keyId = parseApiKey(apiKey)
    if (keyId === undefined) return refuse(dependencies, now, 'malformed')
    const unwrittenUseAt = unwrittenUses.of(keyId)
    const check: CheckKey = { secretHash, now, policy, unwrittenUseAt }
    const read = keyChecks.begin(keyId)
    let valid: { readonly key: ActiveKey; readonly answer: AuthenticatedKey } | undefined
    try {
      const stored = await apiKeys.read(keyId)
      const found = checkKey(stored, check)
      if (found.outcome !== 'valid') return refuseStored(dependencies, check, keyId, found, stored)
      const admitted = (await admission?.isStillAdmitted(found.key.owner)) ?? 'yes'
      if (admitted === 'no') {
        const { owner: person, ...about } = aboutKey(keyId, found.key)
        events.emit({ type: 'person_not_admitted', at: now, person, during: 'key_check', ...about })
        return { outcome: 'not_admitted' }
      }
      const used = isUseWorthWriting(found.key, now)
        ? await writeUse(dependencies, keyId, check)
        : found
      // The write failed. That is no reason to refuse a valid key, but it is not kept.
      if (!used) {
        unwrittenUses.add(keyId, now)
        return authenticated(keyId, found.key, policy)
      }
      if (used.outcome !== 'valid') {
        return refuseStored(dependencies, check, keyId, used, found.key)
      }
      const answer = authenticated(keyId, used.key, policy)
      if (used.key.status !== 'active') return answer
      const isReplacedEnded = await endReplacedKey(dependencies, keyId, used.key)
      // A kept check would neither try again to end that key, nor see that an earlier yes is too old.
      if (isReplacedEnded && admitted === 'yes') valid = { key: used.key, answer }
      return answer
    } finally {
      keyChecks.end(read, valid && { secretHash, ...valid })
    }
  }
}

type KeyRefusal = Exclude<EventOf<'key_refused'>['reason'], 'other_client'>

const refuse = (
  { events }: AuthenticateApiKeyDependencies,
  now: number,
  reason: KeyRefusal,
  about: Partial<ReturnType<typeof aboutKey>> = {},
): Authentication => {
  events.emit({ type: 'key_refused', at: now, during: 'key_check', reason, ...about })
  return { outcome: reason }
}

/** The event names the key only if the secret is right, because an id proves nothing. */
const refuseStored = (
  dependencies: AuthenticateApiKeyDependencies,
  { now }: CheckKey,
  keyId: string,
  { outcome }: Exclude<KeyCheck, { readonly outcome: 'valid' }>,
  stored: ApiKey | undefined,
): Authentication => {
  const isKnown = outcome !== 'no_such_key' && stored && stored.status !== 'erased'
  return refuse(dependencies, now, outcome, isKnown ? aboutKey(keyId, stored) : { keyId })
}

/** Writes a use. Returns `undefined` if the store failed. */
const writeUse = async (
  { apiKeys, events, unwrittenUses }: AuthenticateApiKeyDependencies,
  keyId: string,
  check: CheckKey,
): Promise<KeyUse | undefined> => {
  try {
    const use = await apiKeys.update<KeyUse>(keyId, useKey(check))
    if (use.outcome === 'valid' && use.first) {
      events.emit({ type: 'key_used_first', at: check.now, ...aboutKey(keyId, use.key) })
    }
    unwrittenUses.remove(keyId)
    return use
  } catch (error) {
    if (error instanceof StoreError) return undefined
    throw error
  }
}

const authenticated = (
  keyId: string,
  key: ClaimedKey | ActiveKey,
  policy: Policy,
): AuthenticatedKey => {
  const { name, owner, request, scope, resources, deviceName, expiresAt } = key
  const idle = idleExpiryOf(key, policy)
  return {
    outcome: 'valid',
    keyId,
    name,
    owner,
    clientId: request.clientId,
    scope,
    resources,
    deviceName,
    issuedAt: key.firstIssuedAt ?? key.approvedAt,
    expiresAt,
    idleExpiresAt: Number.isFinite(idle) ? idle : undefined,
  }
}
