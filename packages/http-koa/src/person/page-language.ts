import type { Context, Middleware } from 'koa'
import { askedLocale, chooseLocale } from '../pages/choose-locale.ts'
import type { Cookies } from '../security/cookies.ts'

const COOKIE = 'locale'

/** Chooses the language of pages, and remembers a choice in a cookie. */
export class PageLanguage {
  readonly #locales: readonly string[]
  readonly #cookies: Cookies

  /** @param options.locales language tags, the default language first */
  constructor(options: { readonly locales: readonly string[]; readonly cookies: Cookies }) {
    this.#locales = options.locales
    this.#cookies = options.cookies
  }

  /** The language of the response: from `ui_locales`, the cookie, `Accept-Language`, or the default. */
  of(ctx: Context): string {
    const asked = this.#asked(ctx) ?? this.#cookies.get(ctx, COOKIE)
    return chooseLocale(asked, ctx.get('Accept-Language'), this.#locales)
  }

  /** Remembers the language of `ui_locales`, if the request has one, until the browser is closed. */
  remember(ctx: Context): void {
    const asked = this.#asked(ctx)
    if (asked === undefined || asked === this.#cookies.get(ctx, COOKIE)) return
    this.#cookies.set(ctx, COOKIE, asked)
  }

  #asked(ctx: Context): string | undefined {
    return askedLocale(ctx.query['ui_locales'], this.#locales)
  }
}

/** Remembers the language that a request asks for. */
export const rememberLanguage =
  (language: PageLanguage): Middleware =>
  (ctx, next) => {
    language.remember(ctx)
    return next()
  }
