import type { Context } from 'koa'
import { bodyField } from './body-field.ts'

/** A field of a form, from the body of a POST, else from the query. */
export const sentField = (ctx: Context, name: string): unknown =>
  ctx.method === 'POST' ? bodyField(ctx, name) : ctx.query[name]
