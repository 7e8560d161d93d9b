import type { Clock } from '@device-grant/core'
import type { Context } from 'koa'
import type { Cookies } from './cookies.ts'
import type { Signer } from './signer.ts'

/** Keeps signed claims in separate cookies, for example during a sign-in at a provider. */
export class SignedCookies {
  readonly #signer: Signer
  readonly #clock: Clock
  readonly #cookies: Cookies

  constructor(options: {
    readonly signer: Signer
    readonly clock: Clock
    readonly cookies: Cookies
  }) {
    this.#signer = options.signer
    this.#clock = options.clock
    this.#cookies = options.cookies
  }

  /**
   * Sets a cookie with signed claims.
   * @param lifetimeMs milliseconds
   */
  async set(
    ctx: Context,
    name: string,
    claims: Readonly<Record<string, string>>,
    lifetimeMs: number,
  ): Promise<void> {
    const text = await this.#signer.sign(name, claims, this.#clock.now() + lifetimeMs)
    this.#cookies.set(ctx, name, text, lifetimeMs)
  }

  /** Deletes a cookie and returns its claims, or `undefined` if it is missing, forged or expired. */
  async take(ctx: Context, name: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const text = this.#cookies.get(ctx, name)
    if (!text) return undefined
    this.#cookies.set(ctx, name, null)
    return this.#signer.verify(name, text, this.#clock.now())
  }

  /** The names of the cookies of a request that begin with `start`, the oldest first. */
  namesFrom(ctx: Context, start: string): string[] {
    return this.#cookies.namesFrom(ctx, start)
  }
}
