import type { StateStore } from '../ports.ts'
import type { ApiKey } from '../rules/api-key.ts'
import type { Transition } from '../rules/transition.ts'

/**
 * Updates a key. Returns the reply, and the key that the reply was decided on.
 * @throws {StoreError} if it is unknown whether the key was updated
 */
export const updateKey = async <R>(
  apiKeys: StateStore<ApiKey>,
  keyId: string,
  transition: Transition<ApiKey, R>,
): Promise<{ readonly reply: R; readonly before: ApiKey | undefined }> => {
  let before: ApiKey | undefined
  const reply = await apiKeys.update<R>(keyId, (key) => {
    before = key
    return transition(key)
  })
  return { reply, before }
}
