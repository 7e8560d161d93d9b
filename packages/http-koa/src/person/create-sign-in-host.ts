import type { Clock } from '@device-grant/core'
import { redirect } from '../http/redirect.ts'
import { returnPath } from '../http/return-path.ts'
import { sendPage } from '../http/send-page.ts'
import type { Paths } from '../paths.ts'
import type { AddressSet } from '../security/client-address.ts'
import type { Cookies } from '../security/cookies.ts'
import type { Csrf } from '../security/csrf.ts'
import { createSessions } from '../security/sessions.ts'
import type { SignedCookies } from '../security/signed-cookies.ts'
import type { Signer } from '../security/signer.ts'
import type { SignInHost } from '../sign-in/sign-in-host.ts'
import type { PageLanguage } from './page-language.ts'
import type { PageResponses } from './page-responses.ts'

/** The parts of what sign-in methods get. */
export interface CreateSignInHostOptions {
  readonly publicUrl: string
  readonly links: Paths
  readonly clock: Clock
  readonly trustedProxies: AddressSet
  readonly signer: Signer
  readonly cookies: Cookies
  readonly signedCookies: SignedCookies
  readonly csrf: Csrf
  readonly language: PageLanguage
  readonly responses: PageResponses
}

/** Makes what the router offers to its sign-in method. */
export const createSignInHost = (options: CreateSignInHostOptions): SignInHost => {
  const { publicUrl, links, clock, trustedProxies, signedCookies, csrf, language, responses } =
    options
  return {
    publicUrl,
    links,
    clock,
    trustedProxies,
    sessions: createSessions(options),
    signedCookies,
    returnPath: (wanted) => returnPath(wanted, links.base, links.verify),
    languageOf: (ctx) => language.of(ctx),
    isOwnForm: (ctx, binding) => csrf.isOwnForm(ctx, binding),
    redirect,
    showMessage: (ctx, status, view) => responses.showMessage(ctx, status, view),
    showSignIn: (ctx, status, view, binding) =>
      responses.showSignIn(ctx, status, view, { binding }),
    showPage: (ctx, status, html) => sendPage(ctx, status, html),
  }
}
