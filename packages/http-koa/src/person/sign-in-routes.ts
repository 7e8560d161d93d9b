import type { Context } from 'koa'
import { pathParameter } from '../http/route-table.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { PageResponses } from './page-responses.ts'

/** The parts of signing in and out. */
export interface SignInRoutesOptions {
  readonly signIn: SignIn
  readonly responses: PageResponses
}

/** GET and POST /oauth/device/sign-in: the sign-in method answers. */
export const signInPage =
  (options: SignInRoutesOptions) =>
  (ctx: Context): Promise<void> =>
    handle(ctx, options, '')

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
  ({ signIn, responses }: SignInRoutesOptions) =>
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
