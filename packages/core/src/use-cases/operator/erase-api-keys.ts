import { eraseKey } from '../../rules/api-key.ts'
import { grantLifeMs, ownerCutOffId, setCutOff } from '../../rules/cut-off.ts'
import type { ByOperator, RevokeApiKeysDependencies } from './revoke-api-keys.ts'

/** The person whose keys an operator erases. */
export interface EraseKeysRequest extends ByOperator {
  readonly owner: string
}

/**
 * An operator removes the data of all keys of a person. The keys stop working.
 * @returns how many keys this call erased
 * @throws {StoreError} if some keys may be left; retrying is safe
 */
export type EraseApiKeys = (request: EraseKeysRequest) => Promise<number>

const BATCH = 100
const FIVE_MINUTES_MS = 300_000

/**
 * Makes the use case that erases keys. Each leaves its id until its grant is forgotten for sure, because
 * a missing key could be made again.
 */
export const createEraseApiKeys =
  ({ apiKeys, cutOffs, clock, events, policy }: RevokeApiKeysDependencies): EraseApiKeys =>
  async ({ owner, operator }) => {
    await cutOffs.update(ownerCutOffId(owner), setCutOff({ now: clock.now(), policy }))
    const keepMs = grantLifeMs(policy) + FIVE_MINUTES_MS
    let erased = 0
    let after: string | undefined
    do {
      const page = await apiKeys.find({ owner, after, limit: BATCH })
      for (const { id: keyId } of page.keys) {
        const now = clock.now()
        if ((await apiKeys.update(keyId, eraseKey({ owner, now, keepMs }))) !== 'erased') continue
        erased += 1
        events.emit({ type: 'key_erased', at: now, keyId, operator })
      }
      after = page.next
    } while (after !== undefined)
    return erased
  }
