import type { Context } from 'koa'

/** Redirects with status 303: the browser follows with a GET, and sends no `Referer`. */
export const redirect = (ctx: Context, location: string): void => {
  ctx.status = 303
  ctx.set('Location', location)
  ctx.set('Cache-Control', 'no-store')
  ctx.set('Referrer-Policy', 'no-referrer')
  ctx.body = ''
  ctx.remove('Content-Type')
}
