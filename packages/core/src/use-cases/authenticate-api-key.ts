import type { ApiKeyStore, Clock, Events } from '../ports.ts'
import {
  type ActiveKey,
  type CheckKey,
  type ClaimedKey,
  checkKey,
  checkKnownKey,
  isUseWorthWriting,
  type KeyUse,
  secretHashOf,
  useKey,
} from '../rules/api-key.ts'
import { parseApiKey } from '../rules/api-key-format.ts'
import { StoreError } from '../store-errors.ts'
import type { KeyCheckCache } from './key-check-cache.ts'

/** The owner of a key and what the key may do. */
export interface AuthenticatedKey {
  readonly outcome: 'valid'
  readonly keyId: string
  readonly name: string
  readonly owner: string
  readonly clientId?: string | undefined
  readonly scope?: string | undefined
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** The owner of a key, or why it opens nothing. `malformed` keys are not looked up. */
export type Authentication =
  | AuthenticatedKey
  | { readonly outcome: 'malformed' | 'no_such_key' | 'expired' | 'revoked' }

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
}

/**
 * Makes the use case that checks API keys: checksum, one read by id, a comparison in constant time, and
 * at most one write a minute.
 */
export const createAuthenticateApiKey = (
  dependencies: AuthenticateApiKeyDependencies,
): AuthenticateApiKey => {
  const { apiKeys, clock, keyChecks } = dependencies
  return async (apiKey) => {
    const secretHash = secretHashOf(apiKey)
    const now = clock.now()
    const check: CheckKey = { secretHash, now }
    const kept = keyChecks.get(secretHash)
    if (kept && !isUseWorthWriting(kept.key, now)) {
      // The hash of the whole key has found the check, so it needs no other comparison.
      const { outcome } = checkKnownKey(kept.key, now)
      return outcome === 'valid' ? kept.answer : { outcome }
    }
    const keyId = parseApiKey(apiKey)
    if (keyId === undefined) return { outcome: 'malformed' }
    const read = keyChecks.begin(keyId)
    let valid: { readonly key: ActiveKey; readonly answer: AuthenticatedKey } | undefined
    try {
      const found = checkKey(await apiKeys.read(keyId), check)
      if (found.outcome !== 'valid') return found
      const used = isUseWorthWriting(found.key, now)
        ? await writeUse(dependencies, keyId, check)
        : found
      // The write failed. That is no reason to refuse a valid key, but it is not kept.
      if (!used) return authenticated(keyId, found.key)
      if (used.outcome !== 'valid') return { outcome: used.outcome }
      const answer = authenticated(keyId, used.key)
      if (used.key.status === 'active') valid = { key: used.key, answer }
      return answer
    } finally {
      keyChecks.end(read, valid && { secretHash, ...valid })
    }
  }
}

/** Writes a use. Returns `undefined` if the store failed. */
const writeUse = async (
  { apiKeys, events }: AuthenticateApiKeyDependencies,
  keyId: string,
  check: CheckKey,
): Promise<KeyUse | undefined> => {
  try {
    const use = await apiKeys.update<KeyUse>(keyId, useKey(check))
    if (use.outcome === 'valid' && use.first) {
      events.emit({ type: 'key_used_first', at: check.now, keyId, owner: use.key.owner })
    }
    return use
  } catch (error) {
    if (error instanceof StoreError) return undefined
    throw error
  }
}

const authenticated = (
  keyId: string,
  { name, owner, request, expiresAt }: ClaimedKey | ActiveKey,
): AuthenticatedKey => {
  const { clientId, scope } = request
  return { outcome: 'valid', keyId, name, owner, clientId, scope, expiresAt }
}
