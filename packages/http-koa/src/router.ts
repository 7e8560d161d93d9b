import { createHash } from 'node:crypto'
import {
  type Clock,
  type OnError,
  StoreError,
  type TokenReply,
  type UseCases,
} from '@device-grant/core'
import Router, { type RouterContext } from '@koa/router'
import type { Context, Middleware, Next } from 'koa'
import { AuthorizeLimit } from './device/authorize-limit.ts'
import { authorizeRoute } from './device/authorize-route.ts'
import { metadataPaths, metadataRoute } from './device/metadata-route.ts'
import { tokenRoute } from './device/token-route.ts'
import { notAllowed, sendOAuthError, setDeviceHeaders } from './http/oauth-error.ts'
import { parsedBody } from './http/parsed-body.ts'
import { sendProblem } from './http/problem.ts'
import { parsePublicUrl } from './http/public-url.ts'
import { createPages } from './pages/create-pages.tsx'
import type { Pages } from './pages/pages.ts'
import { type Paths, pathsBelow } from './paths.ts'
import { deleteKey, listKeys, revokeForm, wantsPage } from './person/keys-routes.ts'
import { Site } from './person/site.ts'
import type { TrustedClients } from './person/trusted-clients.ts'
import { verifyAuthenticated } from './person/verify-authenticated.ts'
import { signedIn, verifyForm, verifyPage, wayBack } from './person/verify-page.ts'
import { addressSet } from './security/client-address.ts'
import { Signer } from './security/signer.ts'
import type { SignInFactory } from './sign-in/sign-in.ts'

export interface DeviceGrantRouterOptions {
  readonly useCases: UseCases
  /**
   * The base of every URL handed out, for example `https://login.example.com/auth`. Never taken from
   * request headers.
   */
  readonly publicUrl: string
  /** How people sign in. */
  readonly signIn: SignInFactory
  /** Signs cookies and forms: at least 32 characters, the same on every server. */
  readonly sessionSecret: string
  /** Where the router is mounted, for example `/auth`. Default: the root. */
  readonly prefix?: string | undefined
  /** What people see. Default: `createPages()`. */
  readonly pages?: Pages | undefined
  /** Names of clients that you vouch for, by client id; any other is shown as unverified. */
  readonly trustedClients?: TrustedClients | undefined
  /** Addresses (CIDR) whose `X-Forwarded-For` is believed. Default: none. */
  readonly trustedProxies?: readonly string[] | undefined
  /** Origins whose pages may call `verify-authenticated` and `keys`. Default: none. */
  readonly frontEndOrigins?: readonly string[] | undefined
  /** New codes a minute for one address; 0: no limit. Default 60. */
  readonly authorizeLimit?: number | undefined
  readonly clock?: Clock | undefined
  /** Hears of every fault that was answered with a refusal. */
  readonly onError?: OnError | undefined
  /** Hears the outcome of every poll. */
  readonly onPoll?: ((outcome: TokenReply['outcome']) => void) | undefined
}

/** The endpoints and pages of the device grant, to be used in a Koa application. */
export interface DeviceGrantRouter {
  /**
   * The middleware, for `app.use`; a `prefix` mounts it elsewhere than at the root. It comes before any body
   * parser, and answers no requests that are not its own.
   */
  routes(): Middleware
  /**
   * Answers that there is nothing here: a page to a browser, else JSON. Below its own paths the router does so by
   * itself; an application of one's own may end with it.
   */
  notFound(ctx: Context): void
  /** Resolves when all that goes on behind answers that have left is done: before stores are closed. */
  settled(): Promise<void>
}

/**
 * All endpoints and pages of the device grant, as a router for any Koa application.
 * @throws {TypeError} when `publicUrl` or `prefix` cannot be one, or `sessionSecret` too short
 * @throws {RangeError} when an entry of `trustedProxies` is no address
 */
