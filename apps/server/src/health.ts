import { answerJson } from '@device-grant/http-koa'
import type { Context } from 'koa'

/** A store that the server needs, and how to ask whether it is there. */
export interface Dependency {
  readonly name: string
  /** Resolves when it answers; must not take longer than a few seconds. */
  ping(): Promise<void>
}

/** GET /healthz: the process lives. */
export const healthz = (ctx: Context): void => {
  ctx.set('Cache-Control', 'no-store')
  answerJson(ctx, { status: 'ok' })
}

/** GET /readyz: its stores answer; 503 names those that do not. */
export const readyz =
  (dependencies: readonly Dependency[]) =>
  async (ctx: Context): Promise<void> => {
    ctx.set('Cache-Control', 'no-store')
    const pings = await Promise.allSettled(dependencies.map((dependency) => dependency.ping()))
    const down = dependencies.flatMap(({ name }, i) =>
      pings[i]?.status === 'rejected' ? [name] : [],
    )
    ctx.status = down.length === 0 ? 200 : 503
    answerJson(ctx, down.length === 0 ? { status: 'ready' } : { status: 'unavailable', down })
  }
