import type { Context } from 'koa'

/** The path of a request, or `undefined` if its target is no URL. Koa throws at such a target. */
export const pathOf = (ctx: Context): string | undefined => {
  try {
    return ctx.path
  } catch {
    return undefined
  }
}
