import type { Context } from 'koa'
import { setHeader } from './set-header.ts'

/** Sends JSON. Koa is given text with its type, because inspecting an object costs it more. */
export const sendJson = (ctx: Context, body: object): void => {
  setHeader(ctx, 'Content-Type', 'application/json; charset=utf-8')
  setHeader(ctx, 'X-Content-Type-Options', 'nosniff')
  ctx.body = JSON.stringify(body)
}
