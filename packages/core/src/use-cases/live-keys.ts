import type { ApiKeyStore, StoredApiKey } from '../ports.ts'
import { isLive, type KeyLimits } from '../rules/api-key.ts'

const BATCH = 100

/** A person's keys that work or may be picked up, read in bounded batches. */
export async function* liveKeysOf(
  apiKeys: ApiKeyStore,
  {
    owner,
    now,
    policy,
  }: { readonly owner: string; readonly now: number; readonly policy: KeyLimits },
): AsyncGenerator<StoredApiKey> {
  let after: string | undefined
  do {
    const page = await apiKeys.find({ owner, after, limit: BATCH })
    for (const stored of page.keys) if (isLive(stored.key, { now, policy })) yield stored
    after = page.next
  } while (after !== undefined)
}
