import { type Token, token } from '@device-grant/core'
import type { DeviceGrantRouter, DeviceGrantRouterOptions } from '../router.ts'

/** The options of the router without the use cases and the clock, which the container binds. */
export type RouterOptions = Omit<DeviceGrantRouterOptions, 'useCases' | 'clock'>

/** The tokens of the router and its options, for a dependency container. */
export const HTTP_TOKENS: {
  readonly RouterOptions: Token<RouterOptions>
  readonly Router: Token<DeviceGrantRouter>
} = {
  RouterOptions: token('RouterOptions'),
  Router: token('Router'),
}
