import type { Context, Middleware } from 'koa'
import { inOrder } from './in-order.ts'

/** Whether a request prefers HTML to JSON. */
export const wantsPage = (ctx: Context): boolean => ctx.accepts('json', 'html') === 'html'

/** Whether a request prefers JSON to HTML. */
const wantsJson = (ctx: Context): boolean => ctx.accepts('html', 'json') === 'json'

/** The middleware of a path that answers with a page or with JSON. */
export interface PageAndJson {
  readonly html: readonly Middleware[]
  readonly json: readonly Middleware[]
}

/** Runs `html` for requests that prefer HTML, and `json` for all others. */
export const pageOrJson = ({ html, json }: PageAndJson): Middleware => {
  const [page, data] = [inOrder(html), inOrder(json)]
  return (ctx, next) => (wantsPage(ctx) ? page : data)(ctx, next)
}

/** Runs `json` for requests that prefer JSON, and `html` for all others. */
export const pageUnlessJson = ({ html, json }: PageAndJson): Middleware => {
  const [page, data] = [inOrder(html), inOrder(json)]
  return (ctx, next) => (wantsJson(ctx) ? data : page)(ctx, next)
}
