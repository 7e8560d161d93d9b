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
import { createPolicy, type Policy } from '../rules/policy.ts'
import type { Safeguard } from '../rules/safeguard.ts'
import type { UserCodeClaim } from '../rules/user-code.ts'
import { performanceNow } from '../system-time.ts'
import { Admission } from './admission.ts'
import { type AnswerUserCode, createAnswerUserCode } from './answer-user-code.ts'
import {
  type AuthenticateApiKey,
  type AuthenticatedKey,
  createAuthenticateApiKey,
} from './authenticate-api-key.ts'
import { type AuthorizeDevice, createAuthorizeDevice } from './authorize-device.ts'
import { ignoreErrors } from './ignore-errors.ts'
import { dropEndedKeys, KeyCheckCache } from './key-check-cache.ts'
import { createListApiKeys, type ListApiKeys } from './list-api-keys.ts'
import { createListDevices, type ListDevices } from './list-devices.ts'
import { createPollForToken, type PollForToken } from './poll-for-token.ts'
import { createReadApiKey, type ReadApiKey } from './read-api-key.ts'
import { createReleaseUserCode, type ReleaseUserCode } from './release-user-code.ts'
import { createRenameDevice, type RenameDevice } from './rename-device.ts'
import { createReviewUserCode, type ReviewUserCode } from './review-user-code.ts'
import {
  createRevokeAllApiKeys,
  createRevokeApiKey,
  type RevokeAllApiKeys,
  type RevokeApiKey,
} from './revoke-api-key.ts'
import { createRevokePresentedKey, type RevokePresentedKey } from './revoke-presented-key.ts'
import { UnwrittenUses } from './unwritten-uses.ts'

/** The ports of all use cases. */
export interface UseCaseDependencies {
  readonly grants: StateStore<DeviceGrant>
  readonly userCodes: StateStore<UserCodeClaim>
  readonly codeAttempts: StateStore<CodeAttempts>
  readonly apiKeys: ApiKeyStore
  /** Kept beside the API keys. */
  readonly cutOffs: StateStore<CutOff>
  /** @default DEFAULT_POLICY */
  readonly policy?: Policy | undefined
  /** For example `{ now: Date.now }`. */
  readonly clock: Clock
  /** @default no listener */
  readonly events?: Events | undefined
  /** @default every client may ask for codes */
  readonly clients?: ClientRegistry | undefined
  /** @default a key may have any scope, or none */
  readonly scopes?: ScopeCatalogue | undefined
  /**
   * The resources that keys may be for, as URIs (RFC 8707). A registered client may have its own.
   * @default resources are ignored
   */
  readonly resources?: readonly string[] | undefined
  /**
   * What makes approvals safer against phishing (RFC 10027 section 6.1), for example `proximity('block')`.
   * @default none
   */
  readonly safeguards?: readonly Safeguard[] | undefined
  /**
   * Compares the `login_hint` of requests with the people who approve, for example `createLoginHints`.
   * @default login hints are ignored
   */
  readonly loginHints?: LoginHints | undefined
  /** @default every person is admitted */
  readonly admitPerson?: AdmitPerson | undefined
  /**
   * A clock that never goes back, in milliseconds. It measures the age of key checks.
   * @default performance.now
   */
  readonly monotonic?: (() => number) | undefined
}

