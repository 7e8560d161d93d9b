import { type Container, ContainerModule } from 'inversify'
import type { ApiKeyStore, Clock, Events, StateStore } from '../ports.ts'
import type { Window } from '../rules/code-attempts.ts'
import type { DeviceGrant } from '../rules/device-grant.ts'
import type { Policy } from '../rules/policy.ts'
import type { UserCodeClaim } from '../rules/user-code.ts'
import { MemoryApiKeyStore, MemoryStateStore } from '../stores/memory-store.ts'
import { createUseCases, type UseCases } from '../use-cases/index.ts'
import { type Token, token } from './token.ts'
import { TOKENS } from './tokens.ts'

/** What a container has for a token, typed as the token says. */
export const get = <T>(container: Container, name: Token<T>): T => container.get<T>(name)

/** All use cases in one object, for whoever wants several of them. */
export const AllUseCases: Token<UseCases> = token<UseCases>('AllUseCases')

/**
 * Binds every use case. It needs `Clock`, `Events`, `Policy` and the four stores to be bound by
 * somebody else: `memoryStateModule` and `memoryApiKeysModule`, `redisModule`, `mongoModule` or a module of your own.
 */
export const coreModule = (): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind<UseCases>(AllUseCases)
      .toResolvedValue(
        (
          grants: StateStore<DeviceGrant>,
          userCodes: StateStore<UserCodeClaim>,
          windows: StateStore<Window>,
          apiKeys: ApiKeyStore,
          policy: Policy,
          clock: Clock,
          events: Events,
        ) => createUseCases({ grants, userCodes, windows, apiKeys, policy, clock, events }),
        [
          TOKENS.DeviceGrants,
          TOKENS.UserCodeClaims,
          TOKENS.Windows,
          TOKENS.ApiKeys,
          TOKENS.Policy,
          TOKENS.Clock,
          TOKENS.Events,
        ],
      )
      .inSingletonScope()
    const bindOne = <K extends keyof UseCases>(name: Token<UseCases[K]>, key: K): void => {
      bind<UseCases[K]>(name).toResolvedValue((all: UseCases) => all[key], [AllUseCases])
    }
    bindOne(TOKENS.AuthorizeDevice, 'authorizeDevice')
    bindOne(TOKENS.PollForToken, 'pollForToken')
    bindOne(TOKENS.ConfirmDelivery, 'confirmDelivery')
    bindOne(TOKENS.ReviewUserCode, 'reviewUserCode')
    bindOne(TOKENS.AnswerUserCode, 'answerUserCode')
    bindOne(TOKENS.AuthenticateApiKey, 'authenticateApiKey')
    bindOne(TOKENS.ListApiKeys, 'listApiKeys')
    bindOne(TOKENS.RevokeApiKey, 'revokeApiKey')
    bindOne(TOKENS.RevokeAllApiKeys, 'revokeAllApiKeys')
  })

/** Binds the three short-lived states to this process's memory. */
export const memoryStateModule = (): ContainerModule =>
  new ContainerModule(({ bind }) => {
    for (const store of [TOKENS.DeviceGrants, TOKENS.UserCodeClaims, TOKENS.Windows]) {
      bind(store)
        .toResolvedValue((clock: Clock) => new MemoryStateStore({ clock }), [TOKENS.Clock])
        .inSingletonScope()
    }
  })

/** Binds the API keys to this process's memory. */
export const memoryApiKeysModule = (): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind<ApiKeyStore>(TOKENS.ApiKeys)
      .toResolvedValue((clock: Clock) => new MemoryApiKeyStore({ clock }), [TOKENS.Clock])
      .inSingletonScope()
  })
