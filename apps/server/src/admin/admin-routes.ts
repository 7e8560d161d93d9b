import { type OnError, type OperatorUseCases, StoreError } from '@device-grant/core'
import {
  createRouteTable,
  pathParameter,
  type RouteTable,
  routePathOf,
  sendJson,
} from '@device-grant/http-koa'
import type { Context, Middleware, ParameterizedContext } from 'koa'
import { foundKeyJson } from '../found-key-json.ts'
import { sendServiceError, sendUnavailable } from '../service-error.ts'
import { readListQuery, readOneMember } from './admin-request.ts'
import type { AdminTokens } from './admin-tokens.ts'
import { type AdminState, authenticateAdmin } from './authenticate-admin.ts'

/** What a request has done, for its log line. */
interface AdminAction {
  /** The name of the admin token. */
  readonly admin: string
  /** The method and the path, with `:id` for an id that has not the form of one. */
  readonly request: string
  readonly status: number
  /** The address that it came from. */
  readonly address: string | undefined
  readonly owner?: string | undefined
  readonly clientId?: string | undefined
  readonly keyId?: string | undefined
  readonly revoked?: number | undefined
  readonly erased?: number | undefined
}

/** The parts of the routes for operators. */
export interface AdminRoutesOptions {
  readonly operator: OperatorUseCases
  readonly tokens: AdminTokens
  readonly onError: OnError
  /** Receives what every request with a known token has done. */
  readonly onAction: (action: AdminAction) => void
  /** The address that a request came from. */
  readonly addressOf: (ctx: Context) => string | undefined
  /** Receives the address of every request with an unknown token. */
  readonly onRefused: (address: string | undefined) => void
}

type Details = Partial<Omit<AdminAction, 'admin' | 'request' | 'status' | 'address'>>

type AdminContext = ParameterizedContext<AdminState & { details: Details }>

/** The rows for operators. The same rows stand in `docs/http.md`. */
export const createAdminRoutes = (options: AdminRoutesOptions): RouteTable => {
  const { operator, tokens, addressOf, onRefused } = options
  const before = [
    catchErrors(options.onError),
    authenticateAdmin(tokens, (ctx) => onRefused(addressOf(ctx))) as Middleware,
    reportAction(options),
  ]
  const row = (
    path: string,
    methods: Readonly<Record<string, (ctx: AdminContext) => Promise<void>>>,
  ) => ({
    path,
    headers: { 'Cache-Control': 'no-store' },
    methods: Object.fromEntries(
      Object.entries(methods).map(([method, route]) => [method, [...before, route as Middleware]]),
    ),
  })
  return createRouteTable([
    row('/admin/keys', { GET: listKeys(operator) }),
    row('/admin/keys/:id', { GET: showKey(operator), DELETE: revokeKey(operator) }),
    row('/admin/revoke', { POST: revokeKeys(operator) }),
    row('/admin/erase', { POST: eraseKeys(operator) }),
  ])
}

const catchErrors =
  (onError: OnError): Middleware =>
  async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      onError(error, `${ctx.method} ${routePathOf(ctx)}`)
      if (error instanceof StoreError) {
        return sendUnavailable(
          ctx,
          'The store is down, and what was done may be incomplete: try again',
        )
      }
      sendServiceError(ctx, 500, 'server_error', 'The server failed')
    }
  }

/** Reports a request once it is answered, or has failed. */
const reportAction =
  ({ onAction, addressOf }: Pick<AdminRoutesOptions, 'onAction' | 'addressOf'>): Middleware =>
  async (ctx: Context, next) => {
    // A connection that ends meanwhile has no address any more.
    const address = addressOf(ctx)
    const report = (status: number): void => {
      const { admin, details } = ctx.state as AdminContext['state']
      const path = routePathOf(ctx)?.replace(':id', details.keyId ?? ':id')
      onAction({ admin, request: `${ctx.method} ${path}`, status, address, ...details })
    }
    ctx.state['details'] = {}
    try {
      await next()
    } catch (error) {
      report(error instanceof StoreError ? 503 : 500)
      throw error
    }
    report(ctx.status)
  }

const listKeys =
  ({ findApiKeys }: OperatorUseCases) =>
  async (ctx: AdminContext): Promise<void> => {
    const request = readListQuery(ctx)
    if (!request) return
    ctx.state.details = { owner: request.owner, clientId: request.clientId }
    const { keys, next } = await findApiKeys(request)
    sendJson(ctx, { keys: keys.map(foundKeyJson), next })
  }

const showKey =
  ({ findApiKeys }: OperatorUseCases) =>
  async (ctx: AdminContext): Promise<void> => {
    const keyId = keyIdIn(ctx)
    if (keyId === undefined) return sendNoSuchKey(ctx)
    ctx.state.details = { keyId }
    const [key] = (await findApiKeys({ keyId })).keys
    if (key) sendJson(ctx, foundKeyJson(key))
    else sendNoSuchKey(ctx)
  }

const revokeKey =
  ({ findApiKeys, revokeApiKeys }: OperatorUseCases) =>
  async (ctx: AdminContext): Promise<void> => {
    const keyId = keyIdIn(ctx)
    if (keyId === undefined) return sendNoSuchKey(ctx)
    ctx.state.details = { keyId }
    const [key] = (await findApiKeys({ keyId })).keys
    if (!key) return sendNoSuchKey(ctx)
    const revoked = await revokeApiKeys({ keyId, operator: ctx.state.admin })
    ctx.state.details = { keyId, owner: key.owner, revoked }
    ctx.status = 204
  }

/** The id in the path, or `undefined` if it cannot be one. It may be a whole key by mistake. */
const keyIdIn = (ctx: Context): string | undefined =>
  /^[0-9A-Za-z]{22}$/.exec(pathParameter(ctx, 'id'))?.[0]

const sendNoSuchKey = (ctx: Context): void =>
  sendServiceError(ctx, 404, 'not_found', 'There is no such key')

const revokeKeys =
  ({ revokeApiKeys }: OperatorUseCases) =>
  async (ctx: AdminContext): Promise<void> => {
    const member = await readOneMember(ctx, ['owner', 'client_id'])
    if (!member) return
    const { value } = member
    const which = member.name === 'owner' ? { owner: value } : { clientId: value }
    ctx.state.details = which
    const revoked = await revokeApiKeys({ ...which, operator: ctx.state.admin })
    ctx.state.details = { ...which, revoked }
    sendJson(ctx, { revoked })
  }

const eraseKeys =
  ({ eraseApiKeys }: OperatorUseCases) =>
  async (ctx: AdminContext): Promise<void> => {
    const owner = (await readOneMember(ctx, ['owner']))?.value
    if (owner === undefined) return
    ctx.state.details = { owner }
    const erased = await eraseApiKeys({ owner, operator: ctx.state.admin })
    ctx.state.details = { owner, erased }
    sendJson(ctx, { erased })
  }
