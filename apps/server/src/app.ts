import type { AuthenticateApiKey, Clock, OnError } from '@device-grant/core'
import {
  checkForProxies,
  createRouteTable,
  type DeviceGrantRouter,
  protectedResource,
  type Route,
  type RouteTable,
  requireApiKey,
} from '@device-grant/http-koa'
import Koa, { type Context } from 'koa'
import { healthz, type ProbedStore, readyz, status } from './health.ts'
import { stripPath } from './strip-path.ts'
import { whoami } from './whoami.ts'

export interface AppOptions {
  readonly deviceGrant: DeviceGrantRouter
  readonly authenticateApiKey: AuthenticateApiKey
  /**
   * Rows of modules, which stand before the device grant.
   * @default []
   */
  readonly moreRows?: readonly Route[] | undefined
  readonly publicUrl: string
  /**
   * The routes of modules, which stand behind all others.
   * @default []
   */
  readonly tables?: readonly RouteTable[] | undefined
  readonly stores: readonly ProbedStore[]
  readonly clock: Clock
  readonly isStopping: () => boolean
  readonly onError: OnError
}

/** Creates the Koa application: the device grant, and the routes that only this server has. */
export const createApp = ({
  deviceGrant,
  onError,
  moreRows = [],
  tables = [],
  ...options
}: AppOptions): Koa => {
  const app = new Koa()
  app.on('error', (error: unknown, ctx?: Context) => {
    if (!isDisconnect(error, ctx)) onError(error, 'request')
  })
  const routes = [
    checkForProxies(options.authenticateApiKey, { onError }),
    createRouteTable(moreRows).routes(),
    deviceGrant.routes(),
    createRouteTable(serverRoutes({ deviceGrant, onError, ...options })).routes(),
    ...tables.map((table) => table.routes()),
  ]
  for (const middleware of routes) app.use(middleware)
  const { pathname } = new URL(options.publicUrl)
  if (pathname !== '/') {
    // Some proxies strip the path of the public URL, and some keep it.
    app.use(stripPath(pathname))
    for (const middleware of routes) app.use(middleware)
  }
  app.use((ctx) => deviceGrant.notFound(ctx))
  return app
}

const serverRoutes = ({
  deviceGrant,
  authenticateApiKey,
  publicUrl,
  stores,
  clock,
  isStopping,
  onError,
}: Omit<AppOptions, 'moreRows' | 'tables'>): readonly Route[] => {
  const resource = `${publicUrl}/api`
  const withApiKey = requireApiKey(authenticateApiKey, { resource, onError })
  return [
    { path: '/', methods: { GET: [(ctx) => deviceGrant.home(ctx)] } },
    { path: '/healthz', methods: { GET: [healthz] } },
    { path: '/readyz', methods: { GET: [readyz(isStopping)] } },
    { path: '/status', methods: { GET: [status(stores, clock)] } },
    { path: '/api/whoami', methods: { GET: [withApiKey, whoami] } },
    protectedResource({ resource, authorizationServers: [publicUrl] }),
  ]
}

const DISCONNECTS = ['ECONNRESET', 'ECONNABORTED', 'EPIPE']

/** Whether the client closed the connection early, which is not an error of the server. */
const isDisconnect = (error: unknown, ctx: Context | undefined): boolean =>
  ctx?.req.complete === false || DISCONNECTS.includes((error as NodeJS.ErrnoException).code ?? '')
