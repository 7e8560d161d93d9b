import type { Middleware } from 'koa'
import { sendProblem } from '../http/problem.ts'
import type { Csrf } from '../security/csrf.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import { signedInPerson } from './signed-in.ts'

/** The parts of the check of a front end's request. */
export interface OwnRequestOptions {
  readonly csrf: Csrf
  readonly signIn: SignIn
}

/** Lets a front end's request pass if its origin is allowed and a person is signed in. */
export const ownRequest =
  ({ csrf, signIn }: OwnRequestOptions): Middleware =>
  async (ctx, next) => {
    if (!csrf.isOwnRequest(ctx))
      return sendProblem(ctx, 403, 'This origin may not answer for people')
    const person = await signedInPerson(ctx, signIn)
    if (!person) return sendProblem(ctx, 401, 'Authentication required')
    ctx.state['person'] = person
    await next()
  }
