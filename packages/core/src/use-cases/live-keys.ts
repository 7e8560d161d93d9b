import type { ApiKeyStore, FindApiKeys, StoredApiKey } from '../ports.ts'
import { isLive, type KeyLimits } from '../rules/api-key.ts'

const BATCH = 100

/** Keys of any status, read in bounded batches. */
export async function* keysOf(
  apiKeys: ApiKeyStore,
  conditions: Pick<FindApiKeys, 'owner' | 'clientId'>,
): AsyncGenerator<StoredApiKey> {
  let after: string | undefined
  do {
    const page = await apiKeys.find({ ...conditions, after, limit: BATCH })
    yield* page.keys
    after = page.next
  } while (after !== undefined)
}

/** A person's keys that work or may be picked up. */
export async function* liveKeysOf(
  apiKeys: ApiKeyStore,
  {
    owner,
    now,
    policy,
  }: { readonly owner: string; readonly now: number; readonly policy: KeyLimits },
): AsyncGenerator<StoredApiKey> {
  for await (const stored of keysOf(apiKeys, { owner })) {
    if (isLive(stored.key, { now, policy })) yield stored
  }
}
