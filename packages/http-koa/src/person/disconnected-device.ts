import type { Context } from 'koa'
import type { SignedCookies } from '../security/signed-cookies.ts'

const COOKIE = 'disconnected'
/** How long the redirect to the list may take, in milliseconds. */
const LIFETIME_MS = 60_000
/** More characters than the name of a device has. */
const MAX_LENGTH = 128

/**
 * Carries the name of a disconnected device to the list, which has it no longer. It is a signed cookie,
 * because a link to a text of another site must not show that text here.
 */
export class DisconnectedDevice {
  readonly #signedCookies: SignedCookies

  constructor(signedCookies: SignedCookies) {
    this.#signedCookies = signedCookies
  }

  /** Keeps the name until the list shows it. */
  async remember(ctx: Context, name: string): Promise<void> {
    const device = name.slice(0, MAX_LENGTH)
    await this.#signedCookies.set(ctx, COOKIE, { device }, LIFETIME_MS)
  }

  /** Deletes the name and returns it, if there is one. */
  async take(ctx: Context): Promise<string | undefined> {
    const claims = await this.#signedCookies.take(ctx, COOKIE)
    const device = claims?.['device']
    return typeof device === 'string' ? device : undefined
  }
}
