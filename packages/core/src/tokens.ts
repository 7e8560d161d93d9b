import type { AnswerUserCode } from './answer-user-code.ts'
import type { AuthenticateApiKey } from './authenticate-api-key.ts'
import type { AuthorizeDevice } from './authorize-device.ts'
import type { DeviceGrant } from './device-grant.ts'
import type { ListApiKeys } from './list-api-keys.ts'
import type { Policy } from './policy.ts'
import type { ConfirmDelivery, PollForToken } from './poll-for-token.ts'
import type { ApiKeyStore, Clock, Events, StateStore } from './ports.ts'
import type { ReviewUserCode } from './review-user-code.ts'
import type { RevokeAllApiKeys, RevokeApiKey } from './revoke-api-key.ts'
import { type Token, token } from './token.ts'
import type { UserCodeClaim } from './user-code.ts'
import type { Window } from './wrong-codes.ts'

/** The names of all ports and use cases, for a dependency container. */
export const TOKENS: {
  readonly Policy: Token<Policy>
  readonly Clock: Token<Clock>
  readonly Events: Token<Events>
  readonly DeviceGrants: Token<StateStore<DeviceGrant>>
  readonly UserCodeClaims: Token<StateStore<UserCodeClaim>>
  readonly Windows: Token<StateStore<Window>>
  readonly ApiKeys: Token<ApiKeyStore>
  readonly AuthorizeDevice: Token<AuthorizeDevice>
  readonly PollForToken: Token<PollForToken>
  readonly ConfirmDelivery: Token<ConfirmDelivery>
  readonly ReviewUserCode: Token<ReviewUserCode>
  readonly AnswerUserCode: Token<AnswerUserCode>
  readonly AuthenticateApiKey: Token<AuthenticateApiKey>
  readonly ListApiKeys: Token<ListApiKeys>
  readonly RevokeApiKey: Token<RevokeApiKey>
  readonly RevokeAllApiKeys: Token<RevokeAllApiKeys>
} = {
  Policy: token('Policy'),
  Clock: token('Clock'),
  Events: token('Events'),
  DeviceGrants: token('DeviceGrants'),
  UserCodeClaims: token('UserCodeClaims'),
  Windows: token('Windows'),
  ApiKeys: token('ApiKeys'),
  AuthorizeDevice: token('AuthorizeDevice'),
  PollForToken: token('PollForToken'),
  ConfirmDelivery: token('ConfirmDelivery'),
  ReviewUserCode: token('ReviewUserCode'),
  AnswerUserCode: token('AnswerUserCode'),
  AuthenticateApiKey: token('AuthenticateApiKey'),
  ListApiKeys: token('ListApiKeys'),
  RevokeApiKey: token('RevokeApiKey'),
  RevokeAllApiKeys: token('RevokeAllApiKeys'),
}
