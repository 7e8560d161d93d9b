import type { Context, Middleware, ParameterizedContext } from 'koa'
import { checkPerson, type Person } from '../sign-in/person.ts'
import type { SignIn } from '../sign-in/sign-in.ts'

/** The person of a request, and whether the sign-in method can sign them out. */
export interface SignedInPerson extends Person {
  readonly canSignOut: boolean
}

/** The context behind `signedIn`, `ownForm` and `ownRequest`. All three set `ctx.state.person`. */
export type PersonContext = ParameterizedContext<{ person: SignedInPerson }>

/** Lets a request pass if a person is signed in. Else `otherwise` sends the response. */
export const signedIn =
  (signIn: SignIn, otherwise: (ctx: Context) => void | Promise<void>): Middleware =>
  async (ctx, next) => {
    const person = await signedInPerson(ctx, signIn)
    if (!person) return otherwise(ctx)
    ctx.state['person'] = person
    await next()
  }

/**
 * The person of a request, or `undefined` if no person is signed in.
 * @throws {TypeError} if the sign-in method returned no valid person
 */
export const signedInPerson = async (
  ctx: Context,
  signIn: SignIn,
): Promise<SignedInPerson | undefined> => {
  const person = checkPerson(await signIn.person(ctx))
  return person && { ...person, canSignOut: signIn.signOut !== undefined }
}
