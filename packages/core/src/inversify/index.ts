import { type BindToFluentSyntax, type Container, ContainerModule } from 'inversify'
import type { ApiKeyStore, Clock, Events } from '../ports.ts'
import { createPolicy, type Policy } from '../rules/policy.ts'
import { MemoryApiKeyStore, MemoryStateStore } from '../stores/memory-store.ts'
import { performanceNow } from '../system-time.ts'
import { Admission } from '../use-cases/admission.ts'
import { createAnswerUserCode } from '../use-cases/answer-user-code.ts'
import {
  type AuthenticatedKey,
  createAuthenticateApiKey,
} from '../use-cases/authenticate-api-key.ts'
import { createAuthorizeDevice } from '../use-cases/authorize-device.ts'
import { ignoreErrors } from '../use-cases/ignore-errors.ts'
import type { UseCases } from '../use-cases/index.ts'
import { dropEndedKeys, KeyCheckCache } from '../use-cases/key-check-cache.ts'
import { createListApiKeys } from '../use-cases/list-api-keys.ts'
import { createListDevices } from '../use-cases/list-devices.ts'
import { createOperatorUseCases } from '../use-cases/operator/index.ts'
import { createPollForToken } from '../use-cases/poll-for-token.ts'
import { createReadApiKey } from '../use-cases/read-api-key.ts'
import { createReleaseUserCode } from '../use-cases/release-user-code.ts'
import { createRenameDevice } from '../use-cases/rename-device.ts'
import { createReviewUserCode } from '../use-cases/review-user-code.ts'
import { createRevokeAllApiKeys, createRevokeApiKey } from '../use-cases/revoke-api-key.ts'
import { createRevokePresentedKey } from '../use-cases/revoke-presented-key.ts'
import { UnwrittenUses } from '../use-cases/unwritten-uses.ts'
import { type Token, token } from './token.ts'
import { TOKENS } from './tokens.ts'

/** Gets what a token names, with the token's type. */
export const get = <T>(container: Container, name: Token<T>): T => container.get<T>(name)

/** Starts a binding that only takes values of the token's type. */
export const bind = <T>(
  container: Pick<Container, 'bind'>,
  name: Token<T>,
): BindToFluentSyntax<T> => container.bind<T>(name)

type Bind = <T>(name: Token<T>) => BindToFluentSyntax<T>

/** A port that may be unbound. */
interface IfBound<T> {
  readonly ifBound: Token<T>
}

type Dependencies = Readonly<Record<string, Token<unknown> | IfBound<unknown>>>

type Resolved<D extends Dependencies> = {
  readonly [K in keyof D]: D[K] extends Token<infer T>
    ? T
    : D[K] extends IfBound<infer T>
      ? T | undefined
      : never
}

/** Binds a singleton that is made from an object of its dependencies. */
const bindFrom = <T, D extends Dependencies>(
  bindName: Bind,
  name: Token<T>,
  dependencies: D,
  make: (resolved: Resolved<D>) => T,
): void => {
  const keys = Object.keys(dependencies)
  bindName<T>(name)
    .toResolvedValue(
      (...values: unknown[]) =>
        make(Object.fromEntries(keys.map((key, i) => [key, values[i]])) as Resolved<D>),
      Object.values(dependencies).map((dependency) =>
        typeof dependency === 'object' && 'ifBound' in dependency
          ? { serviceIdentifier: dependency.ifBound, optional: true as const }
          : dependency,
      ),
    )
    .inSingletonScope()
}

const CHECKED_POLICY: Token<Policy> = token('CheckedPolicy')
const SAFE_EVENTS: Token<Events> = token('SafeEvents')
const KEY_CHECKS: Token<KeyCheckCache<AuthenticatedKey>> = token('KeyChecks')
const ADMISSION: Token<Admission> = token('Admission')
const UNWRITTEN_USES: Token<UnwrittenUses> = token('UnwrittenUses')
const WATCHED_API_KEYS: Token<ApiKeyStore> = token('WatchedApiKeys')

