import type { Context } from 'koa'

/**
 * Sets a header of a response, unless it was sent already. Koa's `set` costs more than the header
 * itself, and every poll has six.
 */
export const setHeader = ({ res }: Context, name: string, value: string): void => {
  if (!res.headersSent) res.setHeader(name, value)
}
