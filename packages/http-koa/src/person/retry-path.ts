import type { Context } from 'koa'
import { returnPath } from '../http/return-path.ts'
import { sentField } from '../http/sent-field.ts'
import type { Paths } from '../paths.ts'
import { requestPath } from './typed-code.ts'

/** The path that a request is tried again at. */
export type RetryPath = (ctx: Context) => string

/**
 * Makes the function that finds where "Try again" leads: to the same code, to the connected devices, or
 * to where a sign-in was to return.
 * @param options.paths the paths as the router sees them
 * @param options.links the paths as a browser sees them
 */
export const createRetryPath =
  ({ paths, links }: { readonly paths: Paths; readonly links: Paths }): RetryPath =>
  (ctx) => {
    if (ctx.method !== 'POST' && ctx.path.startsWith(`${paths.keys}/`)) {
      return links.keys + ctx.path.slice(paths.keys.length)
    }
    if (ctx.path === paths.denied) return links.denied + ctx.search
    if (ctx.path === paths.keys || ctx.path.startsWith(`${paths.keys}/`)) return links.keys
    if (ctx.path.startsWith(paths.signIn)) {
      return returnPath(sentField(ctx, 'return_to'), links.base, links.verify)
    }
    return requestPath(ctx, links)
  }
