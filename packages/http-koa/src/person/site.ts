import type { Clock } from '@device-grant/core'
import type { Context } from 'koa'
import { field } from '../http/parsed-body.ts'
import { askedLocale, chooseLocale } from '../pages/choose-locale.ts'
import type { EnterCodeView, MessageView, PageContext, Pages } from '../pages/pages.ts'
import { type Paths, pathsBelow } from '../paths.ts'
import { type AddressSet, clientAddress } from '../security/client-address.ts'
import { isOriginHidden, isOwnRequest } from '../security/own-request.ts'
import { Sessions } from '../security/sessions.ts'
import type { Signer } from '../security/signer.ts'
import type { Person } from '../sign-in/person.ts'

export interface SiteOptions {
  /** Without a trailing slash. */
  readonly publicUrl: string
  readonly signer: Signer
  readonly clock: Clock
  readonly pages: Pages
  readonly trustedProxies: AddressSet
  readonly frontEndOrigins: readonly string[]
}

const POLICY_BUT_FORMS = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')
const CONTENT_SECURITY_POLICY = `${POLICY_BUT_FORMS}; form-action 'self'`

/** What all that people meet has in common: where it stands, how it looks, and whose requests count. */
export class Site {
  readonly publicUrl: string
  readonly clock: Clock
  readonly pages: Pages
  readonly sessions: Sessions
  readonly trustedProxies: AddressSet
  /** What all paths for people begin with, as a browser sees them. */
  readonly base: string
  /** The paths that pages link to. */
  readonly links: Paths
  /** Where requests that change something may come from: our own origin, and allowed front ends. */
  readonly origins: ReadonlySet<string>
  readonly #frontEnds: ReadonlySet<string>
  readonly #signer: Signer

  constructor({ publicUrl, signer, clock, pages, trustedProxies, frontEndOrigins }: SiteOptions) {
    const { origin, pathname, protocol } = new URL(publicUrl)
    const prefix = pathname === '/' ? '' : pathname
    this.publicUrl = publicUrl
    this.clock = clock
    this.pages = pages
    this.trustedProxies = trustedProxies
    this.base = `${prefix}/oauth/device`
    this.links = pathsBelow(prefix)
    this.#frontEnds = new Set(frontEndOrigins)
    this.origins = new Set([origin, ...frontEndOrigins])
    this.#signer = signer
    const secure = protocol === 'https:'
    this.sessions = new Sessions({
      signer,
      clock,
      secure,
      path: prefix === '' ? '/' : `${prefix}/`,
    })
  }

  /** What a page knows of a request. */
  pageContext(
    ctx: Context,
    who: Partial<Person> & { readonly canSignOut?: boolean } = {},
  ): PageContext {
    const { locales } = this.pages
    const asked = askedLocale(ctx.query['ui_locales'], locales) ?? this.sessions.locale(ctx)
    return {
      locale: chooseLocale(asked, ctx.get('Accept-Language'), locales),
      paths: this.links,
      csrfToken: who.binding === undefined ? '' : this.#signer.csrfToken(who.binding),
      canSignOut: who.canSignOut ?? false,
      now: this.clock.now(),
      ...(who.name === undefined ? {} : { person: who.name }),
    }
  }

  /** Keeps the language that `ui_locales` asks for, for the pages that follow. */
  keepLocale(ctx: Context): void {
    const asked = askedLocale(ctx.query['ui_locales'], this.pages.locales)
    if (asked === undefined || asked === this.sessions.locale(ctx)) return
    this.sessions.keepLocale(ctx, asked)
  }

  /** Answers with a page. No other origin reads it: it holds the tokens of its forms. */
  show(ctx: Context, status: number, html: string): void {
    ctx.status = status
    ctx.type = 'text/html; charset=utf-8'
    ctx.set('Cache-Control', 'no-store')
    ctx.set('Content-Security-Policy', CONTENT_SECURITY_POLICY)
    // Another site's page loses its hold on a window that it has opened, and cannot lead it on.
    ctx.set('Cross-Origin-Opener-Policy', 'same-origin')
    ctx.set('X-Frame-Options', 'DENY')
    ctx.set('Referrer-Policy', 'no-referrer')
    ctx.set('X-Content-Type-Options', 'nosniff')
    ctx.set('Vary', 'Accept, Accept-Language, Cookie')
    ctx.remove('Access-Control-Allow-Origin')
    ctx.remove('Access-Control-Allow-Credentials')
    ctx.body = html
  }

  /** Sends a browser on with a GET, whatever it came with, and without telling where it was. */
  goTo(ctx: Context, location: string): void {
    ctx.status = 303
    ctx.set('Location', location)
    ctx.set('Cache-Control', 'no-store')
    ctx.set('Referrer-Policy', 'no-referrer')
    ctx.body = ''
    ctx.remove('Content-Type')
  }

  /**
   * Answers with the form for a code. When the sign-in has ended, that GET is redirected to a provider,
   * and `form-action` would hold it back without a word. The form carries no secret, so it may go.
   */
  showEnterCode(
    ctx: Context,
    status: number,
    view: EnterCodeView,
    who?: Partial<Person> & { readonly canSignOut?: boolean },
  ): void {
    this.show(ctx, status, this.pages.enterCode(this.pageContext(ctx, who), view))
    // After the last try there is no such form.
    if (view.attemptsLeft !== 0) ctx.set('Content-Security-Policy', POLICY_BUT_FORMS)
  }

  /** Answers with a page that only says something. */
  showMessage(
    ctx: Context,
    status: number,
    view: MessageView,
    who?: Partial<Person> & { readonly canSignOut?: boolean },
  ): void {
    this.show(ctx, status, this.pages.message(this.pageContext(ctx, who), view))
  }

  /**
   * Answers the form for signing out with a page that goes on, by itself or by its link, to where somebody
   * else signs people out. `goTo` would not arrive: browsers hold the whole chain of redirects after a form
   * to the page's `form-action`.
   */
  showSigningOut(ctx: Context, url: string): void {
    this.showMessage(ctx, 200, { kind: 'signing_out', retry: url })
    ctx.set('Refresh', `0; url=${url}`)
  }

  /** Whether a request that changes something comes from our own pages, an allowed front end, or no browser. */
  isOwnRequest(ctx: Context): boolean {
    return isOwnRequest(ctx.req, this.origins)
  }

  /**
   * Whether a posted form is one of our own pages', made for this person. Where nobody is signed in it
   * has no token to check, and only what is known to come from another site is refused.
   */
  isOwnForm(ctx: Context, person: Pick<Person, 'binding'> | undefined): boolean {
    if (!this.isOwnRequest(ctx) && !isOriginHidden(ctx.req)) return false
    return !person || this.#signer.isCsrfToken(field(ctx, 'csrf_token'), person.binding)
  }

  /** Lets an allowed front end read the answer (CORS with credentials). */
  allowFrontEnd(ctx: Context, methods: string): void {
    ctx.vary('Origin')
    const origin = ctx.get('Origin')
    if (!this.#frontEnds.has(origin)) return
    ctx.set('Access-Control-Allow-Origin', origin)
    ctx.set('Access-Control-Allow-Credentials', 'true')
    if (ctx.method !== 'OPTIONS') return
    ctx.set('Access-Control-Allow-Methods', methods)
    ctx.set('Access-Control-Allow-Headers', 'Content-Type')
    ctx.set('Access-Control-Max-Age', '600')
  }

  /** Where a request came from. */
  addressOf(ctx: Context): string | undefined {
    return clientAddress(ctx.req, this.trustedProxies)
  }
}
