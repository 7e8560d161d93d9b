import type { Clock, OnError, TokenReply, UseCases } from '@device-grant/core'
import { ANY_ORIGIN } from '../http/cors.ts'
import type { Route } from '../http/route-table.ts'
import type { Paths } from '../paths.ts'
import type { AddressSet } from '../security/client-address.ts'
import { AuthorizeLimit } from './authorize-limit.ts'
import { authorizeRoute } from './authorize-route.ts'
import { catchDeviceErrors } from './device-errors.ts'
import { metadataPaths, metadataRoute } from './metadata-route.ts'
import { tokenRoute } from './token-route.ts'

/** The parts of the routes for devices. */
export interface DeviceRoutesOptions {
  readonly useCases: Pick<UseCases, 'authorizeDevice' | 'pollForToken' | 'confirmDelivery'>
  readonly clock: Clock
  readonly paths: Paths
  readonly publicUrl: string
  readonly prefix: string
  readonly locales: readonly string[]
  readonly trustedProxies: AddressSet
  readonly authorizeLimit: number
  readonly onError: OnError
  readonly onPoll: (outcome: TokenReply['outcome']) => void
  readonly deliveries: Set<Promise<void>>
}

/** Responses to devices are never cached. */
const headers = { 'Cache-Control': 'no-store', Pragma: 'no-cache' }

/** The rows for devices. The same rows stand in `docs/http.md`. */
export const deviceRoutes = (options: DeviceRoutesOptions): readonly Route[] => {
  const { paths, publicUrl, prefix, locales } = options
  const errors = catchDeviceErrors(options.onError)
  const limit = new AuthorizeLimit(options.authorizeLimit)
  const verificationUri = `${publicUrl}/oauth/device/verify`
  const authorize = authorizeRoute({ ...options, limit, verificationUri })
  const token = tokenRoute(options)
  const metadata = metadataRoute({ publicUrl, locales })
  return [
    { path: paths.token, cors: ANY_ORIGIN, headers, methods: { POST: [errors, token] } },
    { path: paths.authorize, cors: ANY_ORIGIN, headers, methods: { POST: [errors, authorize] } },
    { path: metadataPaths(publicUrl, prefix), methods: { GET: [metadata] } },
  ]
}
