import type { Context, Middleware } from 'koa'
import type { Csrf } from '../security/csrf.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { PageResponses } from './page-responses.ts'
import { signedInPerson } from './signed-in.ts'

/** The parts of the check of a form. */
export interface OwnFormOptions {
  readonly csrf: Csrf
  readonly signIn: SignIn
  readonly responses: PageResponses
  /** Where the link of an error page leads. */
  readonly retryPath: (ctx: Context) => string | undefined
}

/** Lets a posted form pass if it comes from a page of the signed-in person. */
export const ownForm =
  ({ csrf, signIn, responses, retryPath }: OwnFormOptions): Middleware =>
  async (ctx, next) => {
    const person = await signedInPerson(ctx, signIn)
    const retry = retryPath(ctx)
    if (!csrf.isOwnForm(ctx, person?.binding)) {
      return responses.showMessage(ctx, 403, { kind: 'form_refused', retry }, person)
    }
    if (!person) return responses.showMessage(ctx, 401, { kind: 'session_ended', retry })
    ctx.state['person'] = person
    await next()
  }
