import type { ApiKeyStore, Clock, Events } from '../ports.ts'
import {
  type ActiveKey,
  type ApiKey,
  type ClaimedKey,
  checkKey,
  isUseWorthWriting,
  type KeyUse,
  secretHashOf,
  useKey,
} from '../rules/api-key.ts'
import { isApiKey } from '../rules/api-key-format.ts'
import { StoreError } from '../store-errors.ts'

/** Whose key it is, and what it may do. */
export interface AuthenticatedKey {
  readonly outcome: 'valid'
  readonly keyId: string
  readonly name: string
  readonly owner: string
  readonly clientId?: string
  readonly scope?: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** Whose key it is, or why it opens nothing; `malformed` was not even looked up. */
export type Authentication =
  | AuthenticatedKey
  | { readonly outcome: 'malformed' | 'unknown' | 'expired' | 'revoked' }

/**
 * Checks an API key that came with a request (RFC 6750), and writes its use down, once a minute.
 * @throws {StoreError} the key could not be looked up
 */
export type AuthenticateApiKey = (apiKey: string) => Promise<Authentication>

export interface AuthenticateApiKeyDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly events: Events
}

/** Makes the use case that checks API keys: checksum, one look-up by the hash, and at most one write a minute. */
export const createAuthenticateApiKey = (
  dependencies: AuthenticateApiKeyDependencies,
): AuthenticateApiKey => {
  const { apiKeys, clock } = dependencies
  return async (apiKey) => {
    if (!isApiKey(apiKey)) return { outcome: 'malformed' }
    const stored = await apiKeys.findBySecretHash(secretHashOf(apiKey))
    const now = clock.now()
    let use = checkKey(stored?.key, now)
    if (!stored || use.outcome !== 'valid') return { outcome: refusalOf(use) }
    if (isUseWorthWriting(use.key, now)) {
      use = await writeUse(dependencies, stored.id, use, now)
      // Revoked between the look-up and now.
      if (use.outcome !== 'valid') return { outcome: use.outcome }
    }
    return authenticated(stored.id, use.key)
  }
}

const refusalOf = (use: KeyUse): 'unknown' | 'expired' | 'revoked' =>
  use.outcome === 'valid' ? 'unknown' : use.outcome

/** Writes a use down. That this fails is no reason to refuse a good key. */
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
  } catch (fault) {
    if (fault instanceof StoreError) return found
    throw fault
  }
}

const authenticated = (keyId: string, key: ClaimedKey | ActiveKey): AuthenticatedKey => {
  const { name, owner, clientId, scope, expiresAt }: Exclude<ApiKey, { status: 'revoked' }> = key
  return {
    outcome: 'valid',
    keyId,
    name,
    owner,
    ...(clientId === undefined ? {} : { clientId }),
    ...(scope === undefined ? {} : { scope }),
    expiresAt,
  }
}
