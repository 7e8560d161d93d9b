import { type BindToFluentSyntax, type Container, ContainerModule } from 'inversify'
import type { Clock, Events } from '../ports.ts'
import { createPolicy, type Policy } from '../rules/policy.ts'
import { MemoryApiKeyStore, MemoryStateStore } from '../stores/memory-store.ts'
import { createAnswerUserCode } from '../use-cases/answer-user-code.ts'
import { createAuthenticateApiKey } from '../use-cases/authenticate-api-key.ts'
import { createAuthorizeDevice } from '../use-cases/authorize-device.ts'
import { ignoreErrors, type UseCases } from '../use-cases/index.ts'
import { createListApiKeys } from '../use-cases/list-api-keys.ts'
import { createConfirmDelivery, createPollForToken } from '../use-cases/poll-for-token.ts'
import { createReviewUserCode } from '../use-cases/review-user-code.ts'
import { createRevokeAllApiKeys, createRevokeApiKey } from '../use-cases/revoke-api-key.ts'
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

type Dependencies = Readonly<Record<string, Token<unknown>>>

type Resolved<D extends Dependencies> = {
  readonly [K in keyof D]: D[K] extends Token<infer T> ? T : never
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
      Object.values(dependencies),
    )
    .inSingletonScope()
}

const CHECKED_POLICY: Token<Policy> = token('CheckedPolicy')
const SAFE_EVENTS: Token<Events> = token('SafeEvents')

const GRANTS = { grants: TOKENS.DeviceGrants }
const API_KEYS = { apiKeys: TOKENS.ApiKeys }
const BASE = { clock: TOKENS.Clock, events: SAFE_EVENTS }
const LOOK_UP = {
  ...BASE,
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

    const authorize = {
      ...BASE,
      ...GRANTS,
      policy: CHECKED_POLICY,
      userCodes: TOKENS.UserCodeClaims,
    }
    from(TOKENS.AuthorizeDevice, authorize, createAuthorizeDevice)
    const poll = { ...BASE, ...GRANTS, ...API_KEYS, policy: CHECKED_POLICY }
    from(TOKENS.PollForToken, poll, createPollForToken)
    from(TOKENS.ConfirmDelivery, API_KEYS, createConfirmDelivery)
    from(TOKENS.ReviewUserCode, { ...LOOK_UP, ...GRANTS }, createReviewUserCode)
    from(TOKENS.AnswerUserCode, { ...LOOK_UP, ...GRANTS, ...API_KEYS }, createAnswerUserCode)
    from(TOKENS.AuthenticateApiKey, { ...BASE, ...API_KEYS }, createAuthenticateApiKey)
    from(TOKENS.ListApiKeys, { ...API_KEYS, clock: TOKENS.Clock }, createListApiKeys)
    from(TOKENS.RevokeApiKey, { ...BASE, ...API_KEYS }, createRevokeApiKey)
    from(TOKENS.RevokeAllApiKeys, { ...BASE, ...API_KEYS }, createRevokeAllApiKeys)

    const all = {
      authorizeDevice: TOKENS.AuthorizeDevice,
      pollForToken: TOKENS.PollForToken,
      confirmDelivery: TOKENS.ConfirmDelivery,
      reviewUserCode: TOKENS.ReviewUserCode,
      answerUserCode: TOKENS.AnswerUserCode,
      authenticateApiKey: TOKENS.AuthenticateApiKey,
      listApiKeys: TOKENS.ListApiKeys,
      revokeApiKey: TOKENS.RevokeApiKey,
      revokeAllApiKeys: TOKENS.RevokeAllApiKeys,
    }
    from<UseCases, typeof all>(TOKENS.AllUseCases, all, (useCases) => useCases)
  })

/** Binds the three short-lived states to the memory of this process. */
export const memoryStateModule = (): ContainerModule =>
  new ContainerModule(({ bind: bindName }) => {
    for (const store of [TOKENS.DeviceGrants, TOKENS.UserCodeClaims, TOKENS.CodeAttempts]) {
      bindName(store)
        .toResolvedValue((clock: Clock) => new MemoryStateStore({ clock }), [TOKENS.Clock])
        .inSingletonScope()
    }
  })

/** Binds the API keys to the memory of this process. */
export const memoryApiKeysModule = (): ContainerModule =>
  new ContainerModule(({ bind: bindName }) => {
    const dependencies = { clock: TOKENS.Clock }
    bindFrom(bindName, TOKENS.ApiKeys, dependencies, (options) => new MemoryApiKeyStore(options))
  })
