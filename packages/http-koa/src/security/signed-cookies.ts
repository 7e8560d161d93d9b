import type { Clock } from '@device-grant/core'
import type { Context } from 'koa'
import type { Cookies } from './cookies.ts'
import type { Signer } from './signer.ts'

/** Cookies with signed claims, for example for a sign-in at a provider. Browsers can read the claims. */
export interface SignedCookies {
  /**
   * Sets a cookie.
   * @param lifetimeMs milliseconds
   */
  set(
    ctx: Context,
    name: string,
    claims: Readonly<Record<string, string>>,
    lifetimeMs: number,
  ): Promise<void>
  /** Deletes a cookie and returns its claims, or `undefined` if it is missing, forged or expired. */
  take(ctx: Context, name: string): Promise<Readonly<Record<string, unknown>> | undefined>
  /** The names of the cookies of a request that begin with `start`, the oldest first. */
  namesFrom(ctx: Context, start: string): string[]
}

/** Makes signed cookies. Each is signed for its own name. */
export const createSignedCookies = ({
  signer,
  clock,
  cookies,
}: {
  readonly signer: Signer
  readonly clock: Clock
  readonly cookies: Cookies
}): SignedCookies => ({
  async set(ctx, name, claims, lifetimeMs) {
    const text = signer.sign(name, claims, clock.now() + lifetimeMs)
    cookies.set(ctx, name, text, lifetimeMs)
  },

  async take(ctx, name) {
    const text = cookies.get(ctx, name)
    if (!text) return undefined
    cookies.set(ctx, name, null)
    return signer.verify(name, text, clock.now())
  },

  namesFrom: (ctx, start) => cookies.namesFrom(ctx, start),
})
