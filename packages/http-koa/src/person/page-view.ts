import type { Context } from 'koa'

/**
 * Whether a request shows a page to a person. Link scanners, prefetches, images and frames must not open
 * a code or use up an attempt.
 */
export const isPageView = (ctx: Context): boolean =>
  isView(ctx) && /^(document)?$/.test(ctx.get('Sec-Fetch-Dest'))

/** Whether the answer is for now: HEAD requests and prefetches must not open a code either. */
export const isView = (ctx: Context): boolean =>
  ctx.method === 'GET' &&
  !/prefetch|prerender/i.test(ctx.get('Sec-Purpose') || ctx.get('Purpose') || ctx.get('X-Moz'))

/**
 * Whether a page of another origin opened this one without a click or a key press of the person. Such a
 * page could use up a person's attempts. Browsers without these headers are taken at their word.
 */
export const isOpenedByPage = (ctx: Context): boolean =>
  /^(cross|same)-site$/.test(ctx.get('Sec-Fetch-Site')) && ctx.get('Sec-Fetch-User') !== '?1'
