import type { Context } from 'koa'

/** Receives an error that was answered with an error response, and the operation that failed. */
export type ReportError = (error: unknown, operation: string, ctx: Context) => void

/**
 * Emits the error at the application, as Koa does with errors that no middleware catches. Without a
 * listener Koa writes it to standard error.
 */
export const emitError: ReportError = (error, operation, ctx) => {
  const emitted = error instanceof Error ? error : new Error(operation, { cause: error })
  ctx.app.emit('error', emitted, ctx)
}
