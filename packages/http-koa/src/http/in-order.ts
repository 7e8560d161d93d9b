import type { Middleware } from 'koa'

/** Joins middleware into one. Each runs when the one before it calls `next`. */
export const inOrder = (middleware: readonly Middleware[]): Middleware =>
  middleware.reduceRight<Middleware>(
    (rest, first) => (ctx, next) => first(ctx, async () => rest(ctx, next)),
    (_, next) => next(),
  )
