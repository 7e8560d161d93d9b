import type {
  AdmitPerson,
  ApiKeyStore,
  ClientRegistry,
  Clock,
  Events,
  ScopeCatalogue,
  StateStore,
} from '../ports.ts'
import type { LoginHints } from '../rules/approver.ts'
import type { CodeAttempts } from '../rules/code-attempts.ts'
import type { CutOff } from '../rules/cut-off.ts'
import type { DeviceGrant } from '../rules/device-grant.ts'
import type { Policy } from '../rules/policy.ts'
import type { Safeguard } from '../rules/safeguard.ts'
import type { UsedAssertion } from '../rules/used-assertion.ts'
import type { UserCodeClaim } from '../rules/user-code.ts'
import type { AnswerUserCode } from '../use-cases/answer-user-code.ts'
import type { AuthenticateApiKey } from '../use-cases/authenticate-api-key.ts'
import type { AuthorizeDevice } from '../use-cases/authorize-device.ts'
import type { UseCases } from '../use-cases/index.ts'
import type { ListApiKeys } from '../use-cases/list-api-keys.ts'
import type { ListDevices } from '../use-cases/list-devices.ts'
import type { OperatorUseCases } from '../use-cases/operator/index.ts'
import type { PollForToken } from '../use-cases/poll-for-token.ts'
import type { ReadApiKey } from '../use-cases/read-api-key.ts'
import type { ReleaseUserCode } from '../use-cases/release-user-code.ts'
import type { RenameDevice } from '../use-cases/rename-device.ts'
import type { ReviewUserCode } from '../use-cases/review-user-code.ts'
import type { RevokeAllApiKeys, RevokeApiKey } from '../use-cases/revoke-api-key.ts'
import type { RevokePresentedKey } from '../use-cases/revoke-presented-key.ts'
import { type Token, token } from './token.ts'

/** The names of all ports and use cases, for a dependency container. */
export const TOKENS: {
  readonly Policy: Token<Policy>
  readonly Clock: Token<Clock>
  readonly Events: Token<Events>
  /** Optional: without it every client may ask for codes. */
  readonly ClientRegistry: Token<ClientRegistry>
  /** Optional: without it a key may have any scope, or none. */
  readonly ScopeCatalogue: Token<ScopeCatalogue>
  /** Optional: the resources that keys may be for. Without it resources are ignored. */
  readonly Resources: Token<readonly string[]>
  /** Optional: what makes approvals safer against phishing. Without it there is nothing. */
  readonly Safeguards: Token<readonly Safeguard[]>
  /** Optional: compares login hints with people. Without it they are ignored. */
  readonly LoginHints: Token<LoginHints>
  /** Optional: without it every person is admitted. */
  readonly AdmitPerson: Token<AdmitPerson>
  readonly DeviceGrants: Token<StateStore<DeviceGrant>>
  readonly UserCodeClaims: Token<StateStore<UserCodeClaim>>
  readonly CodeAttempts: Token<StateStore<CodeAttempts>>
  readonly ApiKeys: Token<ApiKeyStore>
  readonly CutOffs: Token<StateStore<CutOff>>
  readonly UsedAssertions: Token<StateStore<UsedAssertion>>
  readonly AuthorizeDevice: Token<AuthorizeDevice>
  readonly PollForToken: Token<PollForToken>
  readonly ReviewUserCode: Token<ReviewUserCode>
  readonly ReleaseUserCode: Token<ReleaseUserCode>
  readonly AnswerUserCode: Token<AnswerUserCode>
  readonly AuthenticateApiKey: Token<AuthenticateApiKey>
  readonly ListApiKeys: Token<ListApiKeys>
  readonly ListDevices: Token<ListDevices>
  readonly ReadApiKey: Token<ReadApiKey>
  readonly RenameDevice: Token<RenameDevice>
  readonly RevokeApiKey: Token<RevokeApiKey>
  readonly RevokePresentedKey: Token<RevokePresentedKey>
  readonly RevokeAllApiKeys: Token<RevokeAllApiKeys>
  /** All use cases in one object. */
  readonly AllUseCases: Token<UseCases>
  /** Bound by `operatorModule` only. */
  readonly OperatorUseCases: Token<OperatorUseCases>
} = {
  Policy: token('Policy'),
  Clock: token('Clock'),
  Events: token('Events'),
  ClientRegistry: token('ClientRegistry'),
  ScopeCatalogue: token('ScopeCatalogue'),
  Resources: token('Resources'),
  Safeguards: token('Safeguards'),
  LoginHints: token('LoginHints'),
  AdmitPerson: token('AdmitPerson'),
  DeviceGrants: token('DeviceGrants'),
  UserCodeClaims: token('UserCodeClaims'),
  CodeAttempts: token('CodeAttempts'),
  ApiKeys: token('ApiKeys'),
  CutOffs: token('CutOffs'),
  UsedAssertions: token('UsedAssertions'),
  AuthorizeDevice: token('AuthorizeDevice'),
  PollForToken: token('PollForToken'),
  ReviewUserCode: token('ReviewUserCode'),
  ReleaseUserCode: token('ReleaseUserCode'),
  AnswerUserCode: token('AnswerUserCode'),
  AuthenticateApiKey: token('AuthenticateApiKey'),
  ListApiKeys: token('ListApiKeys'),
  ListDevices: token('ListDevices'),
  ReadApiKey: token('ReadApiKey'),
  RenameDevice: token('RenameDevice'),
  RevokeApiKey: token('RevokeApiKey'),
  RevokePresentedKey: token('RevokePresentedKey'),
  RevokeAllApiKeys: token('RevokeAllApiKeys'),
  AllUseCases: token('AllUseCases'),
  OperatorUseCases: token('OperatorUseCases'),
}
