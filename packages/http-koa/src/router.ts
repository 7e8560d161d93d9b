import type { Clock, Events, TokenReply, UseCases } from '@device-grant/core'
import type { Context, Middleware } from 'koa'
import type { ClientIdentification } from './device/identify-client.ts'
import { metadataPaths } from './device/metadata-paths.ts'
import { DEFAULT_SCOPES } from './device/metadata-route.ts'
import { PUBLIC_CLIENTS } from './device/public-clients.ts'
import { deviceRoutes } from './device/routes.ts'
import { createDescribeAddresses, type DescribeAddress } from './http/describe-addresses.ts'
import { sendOAuthError } from './http/oauth-error.ts'
import { pathOf } from './http/path-of.ts'
import { parsePublicUrl } from './http/public-url.ts'
import { emitError, type ReportError } from './http/report-error.ts'
import { createRouteTable, type RouteTable } from './http/route-table.ts'
import { parseVerificationUri } from './http/verification-uri.ts'
import { wantsPage } from './http/wants-page.ts'
import { createPages } from './pages/create-pages.tsx'
import type { Pages } from './pages/pages.ts'
import { pathsBelow } from './paths.ts'
import { createSignInHost } from './person/create-sign-in-host.ts'
import { Denials } from './person/denial.ts'
import { homePage } from './person/home-page.ts'
import { Notices } from './person/notices.ts'
import { PageLanguage } from './person/page-language.ts'
import { PageResponses } from './person/page-responses.ts'
import { personRoutes } from './person/routes.ts'
import { pageSteps } from './person/steps.ts'
import type { TrustedClients } from './person/trusted-clients.ts'
import { TypedByHand } from './person/typed-by-hand.ts'
import { WayBack } from './person/way-back.ts'
import { addressSet } from './security/client-address.ts'
import { Cookies } from './security/cookies.ts'
import { Csrf } from './security/csrf.ts'
import { reportUnlistedProxies } from './security/report-unlisted-proxies.ts'
import { createSignedCookies } from './security/signed-cookies.ts'
import { Signer } from './security/signer.ts'
import type { SignInFactory } from './sign-in/sign-in.ts'

