import type { Context, Middleware } from 'koa'
import { koaBody } from 'koa-body'
import { assertBodyUnread } from './assert-body-unread.ts'
import { nameInQuery } from './name-in-query.ts'
import { repeatedParameter } from './repeated-parameter.ts'

/** A request with one of these in its query was meant for the body. */
const BODY_ONLY = [
  'user_code',
  'decision',
  'scope',
  'lifetime',
  'device_name',
  'replaces',
  'elsewhere_reason',
  'code_ending',
] as const

/**
 * Parses a body of at most 16 KiB, a form or a JSON object without repeated names, into
 * `ctx.request.body`.
 * @param sendError sends the response to any other body; `problem` is a sentence for a developer
 */
export const parseBody = (sendError: (ctx: Context, problem: string) => void): Middleware => {
  const parse = koaBody({
    json: true,
    urlencoded: true,
    text: false,
    multipart: false,
    formLimit: '16kb',
    jsonLimit: '16kb',
    jsonStrict: true,
    includeUnparsed: true,
    // The name of a field is a text: dots and brackets, which scopes may have, are no structure.
    queryString: { allowDots: false, depth: 0 },
    onError: () => {
      throw new BodyError()
    },
  })
  const reject = (ctx: Context, problem: string = UNREADABLE): void => {
    // The rest of a body that is too long is not read, so the connection cannot be used again.
    if (!ctx.req.complete) ctx.set('Connection', 'close')
    sendError(ctx, problem)
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
    const misplaced = nameInQuery(ctx.url, BODY_ONLY)
    if (misplaced !== undefined) return reject(ctx, `${misplaced} must be in the body`)
    const isForm = ctx.is('urlencoded') !== false
    const repeated = repeatedParameter(ctx.request.rawBody ?? '', isForm)
    if (repeated !== undefined) return reject(ctx, `${shown(repeated)} must be given once`)
    await next()
  }
}

const UNREADABLE = 'The body must be a form or JSON, of 16 KiB at most'

/** A name that a sentence can hold. Scopes in a form have colons and brackets. */
const shown = (name: string): string => (/^[\w.:[\]-]{1,64}$/.test(name) ? name : 'Every name')

class BodyError extends Error {}