export const createDeviceGrantRouter = (options: DeviceGrantRouterOptions): DeviceGrantRouter => {
  const {
    useCases,
    signIn: makeSignIn,
    sessionSecret,
    prefix = '',
    pages = createPages(),
    trustedClients = {},
    trustedProxies = [],
    frontEndOrigins = [],
    authorizeLimit = 60,
    clock = { now: Date.now },
    onError = () => {},
    onPoll = () => {},
  } = options
  if (!/^(\/[\w.~-]+)*$/.test(prefix)) throw new TypeError('prefix must be like /auth')
  if (sessionSecret.length < 32) throw new TypeError('sessionSecret needs 32 characters at least')
  const publicUrl = readPublicUrl(options.publicUrl)
  const signer = new Signer(sessionSecret)
  const trusted = addressSet(trustedProxies)
  const site = new Site({
    publicUrl,
    signer,
    clock,
    pages,
    trustedProxies: trusted,
    frontEndOrigins,
  })
  const signIn = makeSignIn(site)
  const paths = pathsBelow(prefix)
  // A router looks at all of its routes, every time: devices poll, so theirs are few and come first.
  const devices = new Router(EXACTLY)
  const people = new Router(EXACTLY)
  const deliveries = new Set<Promise<void>>()

  const forDevice = forDevices(onError)
  const verificationUri = `${publicUrl}/oauth/device/verify`
  const authorize = authorizeRoute({
    useCases,
    clock,
    limit: new AuthorizeLimit(authorizeLimit),
    trustedProxies: trusted,
    verificationUri,
    onError,
  })
  forDevice(devices, paths.token, tokenRoute({ useCases, onError, onPoll, deliveries }))
  forDevice(devices, paths.authorize, authorize)

  const metadata = metadataRoute({ publicUrl, locales: pages.locales })
  for (const path of metadataPaths(publicUrl, prefix)) {
    people.get(path, metadata)
    people.all(path, notAllowed('GET, HEAD'))
  }

  const guard = guardPeople(site, paths, onError)
  const pageBody = parsedBody((ctx) =>
    site.showMessage(ctx, 400, { kind: 'bad_request', retry: wayBack(ctx, site, paths) }),
  )
  const onlyBy = (methods: string) => (ctx: Context) => {
    if (!wantsPage(ctx)) return notAllowed(methods)(ctx)
    ctx.set('Allow', methods)
    site.showMessage(ctx, 405, { kind: 'not_allowed' })
  }
  const notFound = (ctx: Context): void => {
    if (wantsPage(ctx)) return site.showMessage(ctx, 404, { kind: 'not_found' })
    ctx.vary('Accept')
    sendOAuthError(ctx, 404, 'not_found', 'There is nothing here')
  }
  const verify = { site, signIn, useCases, trustedClients, onError }
  people.get(paths.verify, guard, verifyPage(verify))
  people.post(paths.verify, guard, pageBody, verifyForm(verify))
  people.all(paths.verify, onlyBy('GET, HEAD, POST'))

  const forFrontEnd =
    (methods: string): Middleware =>
    async (ctx, next) => {
      site.allowFrontEnd(ctx, methods)
      if (ctx.method === 'OPTIONS') ctx.status = 204
      else await next()
    }
  const apiGuard = guardFrontEnd(onError)
  const apiBody = parsedBody((ctx) =>
    sendProblem(ctx, 400, 'The body must be a form or JSON, of 16 KiB at most'),
  )
  people.all(paths.verifyAuthenticated, forFrontEnd('POST'))
  people.post(
    paths.verifyAuthenticated,
    apiGuard,
    apiBody,
    verifyAuthenticated({ site, signIn, useCases, onError }),
  )
  people.all(paths.verifyAuthenticated, onlyBy('POST, OPTIONS'))

  const keys = { site, signIn, useCases, trustedClients, onError }
  const idOf = (ctx: Context): string => String((ctx['params'] as Record<string, unknown>)['id'])
  const revoke = revokeForm(keys)
  const remove = deleteKey(keys)
  people.all(paths.keys, forFrontEnd('GET'))
  people.get(
    paths.keys,
    async (ctx, next) => (wantsPage(ctx) ? guard : apiGuard)(ctx, next),
    listKeys(keys),
  )
  people.all(paths.keys, onlyBy('GET, HEAD, OPTIONS'))
  people.post(paths.revokeAll, guard, pageBody, (ctx) => revoke(ctx, undefined))
  people.all(paths.revokeAll, onlyBy('POST'))
  const oneKey = `${paths.keys}/:id`
  people.all(oneKey, forFrontEnd('DELETE'))
  people.delete(oneKey, apiGuard, (ctx) => remove(ctx, idOf(ctx)))
  people.all(oneKey, onlyBy('DELETE, OPTIONS'))
  people.post(`${oneKey}/revoke`, guard, pageBody, (ctx) => revoke(ctx, idOf(ctx)))
  people.all(`${oneKey}/revoke`, onlyBy('POST'))

  people.get(paths.signIn, guard, (ctx) => handleSignIn(ctx, ''))
  people.post(paths.signIn, guard, pageBody, (ctx) => handleSignIn(ctx, ''))
  people.get(`${paths.signIn}/:rest`, guard, (ctx) =>
    handleSignIn(ctx, String((ctx['params'] as Record<string, unknown>)['rest'])),
  )
  people.all([paths.signIn, `${paths.signIn}/:rest`], onlyBy('GET, HEAD, POST'))
  const handleSignIn = async (ctx: Context, rest: string): Promise<void> => {
    if (signIn.handle) await signIn.handle(ctx, rest)
    else site.showMessage(ctx, 404, { kind: 'not_found' })
  }
  people.post(paths.signOut, guard, pageBody, async (ctx) => {
    const person = await signIn.person(ctx)
    if (!person || !signIn.signOut) return site.showMessage(ctx, 200, { kind: 'signed_out' })
    if (!site.isOwnForm(ctx, person)) {
      return site.showMessage(ctx, 403, { kind: 'form_refused' }, signedIn(person, signIn))
    }
    const onward = await signIn.signOut(ctx)
    if (onward === undefined) return site.showMessage(ctx, 200, { kind: 'signed_out' })
    site.showSigningOut(ctx, onward)
  })
  people.all(paths.signOut, onlyBy('POST'))

  people.get(`${paths.assets}/:name`, (ctx) => {
    const asset = pages.assets.get(String((ctx['params'] as Record<string, unknown>)['name']))
    if (!asset) return site.showMessage(ctx, 404, { kind: 'not_found' })
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.set('Cache-Control', 'public, max-age=3600')
    ctx.set('ETag', `"${createHash('sha256').update(asset.body).digest('base64url').slice(0, 22)}"`)
    ctx.type = asset.type
    ctx.body = asset.body
    if (ctx.fresh) ctx.status = 304
  })
  people.all(`${paths.assets}/:name`, onlyBy('GET, HEAD'))
  return {
    routes: () => {
      const first = devices.routes()
      const then = people.routes()
      const { base } = paths
      const last = async (ctx: Context, next: Next): Promise<void> => {
        if (ctx.path === base || ctx.path.startsWith(`${base}/`)) notFound(ctx)
        else await next()
      }
      return (ctx, next) =>
        hasPath(ctx)
          ? first(ctx as RouterContext, () => then(ctx as RouterContext, () => last(ctx, next)))
          : sendOAuthError(ctx, 400, 'invalid_request', 'The request target is no URL')
    },
    notFound,
    settled: async () => {
      await Promise.all(deliveries)
    },
  }
}

