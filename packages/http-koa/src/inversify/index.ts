import { type Clock, type ScopeCatalogue, TOKENS, type UseCases } from '@device-grant/core'
import { ContainerModule } from 'inversify'
import { createDeviceGrantRouter, type DeviceGrantRouter } from '../router.ts'
import { HTTP_TOKENS, type RouterOptions } from './tokens.ts'

export { HTTP_TOKENS, type RouterOptions } from './tokens.ts'

/**
 * Binds the router. It needs `coreModule`, `Clock` and `HTTP_TOKENS.RouterOptions`. The metadata name the
 * scopes of a bound `ScopeCatalogue`, and else those of the options.
 */
export const httpModule = (): ContainerModule =>
  new ContainerModule(({ bind }) => {
    bind<DeviceGrantRouter>(HTTP_TOKENS.Router)
      .toResolvedValue(
        (
          useCases: UseCases,
          clock: Clock,
          options: RouterOptions,
          catalogue: ScopeCatalogue | undefined,
        ) =>
          createDeviceGrantRouter({
            ...options,
            ...(catalogue && { scopesSupported: () => [...catalogue.scopes().keys()] }),
            useCases,
            clock,
          }),
        [
          TOKENS.AllUseCases,
          TOKENS.Clock,
          HTTP_TOKENS.RouterOptions,
          { serviceIdentifier: TOKENS.ScopeCatalogue, optional: true },
        ],
      )
      .inSingletonScope()
  })
