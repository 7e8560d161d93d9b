import { STATUS_CODES } from 'node:http'
import type { Context } from 'koa'

/**
 * Sends a problem document (RFC 9457).
 * @param detail one sentence for the developer of a front end
 * @param more further members; `undefined` ones are left out
 */
export const sendProblem = (
  ctx: Context,
  status: number,
  detail: string,
  more: Readonly<Record<string, string | number | undefined>> = {},
): void => {
  ctx.status = status
  const title = STATUS_CODES[status] ?? 'Error'
  ctx.body = JSON.stringify({ type: 'about:blank', title, status, detail, ...more })
  ctx.type = 'application/problem+json'
  ctx.set('X-Content-Type-Options', 'nosniff')
}
