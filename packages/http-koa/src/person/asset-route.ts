import { createHash } from 'node:crypto'
import type { Context } from 'koa'
import { pathParameter } from '../http/route-table.ts'
import type { Asset } from '../pages/pages.ts'
import type { PageResponses } from './page-responses.ts'

/** The parts of the files of pages. */
export interface AssetRouteOptions {
  /** The files by name. */
  readonly assets: ReadonlyMap<string, Asset>
  readonly responses: PageResponses
}

/** What a picture may use. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"

/** GET /oauth/device/assets/{name}: a file of the pages. */
export const assetRoute =
  ({ assets, responses }: AssetRouteOptions) =>
  (ctx: Context): void => {
    const asset = assets.get(pathParameter(ctx, 'name'))
    if (!asset) return responses.showMessage(ctx, 404, { kind: 'not_found' })
    ctx.set('X-Content-Type-Options', 'nosniff')
    // A picture that a person opens by its address runs no script either.
    ctx.set('Content-Security-Policy', POLICY)
    ctx.set('Cache-Control', 'public, max-age=3600')
    ctx.set('ETag', `"${createHash('sha256').update(asset.body).digest('base64url').slice(0, 22)}"`)
    ctx.type = asset.type
    ctx.body = typeof asset.body === 'string' ? asset.body : Buffer.from(asset.body)
    if (ctx.fresh) ctx.status = 304
  }
