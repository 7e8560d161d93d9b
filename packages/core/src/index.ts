export type { AnswerReply, AnswerUserCode, UserCodeAnswer } from './answer-user-code.ts'
export { createAnswerUserCode } from './answer-user-code.ts'
export type {
  ActiveKey,
  ApiKey,
  ClaimedKey,
  ReservedKey,
  Revocation,
  RevokedKey,
} from './api-key.ts'
export { keyIdOf, keyNameOf, secretHashOf } from './api-key.ts'
export type {
  AuthenticateApiKey,
  AuthenticatedKey,
  Authentication,
} from './authenticate-api-key.ts'
export { createAuthenticateApiKey } from './authenticate-api-key.ts'
export type {
  AuthorizeDevice,
  DeviceAuthorization,
  DeviceAuthorizationRequest,
} from './authorize-device.ts'
export { createAuthorizeDevice } from './authorize-device.ts'
export type { Cell, Cells, CompareAndSwapOptions, Swap } from './compare-and-swap.ts'
export { CompareAndSwapStore } from './compare-and-swap.ts'
export type { ApprovedGrant, DeniedGrant, DeviceGrant, PendingGrant } from './device-grant.ts'
export { grantIdOf } from './device-grant.ts'
export type { DeviceGrantEvent, Origin } from './events.ts'
export { formatApiKey, isApiKey } from './key-format.ts'
export type { ListApiKeys, ListedKey } from './list-api-keys.ts'
export { createListApiKeys } from './list-api-keys.ts'
export type { MemoryStoreOptions } from './memory-store.ts'
export { MemoryApiKeyStore, MemoryStateStore } from './memory-store.ts'
export type { MemoryStores } from './memory-stores.ts'
export { createMemoryStores } from './memory-stores.ts'
export type { Policy } from './policy.ts'
export { createPolicy, DEFAULT_POLICY, guessBits, PolicyError, userCodeEntropy } from './policy.ts'
export type { ConfirmDelivery, PollForToken, TokenReply, TokenRequest } from './poll-for-token.ts'
export { createConfirmDelivery, createPollForToken } from './poll-for-token.ts'
export type {
  ApiKeyStore,
  Clock,
  Events,
  Keepable,
  StateStore,
  Step,
  StoredApiKey,
  Transition,
} from './ports.ts'
export type {
  AskingDevice,
  PendingAuthorization,
  ReviewUserCode,
  UserCodeQuestion,
  UserCodeRefusal,
} from './review-user-code.ts'
export { createReviewUserCode } from './review-user-code.ts'
export type { RevokeAllApiKeys, RevokeApiKey } from './revoke-api-key.ts'
export { createRevokeAllApiKeys, createRevokeApiKey } from './revoke-api-key.ts'
export {
  StoreConflictError,
  StoreError,
  StoreFullError,
  StoreUnavailableError,
} from './store-errors.ts'
export type { Token } from './token.ts'
export { token } from './token.ts'
export { TOKENS } from './tokens.ts'
export type { UseCaseDependencies, UseCases } from './use-cases.ts'
export { createUseCases } from './use-cases.ts'
export type { UserCodeClaim } from './user-code.ts'
export { normaliseUserCode, showUserCode } from './user-code.ts'
export type { Window } from './wrong-codes.ts'
