import { STATUS_CODES } from 'node:http'
import type { Context } from 'koa'

/** Answers with a problem document (RFC 9457). `detail` is for the developer of a front end. */
export const sendProblem = (
  ctx: Context,
  status: number,
  detail: string,
  more: Readonly<Record<string, string>> = {},
): void => {
  ctx.status = status
  ctx.body = JSON.stringify({
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    ...more,
  })
  ctx.type = 'application/problem+json'
  ctx.set('X-Content-Type-Options', 'nosniff')
}