/** The options of the router. */
export interface DeviceGrantRouterOptions {
  /** The use cases, for example of `createUseCases`. */
  readonly useCases: UseCases
  /**
   * The base of all URLs, for example `https://login.example.com/auth`. It is never taken from request
   * headers. Its path holds letters, digits and `-._~%` only.
   */
  readonly publicUrl: string
  /**
   * The URL that devices show to people, for example `https://example.com/device`: https, or http on
   * loopback, without user, query and fragment. People must get from there to the verification page with
   * the query unchanged, or to a front end of your own.
   * @default publicUrl + '/oauth/device/verify'
   */
  readonly verificationUri?: string | undefined
  /**
   * What the page shows for a link with a user code: the request (`open`) or an empty field (`empty`).
   * With `empty`, devices get no `verification_uri_complete` (RFC 8628 section 3.3.1). The safeguard
   * `codeEnding` makes people who open a link type the end of the code.
   * @default 'open'
   */
  readonly linkedCodes?: 'open' | 'empty' | undefined
  /** The sign-in method: `demoSignIn`, `oidcSignIn`, `forwardedSignIn` or your own. */
  readonly signIn: SignInFactory
  /**
   * The secret that signs cookies and forms: 32 characters or more, the same on every server. Several
   * secrets allow a rotation: the first one signs, and what the others have signed stays valid. A function
   * is called for every signature, so that a rotation needs no restart. It returns the same list until
   * the secrets change.
   */
  readonly sessionSecret:
    | string
    | readonly [string, ...string[]]
    | (() => readonly [string, ...string[]])
  /**
   * The path that the router is mounted at, for example `/auth`. It is `''` if a proxy strips the path of
   * `publicUrl`.
   * @default the path of `publicUrl`
   */
  readonly prefix?: string | undefined
  /**
   * Whether the router answers with its metadata (RFC 8414). An application that is an authorization
   * server itself turns it off.
   * @default true
   */
  readonly metadata?: boolean | undefined
  /**
   * The scopes that the metadata name at present. An empty list counts as the default.
   * @default () => ['api']
   */
  readonly scopesSupported?: (() => readonly string[]) | undefined
  /**
   * Further members of the metadata, for endpoints that the application adds, such as those of
   * `introspection`.
   * @default {}
   */
  readonly metadataMembers?: Readonly<Record<string, unknown>> | undefined
  /**
   * The pages that people see.
   * @default createPages()
   */
  readonly pages?: Pages | undefined
  /**
   * How clients authenticate, for example `authenticateClients`. Use cases with a registry of clients
   * need it.
   * @default every client is public
   */
  readonly clients?: ClientIdentification | undefined
  /**
   * Your names for clients, by client id. Pages show them instead of the ids. They prove nothing, because
   * any program can send a client id.
   * @default {}
   */
  readonly trustedClients?: TrustedClients | undefined
  /**
   * Whom people ask who may not connect devices: an e-mail address, an https URL, or a short text. The
   * page that refuses them shows it, the first two as a link.
   * @default the page names no contact
   */
  readonly contact?: string | undefined
  /**
   * Describes an IP address, for example by a database of places. Pages show what it says beside the
   * address. A page waits for 300 ms at most, and errors go to `onError`.
   * @default addresses are shown alone
   */
  readonly describeAddress?: DescribeAddress | undefined
  /**
   * Addresses and CIDR ranges of reverse proxies whose `X-Forwarded-For` is trusted.
   * @default []
   */
  readonly trustedProxies?: readonly string[] | undefined
  /**
   * Receives the address of a peer whose `X-Forwarded-For` or `Forwarded` was ignored, because
   * `trustedProxies` does not list it: once for each address, and for 100 addresses at most.
   * @default such peers are not reported
   */
  readonly onUnlistedProxy?: ((address: string) => void) | undefined
  /**
   * Origins, such as `https://app.example.com`, whose pages may call `verify-authenticated` and `keys`.
   * @default []
   */
  readonly frontEndOrigins?: readonly string[] | undefined
  /**
   * Requests for device codes per minute and address: 1 or more, or 0 for no limit. An IPv6 address counts
   * as its /64, and its /48 may have 5 times as many. Requests of web pages count apart. All codes
   * together may be 100 times as many.
   * @default 60
   */
  readonly authorizeLimit?: number | undefined
  /**
   * Addresses and CIDR ranges without `authorizeLimit`, for example of an office behind one address. The
   * limit of all codes together still holds.
   * @default []
   */
  readonly authorizeLimitExempt?: readonly string[] | undefined
  /**
   * Receives every refusal of `authorizeLimit`, for counting: the limit, and the address and the context
   * of the request.
   * @default refusals are not reported
   */
  readonly onCodeRefused?:
    | ((limit: 'address_limit' | 'total_limit', address: string | undefined, ctx: Context) => void)
    | undefined
  /**
   * The clock, in epoch milliseconds.
   * @default { now: Date.now }
   */
  readonly clock?: Clock | undefined
  /**
   * Receives every error that was answered with an error response, the operation that failed, and the
   * context of the request.
   * @default errors are emitted at the application: `ctx.app.emit('error', error, ctx)`
   */
  readonly onError?: ReportError | undefined
  /**
   * Receives the outcome of every poll, for counting.
   * @default outcomes are ignored
   */
  readonly onPoll?: ((outcome: TokenReply['outcome']) => void) | undefined
  /**
   * The listener of the events of one poll, or of one request for a code, for example to log them with
   * their request.
   * @default the listener of the use cases
   */
  readonly eventsOf?: ((ctx: Context) => Events) | undefined
  /**
   * What the operator finds an error by in the log, such as the id of its request. Pages with status 500
   * and above show it.
   * @default such pages show no reference
   */
  readonly errorReferenceOf?: ((ctx: Context) => string | undefined) | undefined
}

/** The endpoints and pages of the device grant, for a Koa application. */
export interface DeviceGrantRouter {
  /** Every path with its methods, in the order of `docs/http.md`. */
  readonly table: RouteTable
  /**
   * The middleware, for `app.use`. Use it before any body parser. Requests for other paths go to the
   * next middleware, except below `/oauth/device`, where they get status 404.
   */
  routes(): Middleware
  /** Sends status 404: a page to browsers, else JSON. An application may end with it. */
  notFound(ctx: Context): void
  /**
   * Sends the front page, which says what the service is for. Use it at an address of your own, such as
   * `/`. People need not be signed in.
   */
  home(ctx: Context): Promise<void>
}

/**
 * Makes the router with all endpoints and pages of the device grant.
 * @throws {TypeError} if `publicUrl`, `verificationUri` or `prefix` is malformed, or `sessionSecret` is too short or
 * an empty list
 * @throws {RangeError} if an entry of `trustedProxies` is not an address or CIDR range
 */