const GRANTS = { grants: TOKENS.DeviceGrants }
const API_KEYS = { apiKeys: WATCHED_API_KEYS }
const CUT_OFFS = { cutOffs: TOKENS.CutOffs }
const BASE = { clock: TOKENS.Clock, events: SAFE_EVENTS }
const CLIENTS_AND_SCOPES = {
  clients: { ifBound: TOKENS.ClientRegistry },
  scopes: { ifBound: TOKENS.ScopeCatalogue },
}
const RESOURCES = { resources: { ifBound: TOKENS.Resources } }
const SAFEGUARDS = { safeguards: { ifBound: TOKENS.Safeguards } }
const LOGIN_HINTS = { loginHints: { ifBound: TOKENS.LoginHints } }
const LOOK_UP = {
  ...BASE,
  ...GRANTS,
  ...LOGIN_HINTS,
  policy: CHECKED_POLICY,
  userCodes: TOKENS.UserCodeClaims,
  codeAttempts: TOKENS.CodeAttempts,
}

/**
 * Binds every use case from its own ports, and `AllUseCases` from the use cases. The ports come from
 * other modules, for example `memoryStateModule`, `redisModule` and `mongoModule`. A use case that is
 * bound again replaces the one in `AllUseCases`.
 */
export const coreModule = (): ContainerModule =>
  new ContainerModule(({ bind: bindName }) => {
    const from = <T, D extends Dependencies>(
      name: Token<T>,
      dependencies: D,
      make: (resolved: Resolved<D>) => T,
    ): void => bindFrom(bindName, name, dependencies, make)

    from(CHECKED_POLICY, { policy: TOKENS.Policy }, ({ policy }) => createPolicy(policy))
    from(SAFE_EVENTS, { events: TOKENS.Events }, ({ events }) => ignoreErrors(events))
    from(KEY_CHECKS, { policy: CHECKED_POLICY }, ({ policy }) => {
      return new KeyCheckCache<AuthenticatedKey>({
        maxAgeMs: policy.keyCheckMaxAgeMs,
        now: performanceNow,
      })
    })
    from(ADMISSION, { admitPerson: { ifBound: TOKENS.AdmitPerson } }, ({ admitPerson }) => {
      return new Admission({ admitPerson, now: performanceNow })
    })
    from(UNWRITTEN_USES, {}, () => new UnwrittenUses())
    const watched = { apiKeys: TOKENS.ApiKeys, keyChecks: KEY_CHECKS }
    from(WATCHED_API_KEYS, watched, ({ apiKeys, keyChecks }) => dropEndedKeys(apiKeys, keyChecks))

    const authorize = {
      ...BASE,
      ...GRANTS,
      ...CLIENTS_AND_SCOPES,
      ...RESOURCES,
      ...SAFEGUARDS,
      ...LOGIN_HINTS,
      policy: CHECKED_POLICY,
      userCodes: TOKENS.UserCodeClaims,
      authenticateApiKey: TOKENS.AuthenticateApiKey,
    }
    from(TOKENS.AuthorizeDevice, authorize, createAuthorizeDevice)
    const poll = {
      ...BASE,
      ...GRANTS,
      ...API_KEYS,
      ...CUT_OFFS,
      ...CLIENTS_AND_SCOPES,
      ...RESOURCES,
      ...SAFEGUARDS,
      policy: CHECKED_POLICY,
      admission: ADMISSION,
    }
    from(TOKENS.PollForToken, poll, createPollForToken)
    const review = {
      ...LOOK_UP,
      ...SAFEGUARDS,
      ...API_KEYS,
      ...CLIENTS_AND_SCOPES,
      admission: ADMISSION,
    }
    from(TOKENS.ReviewUserCode, review, createReviewUserCode)
    const release = { policy: CHECKED_POLICY, userCodes: TOKENS.UserCodeClaims }
    from(TOKENS.ReleaseUserCode, release, createReleaseUserCode)
    from(TOKENS.AnswerUserCode, { ...review, ...CUT_OFFS }, createAnswerUserCode)
    const authenticate = {
      ...BASE,
      ...API_KEYS,
      policy: CHECKED_POLICY,
      keyChecks: KEY_CHECKS,
      admission: ADMISSION,
      unwrittenUses: UNWRITTEN_USES,
    }
    from(TOKENS.AuthenticateApiKey, authenticate, createAuthenticateApiKey)
    const list = {
      ...API_KEYS,
      ...CLIENTS_AND_SCOPES,
      clock: TOKENS.Clock,
      policy: CHECKED_POLICY,
    }
    from(TOKENS.ListApiKeys, list, createListApiKeys)
    from(TOKENS.ListDevices, list, createListDevices)
    from(TOKENS.ReadApiKey, list, createReadApiKey)
    from(TOKENS.RenameDevice, { ...BASE, ...API_KEYS, policy: CHECKED_POLICY }, createRenameDevice)
    const revoke = { ...BASE, ...API_KEYS, policy: CHECKED_POLICY }
    from(TOKENS.RevokeApiKey, revoke, createRevokeApiKey)
    from(TOKENS.RevokePresentedKey, revoke, createRevokePresentedKey)
    const revokeAll = { ...BASE, ...API_KEYS, ...CUT_OFFS, policy: CHECKED_POLICY }
    from(TOKENS.RevokeAllApiKeys, revokeAll, createRevokeAllApiKeys)

    const all = {
      authorizeDevice: TOKENS.AuthorizeDevice,
      pollForToken: TOKENS.PollForToken,
      reviewUserCode: TOKENS.ReviewUserCode,
      releaseUserCode: TOKENS.ReleaseUserCode,
      answerUserCode: TOKENS.AnswerUserCode,
      authenticateApiKey: TOKENS.AuthenticateApiKey,
      listApiKeys: TOKENS.ListApiKeys,
      listDevices: TOKENS.ListDevices,
      readApiKey: TOKENS.ReadApiKey,
      renameDevice: TOKENS.RenameDevice,
      revokeApiKey: TOKENS.RevokeApiKey,
      revokePresentedKey: TOKENS.RevokePresentedKey,
      revokeAllApiKeys: TOKENS.RevokeAllApiKeys,
    }
    from<UseCases, typeof all>(TOKENS.AllUseCases, all, (useCases) => useCases)
  })

