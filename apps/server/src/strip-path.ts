import type { Middleware } from 'koa'

/**
 * Removes a path such as `/auth` from the beginning of the request's path. Requests for other paths are
 * passed on as they are.
 */
export const stripPath =
  (path: string): Middleware =>
  (ctx, next) => {
    const [beginning] = ctx.url.split('?', 1)
    if (beginning === path || ctx.url.startsWith(`${path}/`)) {
      ctx.url = ctx.url.slice(path.length).replace(/^(?!\/)/, '/')
    }
    return next()
  }
