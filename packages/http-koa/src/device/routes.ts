import type { Clock, Events, TokenReply, UseCases } from '@device-grant/core'
import type { Context } from 'koa'
import { ANY_ORIGIN } from '../http/cors.ts'
import type { ReportError } from '../http/report-error.ts'
import type { Route } from '../http/route-table.ts'
import type { Paths } from '../paths.ts'
import type { AddressSet } from '../security/client-address.ts'
import { AuthorizeLimit, type Refusal } from './authorize-limit.ts'
import { authorizeRoute } from './authorize-route.ts'
import { catchDeviceErrors } from './device-errors.ts'
import type { ClientIdentification } from './identify-client.ts'
import { metadataRoute } from './metadata-route.ts'
import { revokeRoute } from './revoke-route.ts'
import { tokenRoute } from './token-route.ts'

/** The parts of the routes for devices. */
export interface DeviceRoutesOptions {
  readonly useCases: Pick<UseCases, 'authorizeDevice' | 'pollForToken' | 'revokePresentedKey'>
  readonly clock: Clock
  readonly paths: Paths
  readonly publicUrl: string
  /** The absolute URL that devices show to people. */
  readonly verificationUri: string
  /** Whether devices get that URL with the user code in it, too. */
  readonly sendsCompleteUri: boolean
  /** Where the metadata document is. Empty if it is nowhere. */
  readonly metadataPaths: readonly string[]
  readonly locales: readonly string[]
  /** The scopes that the metadata document names. */
  readonly scopesSupported: () => readonly string[]
  /** Members of the metadata document for endpoints that the application adds. */
  readonly metadataMembers: Readonly<Record<string, unknown>>
  readonly trustedProxies: AddressSet
  readonly authorizeLimit: number
  readonly authorizeLimitExempt: AddressSet
  readonly clients: ClientIdentification
  readonly onError: ReportError
  readonly onPoll: (outcome: TokenReply['outcome']) => void
  readonly onCodeRefused: (
    limit: Refusal['outcome'],
    address: string | undefined,
    ctx: Context,
  ) => void
  readonly eventsOf: ((ctx: Context) => Events) | undefined
}

/** Responses to devices are never cached. */
const headers = { 'Cache-Control': 'no-store', Pragma: 'no-cache' }

/** The rows for devices. The same rows stand in `docs/http.md`. */
export const deviceRoutes = (options: DeviceRoutesOptions): readonly Route[] => {
  const { paths, publicUrl, metadataPaths, clients } = options
  const errors = catchDeviceErrors(options.onError)
  const limit = new AuthorizeLimit(options.authorizeLimit, options.authorizeLimitExempt)
  const audiences = [publicUrl, `${publicUrl}/oauth/device/token`]
  const identification = { identifyClient: clients.identify, clientEndpoint: { audiences } }
  const authorize = authorizeRoute({ ...options, ...identification, limit })
  const token = tokenRoute({ ...options, ...identification })
  const revoke = revokeRoute({
    ...options,
    ...identification,
    clientEndpoint: { audiences: [...audiences, `${publicUrl}/oauth/device/revoke`] },
  })
  const metadata = metadataRoute(options)
  return [
    { path: paths.token, cors: ANY_ORIGIN, headers, methods: { POST: [errors, token] } },
    { path: paths.authorize, cors: ANY_ORIGIN, headers, methods: { POST: [errors, authorize] } },
    { path: paths.revoke, cors: ANY_ORIGIN, headers, methods: { POST: [errors, revoke] } },
    { path: metadataPaths, cors: ANY_ORIGIN, methods: { GET: [metadata] } },
  ]
}
