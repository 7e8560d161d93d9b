import type { Clock } from '@device-grant/core'
import type { Context } from 'koa'
import type { MessageView, SignInView } from '../pages/pages.ts'
import type { Paths } from '../paths.ts'
import type { AddressSet } from '../security/client-address.ts'
import type { Sessions } from '../security/sessions.ts'
import type { SignedCookies } from '../security/signed-cookies.ts'

/** What the router offers to its sign-in method. */
export interface SignInHost {
  /** The base of all URLs, without a trailing slash. */
  readonly publicUrl: string
  /** The paths of the router as a browser sees them. */
  readonly links: Paths
  /** The clock of the router, in epoch milliseconds. */
  readonly clock: Clock
  /** The addresses of reverse proxies whose headers are trusted. */
  readonly trustedProxies: AddressSet
  /** Sessions in a signed cookie. */
  readonly sessions: Sessions
  /** Further signed cookies, for example for a round trip to a provider. */
  readonly signedCookies: SignedCookies
  /** Returns `wanted` if it is a path of the router, else the path of the verification page. */
  returnPath(wanted: unknown): string
  /** The language of the person's pages, as a language tag. */
  languageOf(ctx: Context): string
  /** Whether a posted form comes from a page with the CSRF token of this binding. */
  isOwnForm(ctx: Context, binding: string): boolean
  /** Redirects with status 303 to a path or URL. */
  redirect(ctx: Context, location: string): void
  /** Sends the built-in page with a message. */
  showMessage(ctx: Context, status: number, view: MessageView): void
  /** Sends the built-in form that asks for a name. Its CSRF token is for `binding`. */
  showSignIn(ctx: Context, status: number, view: SignInView, binding: string): void
  /** Sends an HTML page of your own with the security headers of all pages. */
  showPage(ctx: Context, status: number, html: string): void
}
