import type { StateStore } from '../ports.ts'
import type { Policy } from '../rules/policy.ts'
import { readTypedText } from '../rules/typed-user-code.ts'
import { releaseUserCode, type UserCodeClaim } from '../rules/user-code.ts'
import type { TypedUserCode } from './look-up-user-code.ts'

/**
 * A person lets a user code go, so that another account can open it at once. It reveals nothing about
 * the code and costs no attempt.
 * @throws {StoreError} if it is unknown whether the code was released
 */
export type ReleaseUserCode = (typed: TypedUserCode) => Promise<void>

/** The ports of `ReleaseUserCode`. */
export interface ReleaseUserCodeDependencies {
  readonly userCodes: StateStore<UserCodeClaim>
  readonly policy: Policy
}

/** Makes the use case that lets a user code go. */
export const createReleaseUserCode =
  ({ userCodes, policy }: ReleaseUserCodeDependencies): ReleaseUserCode =>
  async ({ userCode, person }) => {
    const text = readTypedText(userCode, policy)
    if (text.outcome === 'code') await userCodes.update(text.userCode, releaseUserCode(person))
  }
