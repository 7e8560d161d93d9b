import type { FindApiKeys } from '../ports.ts'
import type { ApiKey } from '../rules/api-key.ts'

/** Whether a key meets the conditions of `ApiKeyStore.find`, for stores that look at each key. */
export const meetsConditions = (
  key: ApiKey,
  { owner, clientId, status }: Pick<FindApiKeys, 'owner' | 'clientId' | 'status'>,
): boolean =>
  key.status !== 'erased' &&
  (owner === undefined || key.owner === owner) &&
  (clientId === undefined || key.request.clientId === clientId) &&
  (status === undefined || key.status === status)
