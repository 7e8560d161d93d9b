import type { Clock } from '@device-grant/core'
import type { Context } from 'koa'
import { POLICY_WITH_FETCH, POLICY_WITHOUT_FORM_ACTION, sendPage } from '../http/send-page.ts'
import { hasAttempts } from '../pages/enter-code.tsx'
import { keysFields } from '../pages/keys-query.ts'
import type {
  ConfirmView,
  EnterCodeView,
  KeysView,
  MessageKind,
  MessageView,
  PageContext,
  Pages,
  SignInView,
} from '../pages/pages.ts'
import type { Paths } from '../paths.ts'
import type { Csrf } from '../security/csrf.ts'
import type { PageLanguage } from './page-language.ts'
import type { SignedInPerson } from './signed-in.ts'
import type { TypedByHand } from './typed-by-hand.ts'

/** The messages that tell people to ask the operator. */
const CONTACT_KINDS: readonly MessageKind[] = ['not_admitted', 'client_refused']

/** The parts of page responses. */
export interface PageResponsesOptions {
  readonly pages: Pages
  readonly typedByHand: TypedByHand
  /** The paths as the router sees them. */
  readonly paths: Paths
  /** The paths that pages link to, as a browser sees them. */
  readonly links: Paths
  readonly language: PageLanguage
  readonly csrf: Csrf
  readonly clock: Clock
  /** Whom people ask for access: an e-mail address, an https URL, or a short text. */
  readonly contact: string | undefined
  /** What the operator finds the error of a request by. */
  readonly errorReferenceOf: (ctx: Context) => string | undefined
}

/** The person that a page is made for. Without a `binding` its forms have no CSRF token. */
export type PagePerson = Partial<SignedInPerson>

/** Sends pages as responses. */
export class PageResponses {
  readonly #options: PageResponsesOptions

  constructor(options: PageResponsesOptions) {
    this.#options = options
  }

  /**
   * Sends the form for a code. If the session has ended, its GET is redirected to a provider, which
   * `form-action` would block silently. The form carries no secret, so its target need not be limited.
   */
  showEnterCode(ctx: Context, status: number, view: EnterCodeView, person: PagePerson): void {
    // Another language must not try a wrong code again, because attempts are few.
    const user_code = view.refusal?.outcome === 'invalid' ? undefined : view.typed
    // A field that a link has filled in is not typed.
    const isByHand = view.typed === undefined || this.#options.typedByHand.isTyped(ctx, person)
    const typedMark = isByHand ? this.#options.typedByHand.markFor(person.binding) : undefined
    const context = this.#context(ctx, person, { user_code })
    const html = this.#options.pages.enterCode(context, { ...view, typedMark })
    // Without an attempt left, the page has no such form.
    if (hasAttempts(view)) sendPage(ctx, status, html, POLICY_WITHOUT_FORM_ACTION)
    else sendPage(ctx, status, html)
  }

  /** Sends the front page. */
  showHome(ctx: Context, person: PagePerson): void {
    sendPage(ctx, 200, this.#options.pages.home(this.#context(ctx, person, {}), {}))
  }

  /** Sends the request behind a code, with its two buttons. */
  showConfirm(ctx: Context, status: number, view: ConfirmView, person: PagePerson): void {
    // Another language must not ask for what the person has typed.
    const query = { user_code: view.pending.userCode, typed: view.typedMark }
    const context = this.#context(ctx, person, query)
    sendPage(ctx, status, this.#options.pages.confirm(context, view))
  }

  /** Sends the connected devices. */
  showKeys(ctx: Context, view: KeysView, person: PagePerson): void {
    const context = this.#context(ctx, person, Object.fromEntries(keysFields(view.query ?? {})))
    sendPage(ctx, 200, this.#options.pages.keys(context, view))
  }

  /** Sends the form of the demo sign-in. */
  showSignIn(ctx: Context, status: number, view: SignInView, person: PagePerson): void {
    const context = this.#context(ctx, person, { return_to: view.returnTo })
    sendPage(ctx, status, this.#options.pages.signIn(context, view))
  }

  /** Sends a message. */
  showMessage(ctx: Context, status: number, view: MessageView, person: PagePerson = {}): void {
    const { pages, contact, errorReferenceOf } = this.#options
    const reference = status >= 500 ? errorReferenceOf(ctx) : undefined
    const shown = {
      ...view,
      ...(CONTACT_KINDS.includes(view.kind) ? { contact } : {}),
      ...(reference === undefined ? {} : { reference }),
    }
    const html = pages.message(this.#context(ctx, person, this.#queryOf(ctx, view)), shown)
    // The page of an approval asks for its key until the device has come.
    if (view.kind === 'approved') sendPage(ctx, status, html, POLICY_WITH_FETCH)
    else sendPage(ctx, status, html)
  }

  /**
   * Sends a page that continues at the sign-in provider, by itself or by its link. A redirect would not
   * arrive, because browsers hold redirects after a form to the `form-action` of its page.
   * @param url a URL or path
   */
  showLeaving(ctx: Context, kind: 'signing_out' | 'switching_account', url: string): void {
    this.showMessage(ctx, 200, { kind, retry: url })
    ctx.set('Refresh', `0; url=${url}`)
  }

  /** The time of the pages, epoch milliseconds. */
  now(): number {
    return this.#options.clock.now()
  }

  #queryOf(ctx: Context, { userCode }: MessageView): Readonly<Record<string, string | undefined>> {
    const { notice } = ctx.query
    const isDenial = ctx.path === this.#options.paths.denied && typeof notice === 'string'
    return isDenial ? { notice } : { user_code: userCode }
  }

  /** @param query what opens the page again, besides the path. Absent members are left out. */
  #context(
    ctx: Context,
    { name, binding, canSignOut = false }: PagePerson,
    query: Readonly<Record<string, string | undefined>>,
  ): PageContext {
    const { paths, links, language, csrf, clock } = this.#options
    return {
      locale: language.of(ctx),
      paths: links,
      person: name,
      csrfToken: csrf.tokenFor(binding),
      canSignOut,
      now: clock.now(),
      query: canBeOpenedAgain(ctx, paths) ? queryOf(query) : undefined,
    }
  }
}

/** Whether the address of a request shows its page again. That of a provider's answer works once. */
const canBeOpenedAgain = ({ method, path }: Context, paths: Paths): boolean =>
  /^(GET|HEAD)$/.test(method) && !path.startsWith(`${paths.signIn}/`)

const queryOf = (members: Readonly<Record<string, string | undefined>>): string =>
  new URLSearchParams(
    Object.entries(members).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  ).toString()
