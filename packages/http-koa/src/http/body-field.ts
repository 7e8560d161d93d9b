import type { Context } from 'koa'

/** A field of the parsed body, of whatever type, or `undefined` if it is missing. */
export const bodyValue = (ctx: Context, name: string): unknown => {
  const body: unknown = ctx.request.body
  if (body === null || typeof body !== 'object' || !Object.hasOwn(body, name)) return undefined
  return (body as Readonly<Record<string, unknown>>)[name]
}

/** A field of the parsed body, or `undefined` if it is missing, empty, or not a single string. */
export const bodyField = (ctx: Context, name: string): string | undefined => {
  const value = bodyValue(ctx, name)
  return typeof value === 'string' && value !== '' ? value : undefined
}
