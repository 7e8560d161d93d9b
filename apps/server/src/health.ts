import type { Clock } from '@device-grant/core'
import { sendJson } from '@device-grant/http-koa'
import type { Context } from 'koa'

/** A store that the server needs. */
export interface ProbedStore {
  readonly name: string
  /**
   * Resolves when the store has answered a read and a write. It takes a few seconds at most.
   * @throws if the store does not answer or refuses to write
   */
  probe(): Promise<void>
}

/** GET /healthz: answers as long as the process runs. */
export const healthz = (ctx: Context): void => {
  ctx.set('Cache-Control', 'no-store')
  sendJson(ctx, { status: 'ok' })
}

/**
 * GET /readyz: answers 200 until the server begins to stop, and then 503. It asks no store, because a
 * server without its stores still answers polls in a way that devices understand.
 */
export const readyz =
  (isStopping: () => boolean) =>
  (ctx: Context): void => {
    ctx.set('Cache-Control', 'no-store')
    if (isStopping()) ctx.status = 503
    sendJson(ctx, { status: isStopping() ? 'stopping' : 'ready' })
  }

/** How long the result of a probe is reused, in milliseconds. */
const PROBE_EVERY_MS = 1_000

/** GET /status: answers 200 if all stores answer, else 503 with the names of those that do not. */
export const status = (
  stores: readonly ProbedStore[],
  clock: Clock,
): ((ctx: Context) => Promise<void>) => {
  let probedAt = Number.NEGATIVE_INFINITY
  let probed: Promise<readonly string[]> = Promise.resolve([])
  const downStores = (): Promise<readonly string[]> => {
    const ageMs = clock.now() - probedAt
    if (ageMs >= 0 && ageMs < PROBE_EVERY_MS) return probed
    probedAt = clock.now()
    probed = probeAll(stores)
    return probed
  }
  return async (ctx) => {
    ctx.set('Cache-Control', 'no-store')
    const down = await downStores()
    const up = stores.map(({ name }) => name).filter((name) => !down.includes(name))
    if (down.length > 0) ctx.status = 503
    sendJson(ctx, { status: down.length === 0 ? 'ok' : 'unavailable', up, down })
  }
}

/** Returns the names of the stores that are down. */
const probeAll = async (stores: readonly ProbedStore[]): Promise<readonly string[]> => {
  const probes = await Promise.allSettled(stores.map((store) => store.probe()))
  return stores.flatMap(({ name }, i) => (probes[i]?.status === 'rejected' ? [name] : []))
}
