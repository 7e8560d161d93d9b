import type { Middleware } from 'koa'
import { inOrder } from '../http/in-order.ts'
import { parseBody } from '../http/parse-body.ts'
import { sendProblem } from '../http/problem.ts'
import type { ReportError } from '../http/report-error.ts'
import type { Paths } from '../paths.ts'
import type { Csrf } from '../security/csrf.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import { formOfOwnPage, ownForm } from './own-form.ts'
import { ownRequest } from './own-request.ts'
import { type PageLanguage, rememberLanguage } from './page-language.ts'
import type { PageResponses } from './page-responses.ts'
import { isOpenedByPage, isPageView } from './page-view.ts'
import { catchApiErrors, catchPageErrors } from './person-errors.ts'
import { createRetryPath } from './retry-path.ts'
import { showSignedOut, signOutForm } from './sign-in-routes.ts'
import { signedIn } from './signed-in.ts'
import { typedCode } from './typed-code.ts'
import type { WayBack } from './way-back.ts'

/** The parts of the steps. */
export interface StepsOptions {
  readonly signIn: SignIn
  readonly csrf: Csrf
  readonly paths: Paths
  readonly links: Paths
  readonly responses: PageResponses
  readonly language: PageLanguage
  readonly wayBack: WayBack
  readonly onError: ReportError
}

/** What the rows of pages and forms have in common. */
export interface PageSteps {
  /** Remembers the language and turns errors into pages. Comes first. */
  readonly page: Middleware
  /** Parses a posted form. */
  readonly form: Middleware
  /** Sets `ctx.state.person`, or sends the browser to sign in. */
  readonly personOrSignIn: Middleware
  /** The same for a code. The way back from the sign-in opens it as the person did. */
  readonly personForCode: Middleware
  /**
   * The same for the list of devices. Browsers hold redirects of its search form to `form-action`, so a page
   * says that the session has ended.
   */
  readonly personForSearch: Middleware
  /** Sets `ctx.state.person` if the form comes from a page of the signed-in person. */
  readonly ownForm: Middleware
  /** The same, but a person need not be signed in. */
  readonly formOfOwnPage: Middleware
  /** All steps of signing out. */
  readonly signOut: readonly Middleware[]
}

/** Makes the steps of pages and forms. */
export const pageSteps = (options: StepsOptions): PageSteps => {
  const { signIn, responses, language, wayBack, onError } = options
  const retryPath = createRetryPath(options)
  return {
    page: inOrder([rememberLanguage(language), catchPageErrors(responses, retryPath, onError)]),
    form: parseBody((ctx) =>
      responses.showMessage(ctx, 400, { kind: 'bad_request', retry: retryPath(ctx) }),
    ),
    personOrSignIn: signedIn(signIn, (ctx) => signIn.begin(ctx, retryPath(ctx))),
    personForCode: signedIn(signIn, async (ctx) => {
      const typed = typedCode(ctx.query['user_code'])
      const isOpened = typed !== undefined && isPageView(ctx) && !isOpenedByPage(ctx)
      // Without a session, no mark of a typed code can be checked, but that of an earlier way back can.
      const before = isOpened ? await wayBack.take(ctx, typed) : undefined
      if (isOpened) await wayBack.remember(ctx, typed, before?.isTyped ?? false)
      return signIn.begin(ctx, retryPath(ctx))
    }),
    personForSearch: signedIn(signIn, (ctx) =>
      ctx.query['q'] === undefined
        ? signIn.begin(ctx, retryPath(ctx))
        : responses.showMessage(ctx, 401, { kind: 'session_ended', retry: retryPath(ctx) }),
    ),
    ownForm: ownForm({ ...options, retryPath }),
    formOfOwnPage: formOfOwnPage({ ...options, retryPath }),
    signOut: signOutSteps(options),
  }
}

/** A request without a session is signed out already. */
const signOutSteps = (options: StepsOptions): readonly Middleware[] => {
  const { signIn, responses } = options
  const signedOut = showSignedOut(responses)
  const ownSignOut = ownForm({ ...options, retryPath: () => undefined })
  const lastSteps = signIn.signOut ? [ownSignOut, signOutForm(options)] : [signedOut]
  return [signedIn(signIn, signedOut), ...lastSteps]
}

/** What the rows of a front end have in common. */
export interface ApiSteps {
  /** Turns errors into problem documents. Comes first. */
  readonly api: Middleware
  /** Parses a form or a JSON object. */
  readonly body: Middleware
  /** Sets `ctx.state.person`, or sends status 401. */
  readonly personOr401: Middleware
  /** Sets `ctx.state.person` if the origin is allowed and a person is signed in. */
  readonly ownRequest: Middleware
}

/** Makes the steps of a front end's requests. */
export const apiSteps = (options: StepsOptions): ApiSteps => ({
  api: catchApiErrors(options.onError),
  body: parseBody((ctx, problem) => sendProblem(ctx, 400, problem)),
  personOr401: signedIn(options.signIn, (ctx) => sendProblem(ctx, 401, 'Authentication required')),
  ownRequest: ownRequest(options),
})
