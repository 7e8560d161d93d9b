import type { ApiKeyStore, Clock, Events } from '../ports.ts'
import {
  type ActiveKey,
  type ClaimedKey,
  checkKey,
  isUseWorthWriting,
  type KeyUse,
  secretHashOf,
  useKey,
} from '../rules/api-key.ts'
import { isApiKey } from '../rules/api-key-format.ts'
import { StoreError } from '../store-errors.ts'

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
 * Checks an API key that came with a request (RFC 6750), and writes its use once a minute.
 * @throws {StoreError} if the key could not be looked up
 */
export type AuthenticateApiKey = (apiKey: string) => Promise<Authentication>

/** The ports of `AuthenticateApiKey`. */
export interface AuthenticateApiKeyDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly events: Events
}

/** Makes the use case that checks API keys: checksum, one look-up by hash, at most one write a minute. */
export const createAuthenticateApiKey = (
  dependencies: AuthenticateApiKeyDependencies,
): AuthenticateApiKey => {
  const { apiKeys, clock } = dependencies
  return async (apiKey) => {
    if (!isApiKey(apiKey)) return { outcome: 'malformed' }
    const stored = await apiKeys.findBySecretHash(secretHashOf(apiKey))
    if (!stored) return { outcome: 'no_such_key' }
    const now = clock.now()
    const found = checkKey(stored.key, now)
    if (found.outcome !== 'valid') return found
    if (!isUseWorthWriting(found.key, now)) return authenticated(stored.id, found.key)
    const use = await writeUse(dependencies, stored.id, found, now)
    // The key may have been revoked after the look-up.
    return use.outcome === 'valid' ? authenticated(stored.id, use.key) : use
  }
}

/** Writes a use. A failed write is no reason to refuse a valid key. */
const writeUse = async (
  { apiKeys, events }: AuthenticateApiKeyDependencies,
  keyId: string,
  found: KeyUse,
  now: number,
): Promise<KeyUse> => {
  try {
    const use = await apiKeys.update<KeyUse>(keyId, useKey(now))
    if (use.outcome === 'valid' && use.first) {
      events.emit({ type: 'key_used_first', at: now, keyId, owner: use.key.owner })
    }
    return use
  } catch (error) {
    if (error instanceof StoreError) return found
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