/** Everything that a device, a person and a service behind them can do. */
export interface UseCases {
  /**
   * Issues both codes of a new grant (RFC 8628 section 3.1).
   * @throws {StoreError} if nothing was issued
   */
  readonly authorizeDevice: AuthorizeDevice
  /**
   * Answers a poll of a device (RFC 8628 section 3.4). The same key is issued again until its first use.
   * A store that is down gives `slow_down`.
   */
  readonly pollForToken: PollForToken
  /**
   * Shows a person the request behind a user code and opens the code for them. It decides nothing.
   * @throws {StoreError} if the code could not be looked up
   */
  readonly reviewUserCode: ReviewUserCode
  /**
   * A person lets a user code go, so that another account can open it at once.
   * @throws {StoreError} if it is unknown whether the code was released
   */
  readonly releaseUserCode: ReleaseUserCode
  /** A person approves or denies a device (RFC 8628 section 3.3). The first of several answers counts. */
  readonly answerUserCode: AnswerUserCode
  /**
   * Checks an API key that came with a request (RFC 6750), and writes its use once a minute. A valid
   * check may be reused for `keyCheckMaxAgeMs`.
   * @throws {StoreError} if the key could not be looked up
   */
  readonly authenticateApiKey: AuthenticateApiKey
  /**
   * Lists a person's keys that work or wait for pick-up, the newest first.
   * @throws {StoreError} if the keys could not be looked up
   */
  readonly listApiKeys: ListApiKeys
  /**
   * Lists a person's devices by their last use, with the keys that have ended. It looks at 2 000 keys at
   * most.
   * @throws {StoreError} if the keys could not be looked up
   */
  readonly listDevices: ListDevices
  /**
   * Reads one key for its owner, whether it works or has ended.
   * @throws {StoreError} if the key could not be looked up
   */
  readonly readApiKey: ReadApiKey
  /**
   * A person gives the device of one of their keys another name.
   * @throws {StoreError} if it is unknown whether the device was renamed; retrying is safe
   */
  readonly renameDevice: RenameDevice
  /**
   * A person revokes one of their keys. It takes effect at once in this process, and within
   * `keyCheckMaxAgeMs` in others.
   * @throws {StoreError} if it is unknown whether the key was revoked; retrying is safe
   */
  readonly revokeApiKey: RevokeApiKey
  /**
   * A caller revokes the key that it has (RFC 7009). The whole key is compared, because ids stand in logs.
   * @throws {StoreError} if it is unknown whether the key was revoked; retrying is safe
   */
  readonly revokePresentedKey: RevokePresentedKey
  /**
   * A person revokes all their keys, including those that wait for pick-up. Returns how many.
   * @throws {StoreError} if some keys may not be revoked; retrying is safe
   */
  readonly revokeAllApiKeys: RevokeAllApiKeys
}

/**
 * Makes all use cases, without a container.
 * @throws {PolicyError} if the policy is invalid
 */
export const createUseCases = ({
  policy: givenPolicy,
  events = { emit: () => {} },
  monotonic = performanceNow,
  admitPerson,
  ...ports
}: UseCaseDependencies): UseCases => {
  const policy = createPolicy(givenPolicy)
  const keyChecks = new KeyCheckCache<AuthenticatedKey>({
    maxAgeMs: policy.keyCheckMaxAgeMs,
    now: monotonic,
  })
  const apiKeys = dropEndedKeys(ports.apiKeys, keyChecks)
  const dependencies = {
    ...ports,
    apiKeys,
    keyChecks,
    policy,
    events: ignoreErrors(events),
    admission: new Admission({ admitPerson, now: monotonic }),
    unwrittenUses: new UnwrittenUses(),
  }
  const authenticateApiKey = createAuthenticateApiKey(dependencies)
  return {
    authorizeDevice: createAuthorizeDevice({ ...dependencies, authenticateApiKey }),
    pollForToken: createPollForToken(dependencies),
    reviewUserCode: createReviewUserCode(dependencies),
    releaseUserCode: createReleaseUserCode(dependencies),
    answerUserCode: createAnswerUserCode(dependencies),
    authenticateApiKey,
    listApiKeys: createListApiKeys(dependencies),
    listDevices: createListDevices(dependencies),
    readApiKey: createReadApiKey(dependencies),
    renameDevice: createRenameDevice(dependencies),
    revokeApiKey: createRevokeApiKey(dependencies),
    revokePresentedKey: createRevokePresentedKey(dependencies),
    revokeAllApiKeys: createRevokeAllApiKeys(dependencies),
  }
}
