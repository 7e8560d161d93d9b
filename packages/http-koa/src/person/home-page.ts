import type { Context, Middleware } from 'koa'
import { inOrder } from '../http/in-order.ts'
import type { SignIn } from '../sign-in/sign-in.ts'
import type { PageResponses } from './page-responses.ts'
import { signedInPerson } from './signed-in.ts'
import type { PageSteps } from './steps.ts'

/** The parts of the front page. */
export interface HomePageOptions {
  readonly page: PageSteps['page']
  readonly signIn: SignIn
  readonly responses: PageResponses
}

/** Shows the front page to everyone, signed in or not. */
export const homePage = ({ page, signIn, responses }: HomePageOptions): Middleware =>
  inOrder([
    page,
    async (ctx: Context): Promise<void> =>
      responses.showHome(ctx, (await signedInPerson(ctx, signIn)) ?? {}),
  ])
