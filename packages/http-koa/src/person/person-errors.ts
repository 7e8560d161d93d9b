import { StoreError } from '@device-grant/core'
import type { Middleware } from 'koa'
import { sendProblem } from '../http/problem.ts'
import type { ReportError } from '../http/report-error.ts'
import type { PageResponses } from './page-responses.ts'
import type { RetryPath } from './retry-path.ts'

/** Sends an error page if the route throws: status 503 if a store is down, else 500. */
export const catchPageErrors =
  (responses: PageResponses, retryPath: RetryPath, onError: ReportError): Middleware =>
  async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      onError(error, ctx.path, ctx)
      const isStoreDown = error instanceof StoreError
      if (isStoreDown) ctx.set('Retry-After', '5')
      const kind = isStoreDown ? 'unavailable' : 'server_error'
      responses.showMessage(ctx, isStoreDown ? 503 : 500, { kind, retry: retryPath(ctx) })
    }
  }

/** Sends a problem document if the route throws: status 503 if a store is down, else 500. */
export const catchApiErrors =
  (onError: ReportError): Middleware =>
  async (ctx, next) => {
    ctx.set('Cache-Control', 'no-store')
    try {
      await next()
    } catch (error) {
      onError(error, ctx.path, ctx)
      if (!(error instanceof StoreError)) return sendProblem(ctx, 500, 'The server failed.')
      ctx.set('Retry-After', '5')
      sendProblem(ctx, 503, 'The service is unavailable for now: try again.')
    }
  }
