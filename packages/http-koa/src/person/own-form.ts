import type { Context, Middleware } from 'koa'
import { inOrder } from '../http/in-order.ts'
import type { Csrf } from '../security/csrf.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { PageResponses } from './page-responses.ts'
import { signedInPerson } from './signed-in.ts'

/** The parts of the checks of a form. */
export interface OwnFormOptions {
  readonly csrf: Csrf
  readonly signIn: SignIn
  readonly responses: PageResponses
  /** Where the link of an error page leads. */
  readonly retryPath: (ctx: Context) => string | undefined
}

/** Lets a posted form pass if it comes from a page of the signed-in person. */
export const ownForm = (options: OwnFormOptions): Middleware =>
  inOrder([formOfOwnPage(options), personOrSessionEnded(options)])

/**
 * Lets a posted form pass if it comes from a page of this router, for a person who may be signed in. It
 * sets `ctx.state.person` if so.
 */
export const formOfOwnPage =
  ({ csrf, signIn, responses, retryPath }: OwnFormOptions): Middleware =>
  async (ctx, next) => {
    const person = await signedInPerson(ctx, signIn)
    const retry = retryPath(ctx)
    if (!csrf.isOwnForm(ctx, person?.binding)) {
      return responses.showMessage(ctx, 403, { kind: 'form_refused', retry }, person)
    }
    ctx.state['person'] = person
    await next()
  }

const personOrSessionEnded =
  ({ responses, retryPath }: OwnFormOptions): Middleware =>
  (ctx, next) =>
    ctx.state['person'] === undefined
      ? responses.showMessage(ctx, 401, { kind: 'session_ended', retry: retryPath(ctx) })
      : next()
