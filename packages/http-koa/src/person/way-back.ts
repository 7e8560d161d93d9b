import { createHash } from 'node:crypto'
import type { Context } from 'koa'
import type { SignedCookies } from '../security/signed-cookies.ts'

/** The beginning of the names of the cookies. */
const COOKIE = 'way_back_'
/** How long a person may take to sign in, in milliseconds. */
const LIFETIME_MS = 60 * 60_000
/** Codes of one browser. More of their cookies would exceed the limit of a header. */
const MAX_MARKS = 4

/**
 * Marks the way back from a sign-in. A provider may send the browser back without a click, but the
 * person began to open the code before. A mark is a signed cookie of one browser, for one code, and
 * counts once.
 */
export class WayBack {
  readonly #signedCookies: SignedCookies

  constructor(signedCookies: SignedCookies) {
    this.#signedCookies = signedCookies
  }

  /**
   * Marks that the person opened this code. The oldest of many marks are deleted.
   * @param isTyped whether the person typed the code on our page
   */
  async remember(ctx: Context, typed: string, isTyped: boolean): Promise<void> {
    const name = cookieOf(typed)
    const others = this.#signedCookies.namesFrom(ctx, COOKIE).filter((other) => other !== name)
    for (const other of others.slice(0, Math.max(0, others.length - MAX_MARKS + 1))) {
      await this.#signedCookies.take(ctx, other)
    }
    await this.#signedCookies.set(
      ctx,
      name,
      { code: hashOf(typed), by: isTyped ? 'hand' : 'link' },
      LIFETIME_MS,
    )
  }

  /** Deletes the mark of this code, and returns how the person opened it, if there was one. */
  async take(ctx: Context, typed: string): Promise<{ readonly isTyped: boolean } | undefined> {
    const claims = await this.#signedCookies.take(ctx, cookieOf(typed))
    if (claims?.['code'] !== hashOf(typed)) return undefined
    return { isTyped: claims['by'] === 'hand' }
  }
}

const hashOf = (typed: string): string => createHash('sha256').update(typed).digest('hex')

const cookieOf = (typed: string): string => COOKIE + hashOf(typed).slice(0, 12)
