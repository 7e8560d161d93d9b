import type { OnError, UseCases } from '@device-grant/core'
import type { Context, Middleware } from 'koa'
import { frontEndCors } from '../http/cors.ts'
import { inOrder } from '../http/in-order.ts'
import { parseBody } from '../http/parse-body.ts'
import { sendProblem } from '../http/problem.ts'
import { type Route, sendMethodNotAllowed } from '../http/route-table.ts'
import { pageOrJson, wantsPage } from '../http/wants-page.ts'
import type { Asset } from '../pages/pages.ts'
import type { Paths } from '../paths.ts'
import type { AddressSet } from '../security/client-address.ts'
import type { Csrf } from '../security/csrf.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import { assetRoute } from './asset-route.ts'
import { keysJson, keysPage } from './list-keys.ts'
import { ownForm } from './own-form.ts'
import { ownRequest } from './own-request.ts'
import { type PageLanguage, rememberLanguage } from './page-language.ts'
import type { PageResponses } from './page-responses.ts'
import { catchApiErrors, catchPageErrors } from './person-errors.ts'
import { createRetryPath } from './retry-path.ts'
import { deleteKey, revokeAllForm, revokeKeyForm } from './revoke-keys.ts'
import { showSignedOut, signInPage, signInStep, signOutForm } from './sign-in-routes.ts'
import { signedIn } from './signed-in.ts'
import type { TrustedClients } from './trusted-clients.ts'
import { verifyAuthenticated } from './verify-authenticated.ts'
import { verifyForm } from './verify-form.ts'
import { verifyPage } from './verify-page.ts'

/** The parts of the routes for people and for front ends. */
export interface PersonRoutesOptions {
  readonly useCases: Pick<
    UseCases,
    'reviewUserCode' | 'answerUserCode' | 'listApiKeys' | 'revokeApiKey' | 'revokeAllApiKeys'
  >
  readonly signIn: SignIn
  /** The paths as the router sees them. */
  readonly paths: Paths
  /** The paths as a browser sees them. */
  readonly links: Paths
  readonly responses: PageResponses
  readonly language: PageLanguage
  readonly assets: ReadonlyMap<string, Asset>
  readonly csrf: Csrf
  readonly frontEndOrigins: readonly string[]
  readonly trustedProxies: AddressSet
  readonly trustedClients: TrustedClients
  readonly onError: OnError
}

/**
 * The rows for people and for front ends, as in `docs/http.md`. Each names its checks: `signedIn`,
 * `ownForm` and `ownRequest` set `ctx.state.person`, without which the last entry throws.
 */
export const personRoutes = (options: PersonRoutesOptions): readonly Route[] => {
  const { paths, responses } = options
  const { page, form, begin, ownForm, signOut } = pageSteps(options)
  const { api, body, authenticated, ownRequest } = apiSteps(options)
  const cors = frontEndCors(options.frontEndOrigins)
  const rows: readonly Route[] = [
    {
      path: paths.verify,
      methods: {
        GET: [page, begin, verifyPage(options)],
        POST: [page, form, ownForm, verifyForm(options)],
      },
    },
    {
      path: paths.verifyAuthenticated,
      cors,
      methods: { POST: [api, body, ownRequest, verifyAuthenticated(options)] },
    },
    {
      path: paths.keys,
      cors,
      methods: {
        GET: [
          pageOrJson({
            html: [page, begin, keysPage(options)],
            json: [api, authenticated, keysJson(options)],
          }),
        ],
      },
    },
    { path: `${paths.keys}/:id`, cors, methods: { DELETE: [api, ownRequest, deleteKey(options)] } },
    {
      path: `${paths.keys}/:id/revoke`,
      methods: { POST: [page, form, ownForm, revokeKeyForm(options)] },
    },
    { path: paths.revokeAll, methods: { POST: [page, form, ownForm, revokeAllForm(options)] } },
    {
      path: paths.signIn,
      methods: { GET: [page, signInPage(options)], POST: [page, form, signInPage(options)] },
    },
    { path: `${paths.signIn}/:rest`, methods: { GET: [page, signInStep(options)] } },
    { path: paths.signOut, methods: { POST: [page, form, ...signOut] } },
    { path: `${paths.assets}/:name`, methods: { GET: [assetRoute(options)] } },
  ]
  const methodNotAllowed = (ctx: Context, allow: string): void => {
    if (wantsPage(ctx)) responses.showMessage(ctx, 405, { kind: 'not_allowed' })
    else sendMethodNotAllowed(ctx, allow)
  }
  return rows.map((row) => ({ ...row, methodNotAllowed }))
}

/** The steps before the last one of a page or a form. */
const pageSteps = (options: PersonRoutesOptions) => {
  const { signIn, responses, language, onError } = options
  const retryPath = createRetryPath(options)
  return {
    page: inOrder([rememberLanguage(language), catchPageErrors(responses, retryPath, onError)]),
    form: parseBody((ctx) =>
      responses.showMessage(ctx, 400, { kind: 'bad_request', retry: retryPath(ctx) }),
    ),
    begin: signedIn(signIn, (ctx) => signIn.begin(ctx, retryPath(ctx))),
    ownForm: ownForm({ ...options, retryPath }),
    signOut: signOutSteps(options),
  }
}

const signOutSteps = (options: PersonRoutesOptions): readonly Middleware[] => {
  const { signIn, responses } = options
  const signedOut = showSignedOut(responses)
  const ownSignOut = ownForm({ ...options, retryPath: () => undefined })
  const lastSteps = signIn.signOut ? [ownSignOut, signOutForm(options)] : [signedOut]
  return [signedIn(signIn, signedOut), ...lastSteps]
}

/** The steps before the last one of a front end's request. */
const apiSteps = (options: PersonRoutesOptions) => ({
  api: catchApiErrors(options.onError),
  body: parseBody((ctx) =>
    sendProblem(ctx, 400, 'The body must be a form or JSON, of 16 KiB at most'),
  ),
  authenticated: signedIn(options.signIn, (ctx) =>
    sendProblem(ctx, 401, 'Authentication required'),
  ),
  ownRequest: ownRequest(options),
})
