import type { Context, Middleware } from 'koa'
import { koaBody } from 'koa-body'
import { assertBodyUnread } from './assert-body-unread.ts'

/**
 * Parses a body of at most 16 KiB, a form or a JSON object, into `ctx.request.body`.
 * @param sendError sends the response to any other body
 */
export const parseBody = (sendError: (ctx: Context) => void): Middleware => {
  const parse = koaBody({
    json: true,
    urlencoded: true,
    text: false,
    multipart: false,
    formLimit: '16kb',
    jsonLimit: '16kb',
    jsonStrict: true,
    // The name of a field is a text: dots and brackets, which scopes may have, are no structure.
    queryString: { allowDots: false, depth: 0 },
    onError: () => {
      throw new BodyError()
    },
  })
  const reject = (ctx: Context): void => {
    // The rest of a body that is too long is not read, so the connection cannot be used again.
    if (!ctx.req.complete) ctx.set('Connection', 'close')
    sendError(ctx)
  }
  return async (ctx, next) => {
    assertBodyUnread(ctx.req)
    // koa-body inflates compressed bodies, and one that is too long and cut off ends the process.
    const encoding = ctx.get('Content-Encoding').toLowerCase()
    if (encoding !== '' && encoding !== 'identity') return reject(ctx)
    let isParsed = false
    try {
      await parse(ctx, async () => {
        isParsed = true
      })
    } catch (error) {
      if (!(error instanceof BodyError)) throw error
    }
    if (!isParsed) return reject(ctx)
    await next()
  }
}

class BodyError extends Error {}
