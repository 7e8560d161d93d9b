import type { ApiKeyStore, FindApiKeys, StoredApiKey } from '../ports.ts'
import { formatCursor, placeOf } from '../rules/key-order.ts'

/** How many keys one look-up brings. A look-up for each key that is left would be slow. */
const BATCH = 100
/** How many keys one page looks at, so that a person or status with few cannot walk over all keys. */
const MAX_SEEN = 1_000

/** One page of what is shown of keys. */
export interface PageOfKeys<T> {
  readonly shown: readonly T[]
  /** Present if there may be more keys. */
  readonly next?: string | undefined
}

/**
 * Looks keys up until the page is full, and shows those that `show` gives something for. A page may have
 * fewer keys than its limit, which is 1 at least, and still a next one.
 */
export const pageOfKeys = async <T>(
  apiKeys: ApiKeyStore,
  { limit, after, ...conditions }: FindApiKeys,
  show: (stored: StoredApiKey) => T | undefined,
): Promise<PageOfKeys<T>> => {
  const shown: T[] = []
  let next = after
  let seen = 0
  do {
    const page = await apiKeys.find({ ...conditions, after: next, limit: BATCH })
    for (const [i, stored] of page.keys.entries()) {
      const item = show(stored)
      if (item !== undefined) shown.push(item)
      if (shown.length < limit) continue
      const isLast = i === page.keys.length - 1 && page.next === undefined
      return { shown, next: isLast ? undefined : formatCursor(placeOf(stored)) }
    }
    seen += page.keys.length
    next = page.next
  } while (next !== undefined && seen < MAX_SEEN)
  return { shown, next }
}
