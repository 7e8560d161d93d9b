import type { ApiKeyStore, Clock, Events, StateStore } from '../../ports.ts'
import type { CutOff } from '../../rules/cut-off.ts'
import { createPolicy, type Policy } from '../../rules/policy.ts'
import { ignoreErrors } from '../ignore-errors.ts'
import { createEraseApiKeys, type EraseApiKeys } from './erase-api-keys.ts'
import { createFindApiKeys, type FindKeys } from './find-api-keys.ts'
import { createRevokeApiKeys, type RevokeApiKeys } from './revoke-api-keys.ts'
import { createRevokeLeakedKey, type RevokeLeakedKey } from './revoke-leaked-key.ts'

/** The ports of the operator's use cases. */
export interface OperatorDependencies {
  readonly apiKeys: ApiKeyStore
  /** Kept beside the API keys. */
  readonly cutOffs: StateStore<CutOff>
  readonly clock: Clock
  /** @default DEFAULT_POLICY */
  readonly policy?: Policy | undefined
  /** @default no listener */
  readonly events?: Events | undefined
}

/** What an operator can do with the keys of other people. */
export interface OperatorUseCases {
  /**
   * Finds keys by owner, client, status or the key itself, whether they work or not.
   * @throws {StoreError} if the keys could not be looked up
   */
  readonly findApiKeys: FindKeys
  /**
   * Revokes one key, or all keys of a person or client, those that wait for pick-up included.
   * @throws {StoreError} if some keys may not be revoked; retrying is safe
   */
  readonly revokeApiKeys: RevokeApiKeys
  /**
   * Revokes the key that was found where it should not be, whatever its client. A right id with a wrong
   * secret is an unknown key.
   * @throws {StoreError} if it is unknown whether the key was revoked; retrying is safe
   */
  readonly revokeLeakedKey: RevokeLeakedKey
  /**
   * Revokes all keys of a person and removes their data. Returns how many keys were erased.
   * @throws {StoreError} if some keys may be left; retrying is safe
   */
  readonly eraseApiKeys: EraseApiKeys
}

/**
 * Makes the operator's use cases, without a container. Use cases of the same process may accept a revoked
 * key for `keyCheckMaxAgeMs`, as other processes do. `operatorModule` of the container drops their checks.
 * @throws {PolicyError} if the policy is invalid
 */
export const createOperatorUseCases = ({
  policy: givenPolicy,
  events = { emit: () => {} },
  ...ports
}: OperatorDependencies): OperatorUseCases => {
  const policy = createPolicy(givenPolicy)
  const dependencies = { ...ports, policy, events: ignoreErrors(events) }
  return {
    findApiKeys: createFindApiKeys(dependencies),
    revokeApiKeys: createRevokeApiKeys(dependencies),
    revokeLeakedKey: createRevokeLeakedKey(dependencies),
    eraseApiKeys: createEraseApiKeys(dependencies),
  }
}