/**
 * Binds the operator's use cases, on the ports of `coreModule`. Keys that they revoke stop working in this
 * process at once.
 */
export const operatorModule = (): ContainerModule =>
  new ContainerModule(({ bind: bindName }) => {
    const dependencies = { ...BASE, ...API_KEYS, ...CUT_OFFS, policy: CHECKED_POLICY }
    bindFrom(bindName, TOKENS.OperatorUseCases, dependencies, createOperatorUseCases)
  })

/** Binds the four short-lived states to the memory of this process. */
export const memoryStateModule = (): ContainerModule =>
  new ContainerModule(({ bind: bindName }) => {
    for (const store of [
      TOKENS.DeviceGrants,
      TOKENS.UserCodeClaims,
      TOKENS.CodeAttempts,
      TOKENS.UsedAssertions,
    ]) {
      bindName(store)
        .toResolvedValue((clock: Clock) => new MemoryStateStore({ clock }), [TOKENS.Clock])
        .inSingletonScope()
    }
  })

/** Binds the API keys and the cut-offs to the memory of this process. */
export const memoryApiKeysModule = (): ContainerModule =>
  new ContainerModule(({ bind: bindName }) => {
    const dependencies = { clock: TOKENS.Clock }
    bindFrom(bindName, TOKENS.ApiKeys, dependencies, (options) => new MemoryApiKeyStore(options))
    bindFrom(bindName, TOKENS.CutOffs, dependencies, (options) => new MemoryStateStore(options))
  })
