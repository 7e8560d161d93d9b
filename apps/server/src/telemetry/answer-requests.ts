import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type Koa from 'koa'
import type { Context } from 'koa'
import { contextOf, enter, follow, identify } from './request-context.ts'

const REQUEST_ID = 'X-Request-Id'

/**
 * Makes the listener of an application. Every response has the id of its request, and so has every log
 * line. Requests of devices are not followed, because that would cost Node 20 and 22 a quarter of a poll.
 * A check of an API key that comes with one may log more.
 * @param deviceUrls the request targets at which devices ask for codes, and poll
 */
export const answerRequests = (app: Koa, deviceUrls: ReadonlySet<string>): RequestListener => {
  // Koa removes all headers before it sends an error, except those of the error.
  app.prependListener('error', (error: unknown, ctx?: Context) => {
    const context = ctx && contextOf(ctx.req)
    if (context && error instanceof Error) {
      const { headers } = error as { headers?: object }
      Object.assign(error, { headers: { ...headers, [REQUEST_ID]: context.requestId } })
    }
  })
  const answer = app.callback()
  return (request: IncomingMessage, response: ServerResponse) => {
    const context = identify(request)
    response.setHeader(REQUEST_ID, context.requestId)
    const isFollowed = !deviceUrls.has(request.url ?? '') || hasKey(request)
    if (isFollowed) return void follow(context, () => answer(request, response))
    void enter(context, () => answer(request, response))
  }
}

const hasKey = ({ headers }: IncomingMessage): boolean =>
  headers.authorization !== undefined && /^bearer /i.test(headers.authorization)
