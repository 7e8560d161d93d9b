import type { Context } from 'koa'

/** A field of the parsed body, or `undefined` if it is missing, empty, or not a single string. */
export const bodyField = (ctx: Context, name: string): string | undefined => {
  const body: unknown = ctx.request.body
  if (body === null || typeof body !== 'object' || !Object.hasOwn(body, name)) return undefined
  const value = (body as Readonly<Record<string, unknown>>)[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
