import { sendJson } from '@device-grant/http-koa'
import type { Context } from 'koa'

/** A service that the server needs, such as a store. */
export interface Dependency {
  readonly name: string
  /**
   * Resolves when the service answers. It takes a few seconds at most.
   * @throws if the service does not answer
   */
  ping(): Promise<void>
}

/** GET /healthz: answers as long as the process runs. */
export const healthz = (ctx: Context): void => {
  ctx.set('Cache-Control', 'no-store')
  sendJson(ctx, { status: 'ok' })
}

/** GET /readyz: answers 200 if all dependencies answer, else 503 with the names of those that do not. */
export const readyz =
  (dependencies: readonly Dependency[]) =>
  async (ctx: Context): Promise<void> => {
    ctx.set('Cache-Control', 'no-store')
    const pings = await Promise.allSettled(dependencies.map((dependency) => dependency.ping()))
    const down = dependencies.flatMap(({ name }, i) =>
      pings[i]?.status === 'rejected' ? [name] : [],
    )
    ctx.status = down.length === 0 ? 200 : 503
    sendJson(ctx, down.length === 0 ? { status: 'ready' } : { status: 'unavailable', down })
  }