/** A proxy in front may guard paths letter by letter, so another spelling is another path. */
const EXACTLY = { sensitive: true, strict: true }

const readPublicUrl = (given: string): string => {
  try {
    return parsePublicUrl(given)
  } catch (error) {
    throw new TypeError(`publicUrl ${(error as Error).message}`)
  }
}

/** A request may name any target, and Koa throws at one that it cannot read. */
const hasPath = (ctx: Context): boolean => {
  try {
    return ctx.path !== undefined
  } catch {
    return false
  }
}

/** A route that devices post to: CORS for everybody, only POST, and JSON whatever happens. */
const forDevices =
  (onError: OnError) =>
  (router: Router, path: string, route: (ctx: Context) => Promise<void>): void => {
    router.post(path, async (ctx: Context) => {
      try {
        await route(ctx)
      } catch (error) {
        if (ctx.req.aborted || ctx.req.socket.destroyed) return
        onError(error, path)
        sendOAuthError(ctx, 500, 'server_error', 'The server failed')
      }
    })
    router.all(path, (ctx: Context) => {
      setDeviceHeaders(ctx)
      if (ctx.method !== 'OPTIONS') return notAllowed('POST, OPTIONS')(ctx)
      ctx.set('Access-Control-Allow-Methods', 'POST')
      ctx.set('Access-Control-Allow-Headers', 'Content-Type, Authorization')
      ctx.set('Access-Control-Max-Age', '86400')
      ctx.status = 204
    })
  }

/** Keeps the language asked for, and turns whatever fails behind a page into a page. */
const guardPeople =
  (site: Site, paths: Paths, onError: OnError): Middleware =>
  async (ctx: Context, next: Next): Promise<void> => {
    site.keepLocale(ctx)
    try {
      await next()
    } catch (error) {
      onError(error, ctx.path)
      const down = error instanceof StoreError
      if (down) ctx.set('Retry-After', '5')
      const kind = down ? 'unavailable' : 'fault'
      site.showMessage(ctx, down ? 503 : 500, { kind, retry: wayBack(ctx, site, paths) })
    }
  }

/** Turns whatever fails behind a front end's request into a problem document. */
const guardFrontEnd =
  (onError: OnError): Middleware =>
  async (ctx: Context, next: Next): Promise<void> => {
    ctx.set('Cache-Control', 'no-store')
    try {
      await next()
    } catch (error) {
      onError(error, ctx.path)
      if (!(error instanceof StoreError)) return sendProblem(ctx, 500, 'The server failed.')
      ctx.set('Retry-After', '5')
      sendProblem(ctx, 503, 'The service is unavailable for now: try again.')
    }
  }
