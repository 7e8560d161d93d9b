import type { Context, Middleware } from 'koa'
import { type CorsPolicy, setCorsHeaders } from './cors.ts'
import { inOrder } from './in-order.ts'
import { sendOAuthError } from './oauth-error.ts'
import { pathOf } from './path-of.ts'
import { setHeader } from './set-header.ts'

/** The methods of a row. HEAD follows from `GET`, and OPTIONS from `cors`. */
export type RouteMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** One row of a route table: a path, and the middleware of every method. */
export interface Route {
  /**
   * One path, or several that answer alike. They match exactly: case, percent-encoding and a trailing
   * slash count, because a proxy may protect paths by name. A segment `:name` matches any one segment.
   */
  readonly path: string | readonly string[]
  /** The middleware of each method, in the order they run. The last one sends the response. */
  readonly methods: { readonly [method in RouteMethod]?: readonly Middleware[] }
  /**
   * Which other origins may call the methods from a browser. OPTIONS then answers preflight requests.
   * @default only pages of the same origin
   */
  readonly cors?: CorsPolicy | undefined
  /**
   * Headers of every response, those to OPTIONS and to other methods included.
   * @default {}
   */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /**
   * Sends the response to any other method. The `Allow` header is already set.
   * @default sendMethodNotAllowed
   */
  readonly methodNotAllowed?: ((ctx: Context, allow: string) => void) | undefined
}

/** The rows of a table, and the middleware that follows them. */
export interface RouteTable {
  /** The rows, in the order given. */
  readonly rows: readonly Route[]
  /** The middleware, for `app.use`. Requests for other paths go to the next middleware. */
  routes(): Middleware
}

/** The methods that a row answers, in the order of its `Allow` header (RFC 9110 section 10.2.1). */
export const allowedMethods = ({ methods, cors }: Route): readonly string[] => [
  ...Object.keys(methods).flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])),
  ...(cors ? ['OPTIONS'] : []),
]

/** Sends status 405 as JSON. */
export const sendMethodNotAllowed = (ctx: Context, allow: string): void =>
  sendOAuthError(ctx, 405, 'invalid_request', `The method must be one of ${allow}`)

/**
 * Makes a table of rows. `Allow` and `Access-Control-Allow-Methods` follow from them. An exact path
 * wins over a path with `:name`; of two such paths, the first one wins.
 * @throws {TypeError} if two rows have the same path
 */
export const createRouteTable = (rows: readonly Route[]): RouteTable => {
  const exact = new Map<string, CompiledRoute>()
  const patterns = new Map<string, CompiledRoute>()
  for (const row of rows) {
    const route = compile(row)
    for (const path of [row.path].flat()) {
      const routes = path.includes('/:') ? patterns : exact
      if (routes.has(path)) throw new TypeError(`Two rows have the path ${path}`)
      routes.set(path, route)
    }
  }
  const find = findIn(exact, patterns)
  return {
    rows,
    routes: () => (ctx, next) => {
      const path = pathOf(ctx)
      const found = path === undefined ? undefined : find(path)
      if (!found) return next()
      ctx['params'] = found.parameters
      ctx['routePath'] = found.path
      return respond(ctx, found.route)
    },
  }
}

/**
 * The value of a `:name` segment of the path, percent-decoded if it can be.
 * @throws {Error} if the path of the row has no such segment
 */
export const pathParameter = (ctx: Context, name: string): string => {
  const value = (ctx['params'] as PathParameters)[name]
  if (value === undefined) throw new Error(`The path of this row has no segment :${name}`)
  return value
}

/**
 * The path of the row that answers a request, such as `/oauth/device/keys/:id`. It is `undefined` before
 * a row is found, and if there is none.
 */
export const routePathOf = (ctx: Context): string | undefined =>
  ctx['routePath'] as string | undefined

type PathParameters = Readonly<Record<string, string>>

interface CompiledRoute {
  /** The middleware by method, in one function. */
  readonly handlers: ReadonlyMap<string, Middleware>
  readonly allow: string
  readonly corsMethods: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly cors: CorsPolicy | undefined
  readonly methodNotAllowed: (ctx: Context, allow: string) => void
}

interface FoundRoute {
  readonly route: CompiledRoute
  /** The path of its row. */
  readonly path: string
  readonly parameters: PathParameters
}

const compile = (row: Route): CompiledRoute => {
  const handlers = new Map<string, Middleware>()
  for (const [method, middleware] of Object.entries(row.methods)) {
    const handler = inOrder(middleware)
    handlers.set(method, handler)
    if (method === 'GET') handlers.set('HEAD', handler)
  }
  return {
    handlers,
    allow: allowedMethods(row).join(', '),
    corsMethods: Object.keys(row.methods).join(', '),
    headers: Object.entries(row.headers ?? {}),
    cors: row.cors,
    methodNotAllowed: row.methodNotAllowed ?? sendMethodNotAllowed,
  }
}

const findIn =
  (exact: ReadonlyMap<string, CompiledRoute>, patterns: ReadonlyMap<string, CompiledRoute>) =>
  (path: string): FoundRoute | undefined => {
    const route = exact.get(path)
    if (route) return { route, path, parameters: {} }
    for (const [pattern, candidate] of patterns) {
      const parameters = match(pattern.split('/'), path.split('/'))
      if (parameters) return { route: candidate, path: pattern, parameters }
    }
    return undefined
  }

const match = (pattern: readonly string[], path: readonly string[]): PathParameters | undefined => {
  if (pattern.length !== path.length) return undefined
  const parameters: Record<string, string> = {}
  for (const [i, expected] of pattern.entries()) {
    const segment = path[i] ?? ''
    if (expected.startsWith(':') && segment !== '') parameters[expected.slice(1)] = decode(segment)
    else if (segment !== expected) return undefined
  }
  return parameters
}

const decode = (segment: string): string => {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}

const respond = (ctx: Context, route: CompiledRoute): unknown => {
  for (const [name, value] of route.headers) setHeader(ctx, name, value)
  if (route.cors) setCorsHeaders(ctx, route.cors, route.corsMethods)
  const handler = route.handlers.get(ctx.method)
  if (handler) return handler(ctx, async () => {})
  if (route.cors && ctx.method === 'OPTIONS') {
    ctx.status = 204
    return undefined
  }
  ctx.set('Allow', route.allow)
  return route.methodNotAllowed(ctx, route.allow)
}
