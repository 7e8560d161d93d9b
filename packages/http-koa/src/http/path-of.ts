import type { Context } from 'koa'

/**
 * The path of a request, or `undefined` if its target has none. Koa throws at a target that is no URL,
 * and returns `null` for one without a path, such as `http://`.
 */
export const pathOf = (ctx: Context): string | undefined => {
  try {
    return ctx.path ?? undefined
  } catch {
    return undefined
  }
}
