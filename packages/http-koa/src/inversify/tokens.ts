import { type Token, token } from '@device-grant/core'
import type { DeviceGrantRouter, DeviceGrantRouterOptions } from '../router.ts'

/** Everything the router needs besides the use cases and the clock. */
export type RouterOptions = Omit<DeviceGrantRouterOptions, 'useCases' | 'clock'>

/** The names of what this package binds, for a dependency container. */
export const HTTP_TOKENS: {
  readonly RouterOptions: Token<RouterOptions>
  readonly Router: Token<DeviceGrantRouter>
} = {
  RouterOptions: token('RouterOptions'),
  Router: token('Router'),
}
