import type { Context } from 'koa'

/** Sends JSON. Koa is given text with its type, because inspecting an object costs it more. */
export const sendJson = (ctx: Context, body: object): void => {
  ctx.set('Content-Type', 'application/json; charset=utf-8')
  ctx.set('X-Content-Type-Options', 'nosniff')
  ctx.body = JSON.stringify(body)
}
