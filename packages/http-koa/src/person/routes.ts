import type { UseCases } from '@device-grant/core'
import type { Context, Middleware } from 'koa'
import { frontEndCors, readableBy } from '../http/cors.ts'
import type { DescribeAddresses } from '../http/describe-addresses.ts'
import { redirect } from '../http/redirect.ts'
import type { ReportError } from '../http/report-error.ts'
import { type Route, sendMethodNotAllowed } from '../http/route-table.ts'
import { pageOrJson, pageUnlessJson, wantsPage } from '../http/wants-page.ts'
import type { Asset } from '../pages/pages.ts'
import type { Paths } from '../paths.ts'
import type { AddressSet } from '../security/client-address.ts'
import type { Csrf } from '../security/csrf.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import { assetRoute } from './asset-route.ts'
import type { Denials } from './denial.ts'
import { deniedPage } from './denied-page.ts'
import { keyPage, oneKeyJson } from './key-page.ts'
import { keysJson, keysPage } from './list-keys.ts'
import type { Notices } from './notices.ts'
import type { PageLanguage } from './page-language.ts'
import type { PageResponses } from './page-responses.ts'
import { patchKey, renameKeyForm } from './rename-devices.ts'
import { reviewFromBody, reviewFromQuery } from './review.ts'
import { deleteKey, revokeAllForm, revokeKeyForm } from './revoke-keys.ts'
import { signInPage, signInStep } from './sign-in-routes.ts'
import { apiSteps, pageSteps } from './steps.ts'
import { switchAccountForm } from './switch-account.ts'
import type { TrustedClients } from './trusted-clients.ts'
import type { TypedByHand } from './typed-by-hand.ts'
import { verifyAuthenticated } from './verify-authenticated.ts'
import { verifyForm } from './verify-form.ts'
import { verifyPage } from './verify-page.ts'
import type { WayBack } from './way-back.ts'

/** The parts of the routes for people and for front ends. */
export interface PersonRoutesOptions {
  readonly useCases: Pick<
    UseCases,
    | 'reviewUserCode'
    | 'releaseUserCode'
    | 'answerUserCode'
    | 'listApiKeys'
    | 'listDevices'
    | 'readApiKey'
    | 'renameDevice'
    | 'revokeApiKey'
    | 'revokeAllApiKeys'
  >
  readonly signIn: SignIn
  /** The paths as the router sees them. */
  readonly paths: Paths
  /** The paths as a browser sees them. */
  readonly links: Paths
  readonly responses: PageResponses
  readonly language: PageLanguage
  readonly wayBack: WayBack
  readonly typedByHand: TypedByHand
  readonly notices: Notices
  readonly denials: Denials
  readonly describeAddresses: DescribeAddresses
  readonly assets: ReadonlyMap<string, Asset>
  readonly csrf: Csrf
  readonly frontEndOrigins: readonly string[]
  readonly trustedProxies: AddressSet
  readonly trustedClients: TrustedClients
  readonly onError: ReportError
}

/**
 * The rows for people and for front ends, as in `docs/http.md`. The checks of a row stand before its
 * last entry, which throws if none of them has set `ctx.state.person`.
 */
export const personRoutes = (options: PersonRoutesOptions): readonly Route[] => {
  const { paths, links, responses } = options
  const steps = pageSteps(options)
  const { page, form, personOrSignIn, personForCode, personForSearch } = steps
  const { ownForm, formOfOwnPage, signOut } = steps
  const { api, body, personOr401, ownRequest } = apiSteps(options)
  const cors = frontEndCors(options.frontEndOrigins)
  const toVerify: Middleware = (ctx) => redirect(ctx, links.verify + ctx.search)
  const rows: readonly Route[] = [
    {
      path: paths.verify,
      methods: {
        GET: [
          pageUnlessJson({
            html: [page, personForCode, verifyPage(options)],
            json: [readableBy(cors), api, ownRequest, reviewFromQuery(options)],
          }),
        ],
        POST: [page, form, ownForm, verifyForm(options)],
      },
    },
    { path: paths.denied, methods: { GET: [page, personOrSignIn, deniedPage(options)] } },
    // People type these addresses, and some of them end one with a slash.
    { path: `${paths.verify}/`, methods: { GET: [toVerify] } },
    { path: paths.shortVerify, methods: { GET: [toVerify] } },
    { path: `${paths.shortVerify}/`, methods: { GET: [toVerify] } },
    {
      path: paths.review,
      cors,
      methods: { POST: [api, body, ownRequest, reviewFromBody(options)] },
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
            html: [page, personForSearch, keysPage(options)],
            json: [api, personOr401, keysJson(options)],
          }),
        ],
      },
    },
    {
      path: `${paths.keys}/:id`,
      cors,
      methods: {
        GET: [
          pageOrJson({
            html: [page, personOrSignIn, keyPage(options)],
            json: [api, personOr401, oneKeyJson(options)],
          }),
        ],
        DELETE: [api, ownRequest, deleteKey(options)],
        PATCH: [api, body, ownRequest, patchKey(options)],
      },
    },
    {
      path: `${paths.keys}/:id/rename`,
      methods: { POST: [page, form, ownForm, renameKeyForm(options)] },
    },
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
    {
      path: paths.switchAccount,
      methods: { POST: [page, form, formOfOwnPage, switchAccountForm(options)] },
    },
    { path: paths.signOut, methods: { POST: [page, form, ...signOut] } },
    { path: `${paths.assets}/:name`, methods: { GET: [assetRoute(options)] } },
  ]
  const methodNotAllowed = (ctx: Context, allow: string): void => {
    if (wantsPage(ctx)) responses.showMessage(ctx, 405, { kind: 'not_allowed' })
    else sendMethodNotAllowed(ctx, allow)
  }
  return rows.map((row) => ({ ...row, methodNotAllowed }))
}
