import { pathParameter, type Route, sendJson } from '@device-grant/http-koa'
import type { Context, Middleware } from 'koa'

const showReport = (ctx: Context): void => {
  sendJson(ctx, { report: pathParameter(ctx, 'id'), owner: ctx.state['apiKey'].owner })
}

/** The rows of an API behind API keys. */
export const reportRoutes = (withKey: Middleware): readonly Route[] => [
  { path: '/api/reports/:id', methods: { GET: [withKey, showReport] } },
]
