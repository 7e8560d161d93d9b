import type { ApiKeyStore, ClientRegistry, Clock, ScopeCatalogue } from '../ports.ts'
import type { Policy } from '../rules/policy.ts'
import type { CatalogueScopes } from '../rules/scope.ts'
import { type EndedKey, endedKey } from './ended-key.ts'
import { type ListedKey, listKey } from './list-api-keys.ts'
import { withClient } from './with-client.ts'

/** A key and the person who asks for it. */
export interface ReadApiKeyRequest {
  readonly owner: string
  readonly keyId: string
}

/** One key of a person, whether it works or has ended. */
export type OwnApiKey = {
  /** The scopes that the operator knows. Absent without a catalogue. */
  readonly catalogue?: CatalogueScopes | undefined
} & (
  | { readonly outcome: 'live'; readonly key: ListedKey }
  | { readonly outcome: 'ended'; readonly key: EndedKey }
)

/**
 * Reads one key for its owner. It finds nothing of another person.
 * @throws {StoreError} if the key could not be looked up
 */
export type ReadApiKey = (request: ReadApiKeyRequest) => Promise<OwnApiKey | undefined>

/** The ports of `ReadApiKey`. */
export interface ReadApiKeyDependencies {
  readonly apiKeys: ApiKeyStore
  readonly clock: Clock
  readonly policy: Policy
  /** @default clients have no names */
  readonly clients?: ClientRegistry | undefined
  /** @default scopes have no descriptions */
  readonly scopes?: ScopeCatalogue | undefined
}

/** Makes the use case that reads one key for its owner. */
export const createReadApiKey =
  ({ apiKeys, clock, policy, clients, scopes }: ReadApiKeyDependencies): ReadApiKey =>
  async ({ owner, keyId: id }) => {
    const key = await apiKeys.read(id)
    if (!key || key.status === 'erased' || key.owner !== owner) return undefined
    const at = { now: clock.now(), policy }
    const catalogue = scopes && { catalogue: scopes.scopes() }
    const live = listKey({ id, key }, at)
    if (live) {
      const named = await withClient(live, live.request.clientId, clients)
      return { outcome: 'live', key: named, ...catalogue }
    }
    const ended = endedKey({ id, key }, at)
    if (!ended) return undefined
    const named = await withClient(ended, ended.request.clientId, clients)
    return { outcome: 'ended', key: named, ...catalogue }
  }
