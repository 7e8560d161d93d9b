import type { Context } from 'koa'
import { returnPath } from '../http/return-path.ts'
import { pathParameter } from '../http/route-table.ts'
import type { Paths } from '../paths.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { PageResponses } from './page-responses.ts'

/** The parts of signing in and out. */
export interface SignInRoutesOptions {
  readonly signIn: SignIn
  readonly responses: PageResponses
  /** The paths as a browser sees them. */
  readonly links: Paths
}

/**
 * GET and POST /oauth/device/sign-in: the sign-in method answers. If it has no page here, a GET begins the
 * sign-in, because the page "Sign in again" leads here.
 */
export const signInPage =
  (options: SignInRoutesOptions) =>
  (ctx: Context): Promise<void> => {
    const { signIn, links } = options
    if (signIn.handle || ctx.method === 'POST') return handle(ctx, options, '')
    return signIn.begin(ctx, returnPath(ctx.query['return_to'], links.base, links.verify))
  }

/** GET /oauth/device/sign-in/{rest}: the sign-in method answers. */
export const signInStep =
  (options: SignInRoutesOptions) =>
  (ctx: Context): Promise<void> =>
    handle(ctx, options, pathParameter(ctx, 'rest'))

const handle = async (
  ctx: Context,
  { signIn, responses }: SignInRoutesOptions,
  rest: string,
): Promise<void> => {
  if (signIn.handle) await signIn.handle(ctx, rest)
  else responses.showMessage(ctx, 404, { kind: 'not_found' })
}

/** POST /oauth/device/sign-out: signs out here, and at the provider if the method says where. */
export const signOutForm =
  ({ signIn, responses }: Pick<SignInRoutesOptions, 'signIn' | 'responses'>) =>
  async (ctx: Context): Promise<void> => {
    const url = await signIn.signOut?.(ctx)
    if (url === undefined) return showSignedOut(responses)(ctx)
    responses.showLeaving(ctx, 'signing_out', url)
  }

/** Sends the page "signed out". */
export const showSignedOut =
  (responses: PageResponses) =>
  (ctx: Context): void =>
    responses.showMessage(ctx, 200, { kind: 'signed_out' })
