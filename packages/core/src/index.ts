export type { DeviceGrantEvent, EventOf } from './events.ts'
export type { Token } from './inversify/token.ts'
export { token } from './inversify/token.ts'
export { TOKENS } from './inversify/tokens.ts'
export type {
  AdmitPerson,
  ApiKeyPage,
  ApiKeyStore,
  ClientRegistry,
  Clock,
  Events,
  FindApiKeys,
  OnError,
  ScannableStore,
  ScopeCatalogue,
  StateStore,
  StoredApiKey,
  StoredState,
} from './ports.ts'
export type {
  ActiveKey,
  ApiKey,
  ClaimedKey,
  ErasedKey,
  PresentedKeyRevocation,
  Renaming,
  ReservedKey,
  Revocation,
  RevokedKey,
} from './rules/api-key.ts'
export { keyNameOf, secretHashOf } from './rules/api-key.ts'
export type { ApiKeyParts } from './rules/api-key-format.ts'
export { formatApiKey, keyIdOf, parseApiKey } from './rules/api-key-format.ts'
export type { Approver, HintedPerson, HintMark, LoginHints } from './rules/approver.ts'
export { createLoginHints } from './rules/approver.ts'
export type { CodeAttempt, CodeAttempts } from './rules/code-attempts.ts'
export { CODE_ENDING_LENGTH, codeEnding, endingOf, withoutEnding } from './rules/code-ending.ts'
export type { ComparedNetworks } from './rules/compare-networks.ts'
export { compareNetworks } from './rules/compare-networks.ts'
export type { CutOff } from './rules/cut-off.ts'
export type { Decision, GrantedKey, Refusal, RefusedDevice } from './rules/decision.ts'
export type {
  DeviceAuthorizationRequest,
  DeviceInfo,
} from './rules/device-authorization-request.ts'
export type {
  ApprovedGrant,
  DeniedGrant,
  DeviceGrant,
  KeyTerms,
  PendingGrant,
} from './rules/device-grant.ts'
export { grantIdOf } from './rules/device-grant.ts'
export { MAX_DEVICE_NAME } from './rules/device-name.ts'
export { freshSignIn } from './rules/fresh-sign-in.ts'
export type { KeyImport, MovableKey } from './rules/imported-key.ts'
export { isCutOffState, isMovableKey } from './rules/imported-key.ts'
export { replaceInvisible } from './rules/invisible-characters.ts'
export type { KeyEnder, KeyEnding } from './rules/key-ending.ts'
export type { KeyPlace } from './rules/key-order.ts'
export { comparePlaces, formatCursor, parseCursor, placeOf } from './rules/key-order.ts'
export { knownPerson } from './rules/known-person.ts'
export type { LocalizedText } from './rules/localized-text.ts'
export { textIn } from './rules/localized-text.ts'
export { networkOf } from './rules/network-of.ts'
export type { Policy } from './rules/policy.ts'
export {
  createPolicy,
  DEFAULT_POLICY,
  guessBits,
  maxWrongCodesOfEveryone,
  PolicyError,
  userCodeEntropy,
} from './rules/policy.ts'
export type { ElsewhereReason } from './rules/proximity.ts'
export { ELSEWHERE_REASONS, proximity } from './rules/proximity.ts'
export type {
  ClientAuthentication,
  ClientRefusal,
  RegisteredClient,
} from './rules/registered-client.ts'
export { isMethodOf, isSecretOf } from './rules/registered-client.ts'
export type { AnswerChoices } from './rules/repeated-answer.ts'
export { isRepeatedAnswer } from './rules/repeated-answer.ts'
export type {
  ApprovalBlock,
  ApprovalFacts,
  ApprovalNeed,
  PickUpFacts,
  PickUpRefusal,
  RequestFacts,
  RequestRefusal,
  Safeguard,
  ScopeFacts,
  StatedNeed,
  Statement,
} from './rules/safeguard.ts'
export type { CatalogueScope, CatalogueScopes } from './rules/scope.ts'
export {
  onlyForSensitiveScopes,
  refuseSensitiveScopes,
} from './rules/sensitive-scopes.ts'
export {
  isCodeAttempts,
  isDeviceGrant,
  isUsedAssertion,
  isUserCodeClaim,
} from './rules/stored-state.ts'
export type { Retained, Step, Transition } from './rules/transition.ts'
export type { TypedText } from './rules/typed-user-code.ts'
export { readTypedText } from './rules/typed-user-code.ts'
export type { UsedAssertion } from './rules/used-assertion.ts'
export { assertionIdOf, useAssertion } from './rules/used-assertion.ts'
export type { UserCodeClaim } from './rules/user-code.ts'
export { showUserCode } from './rules/user-code.ts'
export type { UserCodeFormat } from './rules/user-code-format.ts'
export {
  StoreConflictError,
  StoreDataError,
  StoreError,
  StoreFullError,
  StoreUnavailableError,
} from './store-errors.ts'
export type { CompareAndSwapOptions } from './stores/compare-and-swap-store.ts'
export { CompareAndSwapStore } from './stores/compare-and-swap-store.ts'
export { meetsConditions } from './stores/find-conditions.ts'
export type { MemoryStoreOptions, MemoryStores } from './stores/memory-store.ts'
export { createMemoryStores, MemoryApiKeyStore, MemoryStateStore } from './stores/memory-store.ts'
export { createStaticClientRegistry } from './stores/static-client-registry.ts'
export type { Packing, SwapResult, Versioned, VersionedDriver } from './stores/versioned-driver.ts'
export type { AdmissionOptions, StillAdmitted } from './use-cases/admission.ts'
export { Admission } from './use-cases/admission.ts'
export type { AnswerReply, AnswerUserCode, UserCodeAnswer } from './use-cases/answer-user-code.ts'
export { createAnswerUserCode } from './use-cases/answer-user-code.ts'
export type {
  AuthenticateApiKey,
  AuthenticatedKey,
  Authentication,
} from './use-cases/authenticate-api-key.ts'
export { createAuthenticateApiKey } from './use-cases/authenticate-api-key.ts'
export type {
  AuthorizationRefusal,
  AuthorizeDevice,
  AuthorizeDeviceRequest,
  DeviceAuthorization,
} from './use-cases/authorize-device.ts'
export { createAuthorizeDevice } from './use-cases/authorize-device.ts'
export type { BearerRefusal, BearerReply, BearerRequest } from './use-cases/check-bearer.ts'
export { checkBearer } from './use-cases/check-bearer.ts'
export type { EndedKey } from './use-cases/ended-key.ts'
export type { UseCaseDependencies, UseCases } from './use-cases/index.ts'
export { createUseCases } from './use-cases/index.ts'
export type {
  KeyList,
  ListApiKeys,
  ListApiKeysRequest,
  ListedKey,
} from './use-cases/list-api-keys.ts'
export { createListApiKeys } from './use-cases/list-api-keys.ts'
export type { DeviceList, ListDevices, ListDevicesRequest } from './use-cases/list-devices.ts'
export { createListDevices } from './use-cases/list-devices.ts'
export type { TypedUserCode } from './use-cases/look-up-user-code.ts'
export type { EraseApiKeys, EraseKeysRequest } from './use-cases/operator/erase-api-keys.ts'
export type {
  FindKeys,
  FindKeysRequest,
  FoundKey,
  FoundKeys,
} from './use-cases/operator/find-api-keys.ts'
export type { OperatorDependencies, OperatorUseCases } from './use-cases/operator/index.ts'
export { createOperatorUseCases } from './use-cases/operator/index.ts'
export type {
  ExportedKeys,
  ExportKeysDependencies,
  ImportKeysDependencies,
  MovedState,
  MovedStateImport,
} from './use-cases/operator/move-keys.ts'
export { exportKeys, importMovedState } from './use-cases/operator/move-keys.ts'
export type {
  ByOperator,
  RevokeApiKeys,
  RevokeKeysRequest,
} from './use-cases/operator/revoke-api-keys.ts'
export type {
  RevokeLeakedKey,
  RevokeLeakedKeyRequest,
} from './use-cases/operator/revoke-leaked-key.ts'
export type { PollForToken, TokenReply, TokenRequest } from './use-cases/poll-for-token.ts'
export { createPollForToken } from './use-cases/poll-for-token.ts'
export type { OwnApiKey, ReadApiKey, ReadApiKeyRequest } from './use-cases/read-api-key.ts'
export { createReadApiKey } from './use-cases/read-api-key.ts'
export type { ReleaseUserCode } from './use-cases/release-user-code.ts'
export { createReleaseUserCode } from './use-cases/release-user-code.ts'
export type {
  RenameDevice,
  RenameDeviceReply,
  RenameDeviceRequest,
} from './use-cases/rename-device.ts'
export { createRenameDevice } from './use-cases/rename-device.ts'
export type { ReplaceableKey } from './use-cases/replaceable-key.ts'
export type {
  PendingAuthorization,
  RequestedScopeName,
  ReviewUserCode,
} from './use-cases/review-user-code.ts'
export { createReviewUserCode } from './use-cases/review-user-code.ts'
export type {
  RevokeAllApiKeys,
  RevokeApiKey,
  RevokeApiKeyRequest,
} from './use-cases/revoke-api-key.ts'
export { createRevokeAllApiKeys, createRevokeApiKey } from './use-cases/revoke-api-key.ts'
export type {
  RevokePresentedKey,
  RevokePresentedKeyRequest,
} from './use-cases/revoke-presented-key.ts'
export { createRevokePresentedKey } from './use-cases/revoke-presented-key.ts'
