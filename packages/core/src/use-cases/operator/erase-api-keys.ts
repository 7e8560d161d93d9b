import { eraseKey } from '../../rules/api-key.ts'
import { ownerCutOffId, setCutOff, tombstoneMs } from '../../rules/cut-off.ts'
import { keysOf } from '../live-keys.ts'
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

/**
 * Makes the use case that erases keys. Each leaves its id until its grant is forgotten for sure, because
 * a missing key could be made again.
 */
export const createEraseApiKeys =
  ({ apiKeys, cutOffs, clock, events, policy }: RevokeApiKeysDependencies): EraseApiKeys =>
  async ({ owner, operator }) => {
    await cutOffs.update(
      ownerCutOffId(owner),
      setCutOff({ now: clock.now(), policy, erases: true }),
    )
    const keepMs = tombstoneMs(policy)
    let erased = 0
    for await (const { id: keyId } of keysOf(apiKeys, { owner })) {
      const now = clock.now()
      if ((await apiKeys.update(keyId, eraseKey({ owner, now, keepMs }))) !== 'erased') continue
      erased += 1
      events.emit({ type: 'key_erased', at: now, keyId, operator })
    }
    return erased
  }
