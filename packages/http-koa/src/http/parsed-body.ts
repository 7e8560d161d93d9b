import type { Context, Middleware } from 'koa'
import { koaBody } from 'koa-body'
import { assertBodyUnread } from './assert-body-unread.ts'

/** Reads what people and front ends post: a small form or a JSON object. Faults end in `onError`. */
export const parsedBody = (onError: (ctx: Context) => void): Middleware => {
  const parse = koaBody({
    json: true,
    urlencoded: true,
    text: false,
    multipart: false,
    formLimit: '16kb',
    jsonLimit: '16kb',
    jsonStrict: true,
    onError: () => {
      throw new BodyError()
    },
  })
  const refuse = (ctx: Context): void => {
    // Nobody reads the rest of a body that is too long.
    if (!ctx.req.complete) ctx.set('Connection', 'close')
    onError(ctx)
  }
  return async (ctx, next) => {
    assertBodyUnread(ctx.req)
    // The parser would inflate it, and a compressed body that is too long and cut ends the process.
    const encoding = ctx.get('Content-Encoding').toLowerCase()
    if (encoding !== '' && encoding !== 'identity') return refuse(ctx)
    let read = false
    try {
      await parse(ctx, async () => {
        read = true
      })
    } catch (error) {
      if (!(error instanceof BodyError)) throw error
    }
    if (!read) return refuse(ctx)
    await next()
  }
}

class BodyError extends Error {}

/** A field of the body, or `undefined` when it is missing, empty, or not one string. */
export const field = (ctx: Context, name: string): string | undefined => {
  const body: unknown = ctx.request.body
  if (body === null || typeof body !== 'object' || !Object.hasOwn(body, name)) return undefined
  const value = (body as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