export const createDeviceGrantRouter = (options: DeviceGrantRouterOptions): DeviceGrantRouter => {
  const {
    useCases,
    signIn: createSignIn,
    sessionSecret,
    metadata = true,
    scopesSupported = () => DEFAULT_SCOPES,
    metadataMembers = {},
    pages = createPages(),
    clients = PUBLIC_CLIENTS,
    trustedClients = {},
    linkedCodes = 'open',
    contact,
    describeAddress,
    frontEndOrigins = [],
    authorizeLimit = 60,
    clock = { now: Date.now },
    onPoll = () => {},
    onCodeRefused = () => {},
    onUnlistedProxy = () => {},
    eventsOf,
    errorReferenceOf = () => undefined,
  } = options
  const secretsNow = secretsOf(sessionSecret)
  const secrets = secretsNow()
  if (secrets.length === 0 || !secrets.every(({ length }) => length >= 32)) {
    throw new TypeError('sessionSecret needs 32 characters at least')
  }
  const publicUrl = readUrl('publicUrl', options.publicUrl, parsePublicUrl)
  const verificationUri =
    options.verificationUri === undefined
      ? `${publicUrl}/oauth/device/verify`
      : readUrl('verificationUri', options.verificationUri, parseVerificationUri)
  const trustedProxies = addressSet(options.trustedProxies ?? [])
  const { origin, pathname } = new URL(publicUrl)
  const publicPrefix = pathname === '/' ? '' : pathname
  const { prefix = publicPrefix } = options
  if (!/^(\/[\w.~%-]+)*$/.test(prefix)) throw new TypeError('prefix must be like /auth')
  const paths = pathsBelow(prefix)
  const links = pathsBelow(publicPrefix)
  const signer = new Signer(secretsNow)
  const cookies = new Cookies(publicUrl)
  const csrf = new Csrf({ signer, origins: new Set([origin, ...frontEndOrigins]) })
  const language = new PageLanguage({ locales: pages.locales, cookies })
  const typedByHand = new TypedByHand({ csrf, linkedCodes })
  const responses = new PageResponses({
    typedByHand,
    pages,
    paths,
    links,
    language,
    csrf,
    clock,
    contact,
    errorReferenceOf,
  })
  const onError: ReportError = options.onError ?? emitError
  const common = { useCases, publicUrl, paths, links, clock, trustedProxies, onError }
  const signedCookies = createSignedCookies({ signer, clock, cookies })
  const signIn = createSignIn(
    createSignInHost({ ...common, signer, cookies, signedCookies, csrf, language, responses }),
  )
  const wayBack = new WayBack(signedCookies)
  const steps = pageSteps({ ...common, signIn, csrf, responses, language, wayBack })
  const home = homePage({ page: steps.page, signIn, responses })
  const table = createRouteTable([
    ...deviceRoutes({
      ...common,
      verificationUri,
      sendsCompleteUri: linkedCodes !== 'empty',
      metadataPaths: metadata ? metadataPaths(publicPrefix, prefix) : [],
      locales: pages.locales,
      scopesSupported,
      metadataMembers,
      authorizeLimit,
      authorizeLimitExempt: addressSet(options.authorizeLimitExempt ?? []),
      clients,
      onPoll,
      onCodeRefused,
      eventsOf,
    }),
    ...personRoutes({
      ...common,
      signIn,
      responses,
      language,
      wayBack,
      typedByHand,
      notices: new Notices(signedCookies),
      denials: new Denials({ signer, clock, links }),
      describeAddresses: createDescribeAddresses(describeAddress, onError),
      assets: pages.assets,
      csrf,
      frontEndOrigins,
      trustedClients,
    }),
  ])

  const notFound = (ctx: Context): void => {
    if (wantsPage(ctx)) return responses.showMessage(ctx, 404, { kind: 'not_found' })
    ctx.vary('Accept')
    sendOAuthError(ctx, 404, 'not_found', 'There is nothing here')
  }
  const { base } = paths
  const isOwnPath = (path: string): boolean => path === base || path.startsWith(`${base}/`)
  const lookForProxy = reportUnlistedProxies(trustedProxies, onUnlistedProxy)
  return {
    table,
    routes: () => {
      const routes = table.routes()
      return (ctx, next) => {
        const path = pathOf(ctx)
        if (path === undefined) {
          return sendOAuthError(
            ctx,
            400,
            'invalid_request',
            'The request target is not a URL with a path',
          )
        }
        // Polls are most of the requests, and come through the same proxies as the others.
        if (path !== paths.token && isOwnPath(path)) lookForProxy(ctx.req)
        return routes(ctx, async () => {
          if (isOwnPath(path)) notFound(ctx)
          else await next()
        })
      }
    },
    notFound,
    home: async (ctx) => home(ctx, async () => {}),
  }
}

const secretsOf = (
  option: DeviceGrantRouterOptions['sessionSecret'],
): (() => readonly [string, ...string[]]) => {
  if (typeof option === 'function') return option
  const secrets = typeof option === 'string' ? ([option] as const) : option
  return () => secrets
}

/** Parses an option, and names it in the error. */
const readUrl = (name: string, text: string, parse: (text: string) => string): string => {
  try {
    return parse(text)
  } catch (error) {
    throw new TypeError(`${name} ${(error as Error).message}`)
  }
}
