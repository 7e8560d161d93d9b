import { createHash } from 'node:crypto'
import type { Context } from 'koa'

/**
 * The cookies of the router: HttpOnly, SameSite=Lax, for the whole host, and Secure if the public URL is
 * https. Their names hold a hash of the public URL, so that two servers on one host keep apart.
 */
export class Cookies {
  readonly #secure: boolean
  readonly #prefix: string

  /** @param publicUrl the base of all URLs, without a trailing slash */
  constructor(publicUrl: string) {
    this.#secure = publicUrl.startsWith('https:')
    const server = createHash('sha256').update(publicUrl).digest('hex').slice(0, 12)
    // Browsers accept these names over https only, with the path `/`, and from no other host.
    this.#prefix = `${this.#secure ? '__Host-' : ''}device_grant_${server}_`
  }

  /**
   * The value of a cookie, or `undefined` if the request has none. A cookie that was sent twice counts as
   * none, because another host or path may have planted one of the two.
   */
  get(ctx: Context, name: string): string | undefined {
    const values = pairsOf(ctx).filter(([sent]) => sent === this.#prefix + name)
    return values.length === 1 ? values[0]?.[1] : undefined
  }

  /** The names of the cookies of a request that begin with `start`, the oldest first. */
  namesFrom(ctx: Context, start: string): string[] {
    return pairsOf(ctx)
      .map(([name]) => name)
      .filter((name) => name.startsWith(this.#prefix + start))
      .map((name) => name.slice(this.#prefix.length))
  }

  /**
   * Sets a cookie, or deletes it if `value` is `null`.
   * @param maxAgeMs its lifetime in milliseconds; without one it ends with the browser
   */
  set(ctx: Context, name: string, value: string | null, maxAgeMs?: number): void {
    // TLS may end at a proxy, so the public URL decides, not the connection.
    ctx.cookies.secure = this.#secure
    ctx.cookies.set(this.#prefix + name, value, {
      path: '/',
      secure: this.#secure,
      httpOnly: true,
      sameSite: 'lax',
      signed: false,
      overwrite: true,
      maxAge: maxAgeMs,
    })
  }
}

const pairsOf = (ctx: Context): (readonly [name: string, value: string])[] =>
  ctx
    .get('Cookie')
    .split(';')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [name.trim(), value.join('=').trim()]
    })
