import type { Context } from 'koa'

/** Where cookies are sent. */
export interface CookiesOptions {
  /** Whether browsers send them over https only. */
  readonly secure: boolean
  /** The path that they are sent to, with a trailing slash. */
  readonly path: string
}

/** The cookies of the router: HttpOnly, SameSite=Lax, and Secure if the public URL is https. */
export class Cookies {
  readonly #options: CookiesOptions
  readonly #prefix: string

  constructor(options: CookiesOptions) {
    const { secure, path } = options
    this.#options = options
    // Browsers accept these names over https only, and `__Host-` from no other host.
    const guard = !secure ? '' : path === '/' ? '__Host-' : '__Secure-'
    this.#prefix = `${guard}device_grant_`
  }

  /** The value of a cookie, or `undefined` if the request has none. */
  get(ctx: Context, name: string): string | undefined {
    return ctx.cookies.get(this.#prefix + name)
  }

  /** The names of the cookies of a request that begin with `start`, the oldest first. */
  namesFrom(ctx: Context, start: string): string[] {
    return ctx
      .get('Cookie')
      .split(';')
      .map((pair) => pair.split('=', 1)[0]?.trim() ?? '')
      .filter((cookie) => cookie.startsWith(this.#prefix + start))
      .map((cookie) => cookie.slice(this.#prefix.length))
  }

  /**
   * Sets a cookie, or deletes it if `value` is `null`.
   * @param maxAgeMs its lifetime in milliseconds; without one it ends with the browser
   */
  set(ctx: Context, name: string, value: string | null, maxAgeMs?: number): void {
    const { secure, path } = this.#options
    // TLS may end at a proxy, so the public URL decides, not the connection.
    ctx.cookies.secure = secure
    ctx.cookies.set(this.#prefix + name, value, {
      path,
      secure,
      httpOnly: true,
      sameSite: 'lax',
      signed: false,
      overwrite: true,
      maxAge: maxAgeMs,
    })
  }
}
