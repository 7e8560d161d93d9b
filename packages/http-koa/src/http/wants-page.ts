import type { Context, Middleware } from 'koa'
import { inOrder } from './in-order.ts'

/** Whether a request prefers HTML to JSON. */
export const wantsPage = (ctx: Context): boolean => ctx.accepts('json', 'html') === 'html'

/** Runs `html` for requests that prefer HTML, and `json` for all others. */
export const pageOrJson = ({
  html,
  json,
}: {
  readonly html: readonly Middleware[]
  readonly json: readonly Middleware[]
}): Middleware => {
  const [page, data] = [inOrder(html), inOrder(json)]
  return (ctx, next) => (wantsPage(ctx) ? page : data)(ctx, next)
}
